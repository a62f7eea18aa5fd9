import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CliError, exitCodes } from '../exit-codes.ts';

/** A command file: its digest, by which a run knows it again, and its bytes. */
export type Source = {
  readonly name: string;
  readonly digest: string;
  readonly open: () => Readable;
  readonly dispose: () => void;
};

const unreadable = (name: string, cause: unknown): CliError => {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CliError(`cannot read ${name}: ${reason}`, exitCodes.wrongUsage);
};

const digestOf = async (path: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
};

const fileSource = async (path: string): Promise<Source> => {
  try {
    if (statSync(path).isDirectory())
      throw new Error('it is a directory; name a file of JSON lines');
    const digest = await digestOf(path);
    return { name: path, digest, open: () => createReadStream(path), dispose: () => undefined };
  } catch (cause) {
    throw unreadable(path, cause);
  }
};

/** Standard input is kept in a temporary file first, so that it has a digest before its first line is run. */
const inputSource = async (input: Readable): Promise<Source> => {
  const directory = mkdtempSync(join(tmpdir(), 'chancery-'));
  const path = join(directory, 'input.jsonl');
  await pipeline(input, createWriteStream(path));
  const { digest, open } = await fileSource(path);
  return {
    name: 'standard input',
    digest,
    open,
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  };
};

/** The source that a path names; `-` is standard input. */
export const sourceOf = (path: string, input: Readable): Promise<Source> =>
  path === '-' ? inputSource(input) : fileSource(path);
