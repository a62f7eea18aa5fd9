import { hostname } from 'node:os';
import Database from 'better-sqlite3';
import { StoreFailed } from '../../engine/store.ts';

/** A held lock. */
export type Lock = { readonly release: () => void };

type Holder = { readonly pid: number; readonly host: string; readonly since: string };

const TRIES = 20;
const REMEDY = 'end that process, or open the store read-only';

const isBusy = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'code' in error &&
  String(error.code).startsWith('SQLITE_BUSY');

const CREATE = `CREATE TABLE IF NOT EXISTS holder (
  one INTEGER PRIMARY KEY CHECK (one = 1), pid INTEGER NOT NULL, host TEXT NOT NULL, since TEXT NOT NULL, nonce TEXT NOT NULL)`;

const holderOf = (db: Database.Database): string => {
  try {
    const row = db.prepare<[], Holder>('SELECT pid, host, since FROM holder').get();
    if (row !== undefined) return `process ${row.pid} on ${row.host} since ${row.since}`;
  } catch {
    // The holder is just writing its name, or has not yet: it is refused all the same.
  }
  return 'another process';
};

/**
 * Names itself, commits, then opens the transaction that is the lock. Between the two another process may come in: whoever finds
 * another's name under its own lock lets go and tries again, so the name is always the holder's.
 */
const take = (db: Database.Database, nonce: string): boolean => {
  db.exec('BEGIN IMMEDIATE');
  db.exec(CREATE);
  db.prepare<[number, string, string, string]>(
    'INSERT OR REPLACE INTO holder VALUES (1, ?, ?, ?, ?)',
  ).run(process.pid, hostname(), new Date().toISOString(), nonce);
  db.exec('COMMIT');
  db.exec('BEGIN IMMEDIATE');
  const found = db.prepare<[], { nonce: string }>('SELECT nonce FROM holder').get();
  if (found?.nonce === nonce) return true;
  db.exec('ROLLBACK');
  return false;
};

const takeOrSay = (db: Database.Database, path: string): void => {
  const nonce = `${process.pid}-${process.hrtime.bigint()}`;
  try {
    for (let tries = 0; tries < TRIES; tries += 1) if (take(db, nonce)) return;
  } catch (error) {
    if (!isBusy(error)) throw error;
  }
  if (db.inTransaction) db.exec('ROLLBACK');
  db.pragma('busy_timeout = 1000'); // the holder may be about to write its name
  throw new StoreFailed({ type: 'StoreLocked', path, holder: holderOf(db), remedy: REMEDY });
};

/**
 * Locks `<path>.lock` for this process: a small SQLite file in rollback-journal mode under an open write transaction, which ends with
 * the process however it ends. Throws `StoreFailed` with `StoreLocked`, which names the holder. Nobody in this process may open and
 * close that file by other means: POSIX would drop the lock.
 */
export const acquireLock = (path: string): Lock => {
  const db = new Database(`${path}.lock`, { timeout: 0 });
  try {
    takeOrSay(db, path);
  } catch (error) {
    db.close();
    throw error;
  }
  return {
    release: () => {
      if (db.inTransaction) db.exec('ROLLBACK');
      db.close();
    },
  };
};
