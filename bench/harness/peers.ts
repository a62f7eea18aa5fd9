import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Installs the peers, once. Without them their rows say why they were not run; all others are measured. */
export const installPeers = (directory: string): void => {
  if (existsSync(join(directory, 'node_modules'))) return;
  console.error('Installing the peers into bench/node_modules (once; SQLite for one is compiled).');
  const { status } = spawnSync('npm', ['ci', '--prefix', directory], {
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) console.error('npm ci has failed: rows of peers will not be run.');
};
