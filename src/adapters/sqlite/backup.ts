import { closeSync, existsSync, fsyncSync, openSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type Database from 'better-sqlite3';
import { E, type TE } from '../../engine/fp.ts';
import { StoreFailed, type StoreFailure } from '../../engine/store.ts';
import { connectReader, locate, syncDirectory } from './connection.ts';
import { attempt, codeOf, unavailable } from './failures.ts';
import { partOf, publish } from './part-file.ts';

const sync = (path: string): void => {
  const descriptor = openSync(path, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

const taken = (target: string): StoreFailure =>
  unavailable(target, 'it exists already', 'name a new file');

/** Under another name first, so that half a copy never stands under this one. */
const copyTo = (db: Database.Database, target: string): void => {
  const part = partOf(target);
  try {
    db.prepare<[string]>('VACUUM INTO ?').run(part);
    sync(part);
    publish(part, target);
  } catch (error) {
    throw codeOf(error) === 'EEXIST' ? new StoreFailed(taken(target)) : error;
  } finally {
    for (const suffix of ['', '-journal']) rmSync(`${part}${suffix}`, { force: true });
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
    if (existsSync(to)) return E.left(taken(target));
    const source = attempt(path, () => connectReader(locate(path, true)));
    if (E.isLeft(source)) return source;
    const copied = attempt(target, () => copyTo(source.right, to));
    source.right.close();
    return copied;
  };
