import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as t from 'io-ts';
import type { Anchor, Anchored, AnchorFailure } from '../domain/shared/anchor.ts';
import { E, type TE } from '../engine/fp.ts';
import { parsedJson } from '../engine/json.ts';
import { syncDirectory } from './sqlite/connection.ts';

const Line = t.strict({
  instance: t.string,
  size: t.number,
  root: t.string,
  instant: t.number,
  keyId: t.string,
  signature: t.string,
});

const unavailable = (path: string, reason: string, remedy: string): AnchorFailure => ({
  type: 'AnchorUnavailable',
  anchor: path,
  reason,
  remedy,
});

const reasonOf = (cause: unknown): string =>
  cause instanceof Error ? cause.message : String(cause);

/** Appends a line and returns once it is on the disk. */
const appended = async (path: string, line: string): Promise<void> => {
  const file = await open(path, 'a');
  try {
    await file.appendFile(line);
    await file.sync();
  } finally {
    await file.close();
  }
  syncDirectory(dirname(path));
};

/** A file to which checkpoints are appended, one JSON line each; worth something where the owner of the log cannot rewrite it. */
export const fileAnchor = (path: string): Anchor => ({
  describe: () => `file ${path}`,
  publish: (checkpoint) => async () => {
    const { instance, size, root, instant, keyId, signature } = checkpoint;
    const line = `${JSON.stringify({ instance, size, root, instant, keyId, signature })}\n`;
    return appended(path, line).then(
      () => E.right(undefined),
      (cause: unknown) =>
        E.left(unavailable(path, reasonOf(cause), 'name a file that this user may append to')),
    );
  },
});

/** The checkpoints in an anchor's file. A last line that was cut short, as a crash leaves it, is passed over. */
export const readAnchorFile =
  (path: string): TE.TaskEither<AnchorFailure, readonly Anchored[]> =>
  async () => {
    const read = await readFile(path, 'utf8').then(E.right, (cause: unknown) =>
      E.left(unavailable(path, reasonOf(cause), 'name a file that an anchor has written')),
    );
    if (E.isLeft(read)) return read;
    const lines = read.right.split('\n').slice(0, -1);
    const found: Anchored[] = [];
    for (const [index, line] of lines.entries()) {
      const decoded = Line.decode(parsedJson(line));
      if (E.isLeft(decoded)) {
        const reason = `line ${index + 1} is no checkpoint`;
        return E.left(unavailable(path, reason, 'restore the file from a copy'));
      }
      found.push(decoded.right);
    }
    return E.right(found);
  };
