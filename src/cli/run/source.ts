import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CliError, exitCodes, reasonOf } from '../exit-codes.ts';

/** A command file: its digest, by which a run knows it again, and its bytes. */
export type Source = {
  readonly name: string;
  readonly digest: string;
  readonly read: () => AsyncIterable<Uint8Array>;
  readonly dispose: () => void;
};

const unreadable = (name: string, cause: unknown): CliError =>
  new CliError(`cannot read ${name}: ${reasonOf(cause)}`, exitCodes.wrongUsage);

const digestOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
};

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path)) yield Buffer.from(chunk);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

const fileSource = async (path: string): Promise<Source> => ({
  name: path,
  digest: await digestOf(path),
  read: () => bytesOf(path),
  dispose: () => undefined,
});

/** What can be read but once is kept in a temporary file first, so that it has a digest before its first line is run. */
const keptSource = async (name: string, input: Readable): Promise<Source> => {
  const directory = mkdtempSync(join(tmpdir(), 'chancery-'));
  const dispose = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    const path = join(directory, 'input.jsonl');
    await pipeline(input, createWriteStream(path));
    return { ...(await fileSource(path)), name, dispose };
  } catch (cause) {
    dispose();
    throw cause;
  }
};

const opened = (path: string, input: Readable): Promise<Source> => {
  if (path === '-') return keptSource('standard input', input);
  const found = statSync(path);
  if (found.isDirectory()) throw new Error('it is a directory; name a file of JSON lines');
  return found.isFile() ? fileSource(path) : keptSource(path, createReadStream(path));
};

/** The source that a path names; `-` is standard input, a pipe is read to its end first. Rejects with `CliError`. */
export const sourceOf = async (path: string, input: Readable): Promise<Source> => {
  try {
    return await opened(path, input);
  } catch (cause) {
    throw unreadable(path, cause);
  }
};
