import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { E } from '../../engine/fp.ts';
import type { OpenStore, Origin, RowStore } from '../../engine/rows.ts';
import { StoreFailed, type StoreFailure } from '../../engine/store.ts';
import { connectReader, connectRowsFile, locate } from './connection.ts';
import { attempt, unavailable } from './failures.ts';
import { lifecycle, opening } from './lifecycle.ts';
import { acquireLock } from './lock.ts';
import { sqliteRows } from './rows.ts';
import { ROWS_FILE, migrate } from './schema.ts';

/** Rows whose log lies elsewhere, open. */
export type RowsFile = {
  readonly rows: RowStore;
  readonly bind: NonNullable<OpenStore['bind']>;
  readonly close: () => Promise<void>;
};

const KEYS = ['instance', 'log', 'position', 'hash'] as const;

/** Which log the rows of a file are of; undefined: of none yet. */
const originOf = (db: Database.Database): Origin | undefined => {
  const get = db.prepare<[string], { value: string }>('SELECT value FROM meta WHERE key = ?');
  const [instance, log, position, hash] = KEYS.map((key) => get.get(key)?.value);
  const isWhole = instance !== undefined && log !== undefined;
  if (!isWhole || position === undefined || hash === undefined) return undefined;
  return { instance, log, position, hash };
};

const describe = ({ instance, log }: Origin): string => `instance ${instance} in ${log}`;

/** The failure of rows that were built from another log than this. */
const ofAnother = (path: string, found: Origin, wanted: Origin): StoreFailure =>
  unavailable(
    path,
    `its rows are of ${describe(found)}, and not of ${describe(wanted)}`,
    'name another directory for the data, or remove this file: its rows are built anew from the log',
  );

/** The failure of rows that only a writer can build anew. */
const ofAnEarlier = (path: string): StoreFailure =>
  unavailable(
    path,
    'its rows are of an earlier log of the same name',
    'open it once for writing: then they are built anew from the log',
  );

/** Rows of a log that is no more are not mended: they go, with all that was remembered of it. */
const begin = (db: Database.Database) => {
  const put = db.prepare<[string, string]>('INSERT OR REPLACE INTO meta VALUES (?, ?)');
  return db.transaction((origin: Origin): void => {
    db.exec('DELETE FROM rows; DELETE FROM row_index; DELETE FROM checkpoints');
    for (const key of KEYS) put.run(key, origin[key]);
  });
};

const binder =
  (db: Database.Database, path: string, readOnly: boolean): RowsFile['bind'] =>
  (wanted) =>
    attempt(path, () => {
      const found = originOf(db);
      if (found !== undefined) {
        const isSame = found.instance === wanted.instance && found.log === wanted.log;
        if (!isSame) throw new StoreFailed(ofAnother(path, found, wanted));
        if (found.position === wanted.position && found.hash === wanted.hash) return;
        if (readOnly) throw new StoreFailed(ofAnEarlier(path));
      }
      if (!readOnly) begin(db).immediate(wanted);
    });

const openWriter = (path: string): RowsFile =>
  opening((undo) => {
    const lock = acquireLock(path);
    undo(lock.release);
    const db = connectRowsFile(path);
    undo(() => db.close());
    const { refusal, close } = lifecycle(path, false);
    return {
      rows: sqliteRows(db, path, refusal),
      bind: binder(db, path, false),
      close: close([() => db.close(), lock.release]),
    };
  });

/** Rows that nobody has built yet: none, in memory. */
const noRows = (path: string): Database.Database => {
  const db = new Database(':memory:');
  migrate(db, path, ROWS_FILE);
  db.pragma('query_only = ON');
  return db;
};

/** A connection that reads a file of rows; one that is not there is one without rows. */
export const connectRowsReader = (path: string): Database.Database =>
  existsSync(path) ? connectReader(locate(path, true), ROWS_FILE) : noRows(path);

const reader = (db: Database.Database, path: string): RowsFile => {
  const { refusal, close } = lifecycle(path, true);
  return {
    rows: sqliteRows(db, path, refusal),
    bind: binder(db, path, true),
    close: close([() => db.close()]),
  };
};

const openReader = (path: string): RowsFile =>
  opening((undo) => {
    const db = connectRowsReader(path);
    undo(() => db.close());
    return reader(db, path);
  });

/** No rows, for who needs none: they are read as if nothing had been built. */
export const noRowsFile = (): RowsFile => reader(noRows(':memory:'), ':memory:');

/**
 * Opens the rows of a log that lies elsewhere: one SQLite file, with `<path>.lock` beside it. A writer creates the directory and the
 * file; a reader takes a file that is not there for one without rows.
 */
export const openRowsFile = (path: string, readOnly: boolean): E.Either<StoreFailure, RowsFile> =>
  attempt(path, () => (readOnly ? openReader(path) : openWriter(locate(path, false))));
