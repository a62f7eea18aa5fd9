import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** Runs a test with a new directory that is removed afterwards. */
export const inDirectory = (test: (directory: string) => Promise<void>) => async () => {
  const directory = mkdtempSync(join(tmpdir(), 'chancery-'));
  try {
    await test(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

/** A process of `store-process.ts`: the lines it prints, parsed, and how to talk to it and end it. */
export const storeProcess = (mode: 'hold' | 'append', path: string, seed = '1') => {
  const script = join(__dirname, 'store-process.ts');
  const child: ChildProcess = spawn(process.execPath, [script, mode, path, seed], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
  return {
    pid: child.pid!,
    /** The next line; undefined: it has ended. */
    next: async (): Promise<Record<string, unknown> | undefined> => {
      const { value, done } = await lines.next();
      return done === true ? undefined : JSON.parse(value);
    },
    tell: (line: string) => child.stdin!.write(`${line}\n`),
    end: async () => {
      child.stdin!.end();
      await exited;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};
