import type Database from 'better-sqlite3';
import { E } from '../../engine/fp.ts';
import type { OpenStore, Store } from '../../engine/rows.ts';
import type { StoreFailure } from '../../engine/store.ts';
import { bell, type Bell } from '../paged-subscription.ts';
import { connectReader, connectRows, connectWriter, locate } from './connection.ts';
import { sqliteEvents } from './events.ts';
import { identityOf } from './file-identity.ts';
import { attempt, unavailable } from './failures.ts';
import { acquireLock } from './lock.ts';
import { sqliteRows } from './rows.ts';
import { tailOf } from './tail.ts';
import { createWriter } from './writer.ts';

/** How often a store that another process writes is asked for news, while somebody waits for them. */
const POLL_MS = 200;

type Refusal = (writes: boolean) => StoreFailure | undefined;

/** Closes what was opened, last first, when a later step of opening fails. */
const opening = <T>(work: (undo: (step: () => void) => void) => T): T => {
  const steps: (() => void)[] = [];
  try {
    return work((step) => steps.unshift(step));
  } catch (error) {
    for (const step of steps) step();
    throw error;
  }
};

const lastPosition = (db: Database.Database): number =>
  db.prepare<[], { head: number | null }>('SELECT max(position) AS head FROM events').get()?.head ??
  0;

const lifecycle = (path: string, readOnly: boolean) => {
  let isClosed = false;
  const refusal: Refusal = (writes) => {
    if (isClosed) return { type: 'StoreClosed', path };
    if (!writes || !readOnly) return undefined;
    return unavailable(path, 'it was opened read-only', 'open it for writing');
  };
  /** Runs the closing steps once, each of them whatever becomes of the others; rejects with what failed first. */
  const close = (steps: readonly (() => void)[]) => async () => {
    if (isClosed) return;
    isClosed = true;
    const done = steps.map((step) => E.tryCatch(step, (cause) => cause));
    for (const each of done) if (E.isLeft(each)) throw each.left;
  };
  return { refusal, close };
};

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
