import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Run } from './row.ts';

/** A new directory for one run. */
export const runDirectory = (parent = tmpdir()): string =>
  mkdtempSync(join(parent, 'chancery-bench-'));

export const removeDirectory = (directory: string): void =>
  rmSync(directory, { recursive: true, force: true });

let made = 0;

/** The path of a file that does not exist yet. */
export const freshFile = ({ directory }: Run, name: string): string => {
  made += 1;
  return join(directory, `${name}-${made}.db`);
};

/** Removes an SQLite file with all that lies beside it. */
export const removeFile = (path: string): void => {
  for (const end of ['', '-wal', '-shm', '.lock', '.lock-journal']) {
    rmSync(`${path}${end}`, { force: true });
  }
};
