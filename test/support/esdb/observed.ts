import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { ObservedCase } from './replay/case.ts';

const root = resolve(__dirname, '..', '..', '..');
const directory = join(root, 'test', 'esdb-observed', 'cases');
const program = join(__dirname, 'replay-process.ts');

const files = readdirSync(directory)
  .filter((file) => file.endsWith('.json'))
  .toSorted()
  .map((file) => join(directory, file));

/** The recorded cases, by file name. */
export const observedCases: readonly ObservedCase[] = files.map((file): ObservedCase =>
  JSON.parse(readFileSync(file, 'utf8')),
);

/** The version of the server that every case was recorded with. */
export const RECORDED_VERSION = '23.10.8';

type Replayed = { readonly name: string; readonly answers: readonly unknown[] };

/** Replays every case against a server, in another process, and gives the answers by the name of the case. */
export const replayed = async (
  connectionString: string,
): Promise<ReadonlyMap<string, readonly unknown[]>> => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [program, connectionString, ...files],
    { cwd: root, maxBuffer: 64 * 1024 * 1024 },
  );
  const lines = stdout.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const { name, answers }: Replayed = JSON.parse(line);
      return [name, answers];
    }),
  );
};
