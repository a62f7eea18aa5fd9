import Database from 'better-sqlite3';
import { E } from '../../engine/fp.ts';
import type { Scratch, StoredEntry, StoredRow } from '../../engine/inspection.ts';
import { StoreFailed } from '../../engine/store.ts';
import { attempt } from './failures.ts';
import { sqliteRows } from './rows.ts';
import { migrate } from './schema.ts';

const NAME = 'a scratch file in the directory for temporary files';
const CACHE_KIB = 32 * 1024;
/** Takes that share a transaction. */
const GROUP = 5_000;

const statements = (db: Database.Database) => ({
  row: db.prepare<[string, string], Omit<StoredRow, 'key'>>(
    'SELECT row, entries FROM rows WHERE tbl = ? AND key = ?',
  ),
  take: db.prepare<[string, string]>('DELETE FROM rows WHERE tbl = ? AND key = ?'),
  takeEntry: db.prepare<[string, string, string, string]>(
    'DELETE FROM row_index WHERE tbl = ? AND idx = ? AND value = ? AND key = ?',
  ),
  keys: db.prepare<[string], { key: string }>('SELECT key FROM rows WHERE tbl = ? ORDER BY key'),
  entries: db.prepare<[string], StoredEntry>(
    'SELECT idx AS "index", value, key FROM row_index WHERE tbl = ? ORDER BY idx, value, key',
  ),
});

const orThrown = <T>(work: () => T): T => {
  const done = attempt(NAME, work);
  if (E.isRight(done)) return done.right;
  throw new StoreFailed(done.left);
};

/** Takes are gathered in transactions; all else ends the one under way first. */
const gathered = (db: Database.Database) => {
  let takes = 0;
  const settle = (): void => {
    if (db.inTransaction) db.exec('COMMIT');
    takes = 0;
  };
  const taking = (): void => {
    if (takes >= GROUP) settle();
    if (!db.inTransaction) db.exec('BEGIN');
    takes += 1;
  };
  return { settle, taking };
};

/**
 * Rows in a file without a name: SQLite makes it in the directory for temporary files (`SQLITE_TMPDIR`, `TMPDIR`) once they outgrow
 * its cache, and it goes with the process however that ends.
 */
export const sqliteScratch = (): Scratch => {
  const db = orThrown(() => new Database(''));
  orThrown(() => {
    migrate(db, NAME);
    db.pragma('synchronous = OFF');
    db.pragma(`cache_size = ${-CACHE_KIB}`);
  });
  const sql = statements(db);
  const { settle, taking } = gathered(db);
  return {
    rows: sqliteRows(db, NAME, () => {
      settle();
      return undefined;
    }),
    take: (table, key) =>
      orThrown(() => {
        const built = sql.row.get(table, key);
        if (built === undefined) return undefined;
        taking();
        sql.take.run(table, key);
        return { key, ...built };
      }),
    takeEntry: (table, { index, value, key }) =>
      orThrown(() => {
        taking();
        return sql.takeEntry.run(table, index, value, key).changes > 0;
      }),
    keys: function* (table) {
      orThrown(settle);
      for (const { key } of sql.keys.iterate(table)) yield key;
    },
    entries: function* (table) {
      orThrown(settle);
      yield* sql.entries.iterate(table);
    },
    close: () => db.close(),
  };
};
