import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A server for one row: the one that `ESDB_URL` names, or the stand-in, in memory, in a process of its own. */
export type BenchServer = {
  readonly url: string;
  /** What it is, for the reader of the number. */
  readonly what: string;
  readonly close: () => void;
};

const script = join(import.meta.dirname, '..', '..', 'test', 'support', 'esdb', 'serve.ts');

export const openServer = async (): Promise<BenchServer> => {
  const named = process.env['ESDB_URL'];
  if (named !== undefined) {
    return { url: named, what: 'the server of ESDB_URL', close: () => undefined };
  }
  const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { value: url } = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
  if (typeof url !== 'string') throw new Error('the stand-in has ended before it served');
  return { url, what: 'the stand-in, in memory', close: () => void child.kill() };
};
