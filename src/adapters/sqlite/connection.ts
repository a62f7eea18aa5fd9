import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { StoreFailed } from '../../engine/store.ts';
import { corrupt, unavailable } from './failures.ts';
import { ROWS_FILE, STORE_FILE, checkCurrent, migrate, type FileKind } from './schema.ts';

const BUSY_TIMEOUT_MS = 10_000;
const CACHE_KIB = 32 * 1024;
const CHECKPOINT_PAGES = 2_000;
const SYNCHRONOUS = { NORMAL: 1, FULL: 2 } as const;

/** Makes what was created or renamed in a directory survive power loss. */
export const syncDirectory = (directory: string): void => {
  if (process.platform === 'win32') return;
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

/** Creates the directory of the file; each new one is synced into its parent, so that power loss cannot take it with all in it. */
const makeDirectory = (directory: string): void => {
  const first = mkdirSync(directory, { recursive: true });
  if (first === undefined) return;
  const last = resolve(first);
  for (let made = resolve(directory); ; made = dirname(made)) {
    syncDirectory(dirname(made));
    if (made === last || made === dirname(made)) return;
  }
};

/** The real path of a store's file, so that two names of one file have one lock. Throws file system errors and `StoreFailed`. */
export const locate = (path: string, readOnly: boolean): string => {
  const wanted = resolve(path);
  if (existsSync(wanted)) {
    if (!statSync(wanted).isDirectory()) return realpathSync(wanted);
    throw new StoreFailed(unavailable(path, 'it is a directory', 'name a file'));
  }
  if (readOnly) {
    throw new StoreFailed(unavailable(path, 'no such file', 'name the file of a store'));
  }
  makeDirectory(dirname(wanted));
  return join(realpathSync(dirname(wanted)), basename(wanted));
};

const setWal = (db: Database.Database, path: string): void => {
  const mode = db.pragma('journal_mode = WAL', { simple: true });
  if (mode === 'wal') return;
  const reason = `its journal mode stays ${String(mode)} and does not become WAL`;
  throw new StoreFailed(unavailable(path, reason, 'put the data on a local disk'));
};

/** Asks for a level of durability and reads back that it is in force. */
const setSynchronous = (
  db: Database.Database,
  path: string,
  level: keyof typeof SYNCHRONOUS,
): void => {
  db.pragma(`synchronous = ${level}`);
  const found = Number(db.pragma('synchronous', { simple: true }));
  if (found === SYNCHRONOUS[level]) return;
  const reason = `synchronous is ${found} and not ${level}`;
  throw new StoreFailed(unavailable(path, reason, 'use the SQLite that chancery installs'));
};

/** Pages that a connection keeps in memory, and pages in the WAL before they are put into the file. */
const tune = (db: Database.Database): void => {
  db.pragma(`cache_size = ${-CACHE_KIB}`);
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
};

const closing = <T>(db: Database.Database, work: () => T): T => {
  try {
    return work();
  } catch (error) {
    db.close();
    throw error;
  }
};

/** A database has a page of at least 512 bytes; SQLite takes less for a new one, and forgets what lies in the log beside it. */
const LEAST_BYTES = 512;

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** Refuses a file that was cut to so little that it would be begun anew. */
const refuseCut = (path: string, remedy?: string): void => {
  const size = sizeOf(path);
  if (size >= LEAST_BYTES || (size === 0 && sizeOf(`${path}-wal`) === 0)) return;
  throw new StoreFailed(corrupt(path, `the file was cut to ${size} bytes`, remedy));
};

/** The connection that writes events: every commit is on the disk before it is answered. Creates or migrates the file. */
export const connectWriter = (path: string): Database.Database => {
  refuseCut(path);
  const db = new Database(path, { timeout: BUSY_TIMEOUT_MS });
  return closing(db, () => {
    migrate(db, path);
    setWal(db, path);
    setSynchronous(db, path, 'FULL');
    tune(db);
    return db;
  });
};

/**
 * The connection that writes rows. Its commits wait for no disk: they lie in the same WAL behind the events that they show, so that a
 * power loss may take rows but never leaves a row without its event.
 */
export const connectRows = (path: string): Database.Database => {
  const db = new Database(path, { timeout: BUSY_TIMEOUT_MS, fileMustExist: true });
  return closing(db, () => {
    setWal(db, path);
    setSynchronous(db, path, 'NORMAL');
    tune(db);
    return db;
  });
};

/** The connection that writes a file of rows whose log lies elsewhere. Creates or migrates the file. */
export const connectRowsFile = (path: string): Database.Database => {
  refuseCut(path, 'remove it with the files beside it: its rows are built anew from the log');
  const db = new Database(path, { timeout: BUSY_TIMEOUT_MS });
  return closing(db, () => {
    migrate(db, path, ROWS_FILE);
    setWal(db, path);
    setSynchronous(db, path, 'NORMAL');
    tune(db);
    return db;
  });
};

/** A connection that reads beside a running writer, or where there is none. */
export const connectReader = (path: string, kind: FileKind = STORE_FILE): Database.Database => {
  const db = new Database(path, { timeout: BUSY_TIMEOUT_MS, fileMustExist: true, readonly: true });
  return closing(db, () => {
    checkCurrent(db, path, kind);
    return db;
  });
};
