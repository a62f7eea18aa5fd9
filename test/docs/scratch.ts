import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { root } from './markdown.ts';

/** A directory of a test's own, in which programs run as a reader would run them. */
export type Scratch = {
  readonly path: string;
  readonly write: (file: string, text: string) => void;
  /** What a command line prints, once it has ended with one of the exit codes given. */
  readonly run: (command: string, exitCodes?: readonly number[]) => string;
  readonly remove: () => void;
};

/** `npx` is what a reader types to use what is installed; here it is on the path already. */
const withoutNpx = (command: string): string =>
  command.replaceAll(/(^|\s)npx (?=chancery |node )/gu, '$1');

export const scratch = (): Scratch => {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'chancery-docs-')));
  const bin = join(path, '.bin');
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    writeFileSync(join(path, file), text);
  };
  write('.bin/chancery', `#!/bin/sh\nexec node "${root}/src/main.ts" "$@"\n`);
  chmodSync(join(bin, 'chancery'), 0o755);
  const tools = [bin, dirname(process.execPath), join(root, 'node_modules', '.bin')];
  const env = { ...process.env, PATH: [...tools, process.env['PATH']].join(delimiter) };
  return {
    path,
    write,
    run: (command, exitCodes = [0]) => {
      const options = { cwd: path, env, encoding: 'utf8' } as const;
      const { status, stdout, stderr } = spawnSync('sh', ['-c', withoutNpx(command)], options);
      if (status !== null && exitCodes.includes(status)) return stdout;
      throw new Error(`${command}: exit code ${status}\n${stdout}\n${stderr}`);
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
};
