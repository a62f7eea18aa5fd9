import type Database from 'better-sqlite3';
import { E } from '../../engine/fp.ts';
import type {
  Batch,
  Checkpoint,
  IndexEntry,
  KeyedRow,
  RowChange,
  RowStore,
} from '../../engine/rows.ts';
import { StoreFailed, type StoreFailure } from '../../engine/store.ts';
import { attempt, corrupt } from './failures.ts';

/** How many rows and how many index entries one `clear` removes at most: some milliseconds of work. */
const CLEARED_AT_ONCE = 1_000;

type StoredRow = { readonly key: string; readonly row: string };

const statements = (db: Database.Database) => ({
  get: db.prepare<[string, string], { row: string }>(
    'SELECT row FROM rows WHERE tbl = ? AND key = ?',
  ),
  page: db.prepare<[string, string, number], StoredRow>(
    'SELECT key, row FROM rows WHERE tbl = ? AND key > ? ORDER BY key LIMIT ?',
  ),
  first: db.prepare<[string, number], StoredRow>(
    'SELECT key, row FROM rows WHERE tbl = ? ORDER BY key LIMIT ?',
  ),
  where: db.prepare<[string, string, string, string, number], StoredRow>(
    `SELECT i.key, r.row FROM row_index i CROSS JOIN rows r ON r.tbl = i.tbl AND r.key = i.key
     WHERE i.tbl = ? AND i.idx = ? AND i.value = ? AND i.key > ? ORDER BY i.key LIMIT ?`,
  ),
  firstWhere: db.prepare<[string, string, string, number], StoredRow>(
    `SELECT i.key, r.row FROM row_index i CROSS JOIN rows r ON r.tbl = i.tbl AND r.key = i.key
     WHERE i.tbl = ? AND i.idx = ? AND i.value = ? ORDER BY i.key LIMIT ?`,
  ),
  isListed: db.prepare<[string, string, string, string], { one: 1 }>(
    'SELECT 1 AS one FROM row_index WHERE tbl = ? AND idx = ? AND value = ? AND key = ?',
  ),
  checkpoint: db.prepare<[string], Checkpoint>(
    'SELECT position, events, digest FROM checkpoints WHERE consumer = ?',
  ),
});

const writes = (db: Database.Database) => ({
  put: db.prepare<[string, string, string, string | null]>(
    `INSERT INTO rows (tbl, key, row, entries) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET row = excluded.row, entries = excluded.entries`,
  ),
  add: db.prepare<[string, string, string, string | null]>(
    'INSERT INTO rows (tbl, key, row, entries) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  ),
  remove: db.prepare<[string, string]>('DELETE FROM rows WHERE tbl = ? AND key = ?'),
  entries: db.prepare<[string, string], { entries: string | null }>(
    'SELECT entries FROM rows WHERE tbl = ? AND key = ?',
  ),
  list: db.prepare<[string, string, string, string]>(
    'INSERT OR IGNORE INTO row_index (tbl, idx, value, key) VALUES (?, ?, ?, ?)',
  ),
  unlist: db.prepare<[string, string, string, string]>(
    'DELETE FROM row_index WHERE tbl = ? AND idx = ? AND value = ? AND key = ?',
  ),
  indexed: db.prepare<[], { tbl: string }>(
    `WITH RECURSIVE names (tbl) AS (
       SELECT min(tbl) FROM row_index
       UNION ALL
       SELECT (SELECT min(tbl) FROM row_index WHERE tbl > names.tbl) FROM names WHERE names.tbl IS NOT NULL
     ) SELECT tbl FROM names WHERE tbl IS NOT NULL`,
  ),
  checkpoint: db.prepare<[string, string, number, string]>(
    'INSERT OR REPLACE INTO checkpoints (consumer, position, events, digest) VALUES (?, ?, ?, ?)',
  ),
  clearRows: db.prepare<[string, string, number]>(
    'DELETE FROM rows WHERE tbl = ? AND key IN (SELECT key FROM rows WHERE tbl = ? LIMIT ?)',
  ),
  clearIndex: db.prepare<[string, number]>(
    `DELETE FROM row_index WHERE (tbl, idx, value, key) IN
       (SELECT tbl, idx, value, key FROM row_index WHERE tbl = ? LIMIT ?)`,
  ),
  clearCheckpoint: db.prepare<[string]>('DELETE FROM checkpoints WHERE consumer = ?'),
});

const jsonText = (row: unknown): string => {
  const text: unknown = JSON.stringify(row);
  if (typeof text !== 'string') throw new Error(`a row is no JSON value: ${typeof row}`);
  return text;
};

const entriesText = (entries: readonly IndexEntry[]): string | null =>
  entries.length === 0 ? null : JSON.stringify(entries.map(({ index, value }) => [index, value]));

const isEntry = (entry: unknown): entry is [string, string] =>
  Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'string';

const entriesOf = (text: string | null | undefined): readonly [string, string][] => {
  const entries: unknown = JSON.parse(text ?? '[]');
  return Array.isArray(entries) ? entries.filter(isEntry) : [];
};

/** Applies one change inside a transaction; tables that were never indexed are not asked for old index entries. */
const applyTo = (db: Database.Database) => {
  const sql = writes(db);
  const indexed = new Set(sql.indexed.all().map(({ tbl }) => tbl));
  const list = (table: string, key: string, entries: readonly IndexEntry[]): void => {
    for (const { index, value } of entries) sql.list.run(table, index, value, key);
  };
  const relist = (change: RowChange, text: string | null): void => {
    const { table, key, entries } = change;
    const before = sql.entries.get(table, key)?.entries ?? null;
    if (before === text) return;
    for (const [index, value] of entriesOf(before)) sql.unlist.run(table, index, value, key);
    if (text !== null) list(table, key, entries);
  };
  const remove = (change: RowChange): void => {
    if (indexed.has(change.table)) relist(change, null);
    sql.remove.run(change.table, change.key);
  };
  const put = (change: RowChange): void => {
    const { table, key, row, entries } = change;
    const [text, listed] = [jsonText(row), entriesText(entries)];
    if (listed !== null) indexed.add(table);
    // Most rows of an indexed table are new: then nothing is to be unlisted.
    if (indexed.has(table)) {
      if (sql.add.run(table, key, text, listed).changes === 1) return list(table, key, entries);
      relist(change, listed);
    }
    sql.put.run(table, key, text, listed);
  };
  return (change: RowChange): void => {
    if (!change.key.isWellFormed()) throw new Error('a key with a lone surrogate');
    if (change.row === undefined) remove(change);
    else put(change);
  };
};

const committer = (db: Database.Database) => {
  const apply = applyTo(db);
  const sql = writes(db);
  const commit = db.transaction(({ changes, checkpoint }: Batch): void => {
    for (const change of changes) apply(change);
    if (checkpoint === undefined) return;
    const { consumer, value } = checkpoint;
    if (value === undefined) sql.clearCheckpoint.run(consumer);
    else sql.checkpoint.run(consumer, value.position, value.events, value.digest);
  });
  const clear = db.transaction((table: string): boolean => {
    const rows = sql.clearRows.run(table, table, CLEARED_AT_ONCE).changes;
    const entries = sql.clearIndex.run(table, CLEARED_AT_ONCE).changes;
    return rows < CLEARED_AT_ONCE && entries < CLEARED_AT_ONCE;
  });
  return {
    commit: (batch: Batch): void => commit.immediate(batch),
    clear: (table: string): boolean => clear.immediate(table),
  };
};

/** A stored row's value; throws `StoreFailed` where it is not what was written. */
const valueOf = (path: string, table: string, { key, row }: StoredRow): unknown => {
  try {
    return JSON.parse(row);
  } catch {
    throw new StoreFailed(corrupt(path, `row ${key} of ${table} is no JSON text`, REBUILD));
  }
};
const REBUILD = 'rebuild its projection with `chancery rebuild`, or restore the file from a backup';

/** The row store over a connection of its own; `refusal` says why it does not serve now. */
export const sqliteRows = (
  db: Database.Database,
  path: string,
  refusal: (writes: boolean) => StoreFailure | undefined,
): RowStore => {
  const sql = statements(db);
  const write = db.readonly ? undefined : committer(db);
  const parsedOf =
    (table: string) =>
    (row: StoredRow): KeyedRow => ({ key: row.key, row: valueOf(path, table, row) });
  const serve = <T>(writing: boolean, work: () => T): E.Either<StoreFailure, T> => {
    const refused = refusal(writing);
    return refused === undefined ? attempt(path, work) : E.left(refused);
  };
  return {
    get: (table, key) =>
      serve(false, () => {
        const found = sql.get.get(table, key);
        return found && valueOf(path, table, { key, ...found });
      }),
    page: (table, { after, limit }) =>
      serve(false, () =>
        (after === undefined ? sql.first.all(table, limit) : sql.page.all(table, after, limit)).map(
          parsedOf(table),
        ),
      ),
    where: (table, { index, value }, { after, limit }) =>
      serve(false, () =>
        (after === undefined
          ? sql.firstWhere.all(table, index, value, limit)
          : sql.where.all(table, index, value, after, limit)
        ).map(parsedOf(table)),
      ),
    commit: (batch) => serve(true, () => write?.commit(batch)),
    checkpoint: (consumer) => serve(false, () => sql.checkpoint.get(consumer)),
    isListed: (table, { index, value }, key) =>
      serve(false, () => sql.isListed.get(table, index, value, key) !== undefined),
    clear: (table) => serve(true, () => write === undefined || write.clear(table)),
  };
};
