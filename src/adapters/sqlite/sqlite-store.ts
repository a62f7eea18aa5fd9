import type Database from 'better-sqlite3';
import type { OpenStore, Store } from '../../engine/rows.ts';
import { bell, type Bell } from '../paged-subscription.ts';
import { connectReader, connectRows, connectWriter, locate } from './connection.ts';
import { sqliteEvents } from './events.ts';
import { identityOf } from './file-identity.ts';
import { attempt } from './failures.ts';
import { lifecycle, opening } from './lifecycle.ts';
import { acquireLock } from './lock.ts';
import { sqliteRows } from './rows.ts';
import { tailOf } from './tail.ts';
import { createWriter } from './writer.ts';

/** How often a store that another process writes is asked for news, while somebody waits for them. */
const POLL_MS = 200;

const lastPosition = (db: Database.Database): number =>
  db.prepare<[], { head: number | null }>('SELECT max(position) AS head FROM events').get()?.head ??
  0;

const openWriter = (path: string): OpenStore =>
  opening((undo) => {
    const lock = acquireLock(path);
    undo(lock.release);
    const db = connectWriter(path);
    undo(() => db.close());
    const rowsDb = connectRows(path);
    undo(() => rowsDb.close());
    const { refusal, close } = lifecycle(path, false);
    const appended = bell();
    const tail = tailOf(lastPosition(db));
    const isThere = identityOf(path);
    const writer = createWriter({ db, path, tail, onCommit: appended.ring, isThere });
    const writing = { writer, tail };
    return {
      events: sqliteEvents({ db, path, writing, refusal, more: appended.next }),
      rows: sqliteRows(rowsDb, path, refusal),
      close: close([
        writer.flush,
        appended.ring,
        () => rowsDb.close(),
        () => db.close(), // the last connection puts the WAL into the file
        lock.release,
      ]),
    };
  });

/** Waits for the next look at a file that another process writes, or for the end. */
const nextLook =
  (looks: Bell) =>
  async (signal: AbortSignal): Promise<void> => {
    const timer = setTimeout(looks.ring, POLL_MS);
    await looks.next(signal);
    clearTimeout(timer);
  };

const openReader = (path: string): OpenStore =>
  opening((undo) => {
    const db = connectReader(path);
    undo(() => db.close());
    const { refusal, close } = lifecycle(path, true);
    const looks = bell();
    return {
      events: sqliteEvents({ db, path, writing: undefined, refusal, more: nextLook(looks) }),
      rows: sqliteRows(db, path, refusal),
      close: close([looks.ring, () => db.close()]),
    };
  });

/**
 * The embedded store: one SQLite file for the log and the read models, with `<path>.lock` beside it. Opened for writing it creates the
 * directory and the file, or brings an older file up to date; opened read-only it reads beside a running writer.
 */
export const sqliteStore = (path: string): Store => ({
  name: path,
  durable: true,
  open:
    ({ readOnly }) =>
    async () =>
      attempt(path, () => {
        const file = locate(path, readOnly);
        return readOnly ? openReader(file) : openWriter(file);
      }),
});
