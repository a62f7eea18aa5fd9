import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type Database from 'better-sqlite3';
import { E, type TE } from '../../engine/fp.ts';
import type { StoreFailure } from '../../engine/store.ts';
import { connectReader, locate, syncDirectory } from './connection.ts';
import { attempt, unavailable } from './failures.ts';

const sync = (path: string): void => {
  const descriptor = openSync(path, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

/** Under another name first, so that half a copy never stands under this one. */
const copyTo = (db: Database.Database, target: string): void => {
  const part = `${target}.part`;
  try {
    rmSync(part, { force: true });
    db.prepare<[string]>('VACUUM INTO ?').run(part);
    sync(part);
    renameSync(part, target);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
  syncDirectory(dirname(target));
};

/**
 * Copies a store, also one that a running process writes, into a new file that opens as a store: one consistent state of log and rows.
 * The copy stands under its name only when it is whole and on the disk. It runs in one go: meant for a process of its own.
 */
export const backupStore =
  (path: string, target: string): TE.TaskEither<StoreFailure, void> =>
  async () => {
    const to = resolve(target);
    if (existsSync(to)) return E.left(unavailable(target, 'it exists already', 'name a new file'));
    const source = attempt(path, () => connectReader(locate(path, true)));
    if (E.isLeft(source)) return source;
    const copied = attempt(target, () => copyTo(source.right, to));
    source.right.close();
    return copied;
  };
