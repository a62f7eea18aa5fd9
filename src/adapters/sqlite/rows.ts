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
import type { StoreFailure } from '../../engine/store.ts';
import { attempt } from './failures.ts';

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
  clearRows: db.prepare<[string]>('DELETE FROM rows WHERE tbl = ?'),
  clearIndex: db.prepare<[string]>('DELETE FROM row_index WHERE tbl = ?'),
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
    const { position, events, digest } = checkpoint.value;
    sql.checkpoint.run(checkpoint.consumer, position, events, digest);
  });
  const clear = db.transaction((tables: readonly string[], consumer: string): void => {
    for (const table of tables) {
      sql.clearRows.run(table);
      sql.clearIndex.run(table);
    }
    sql.clearCheckpoint.run(consumer);
  });
  return {
    commit: (batch: Batch): void => commit.immediate(batch),
    clear: (tables: readonly string[], consumer: string): void => clear.immediate(tables, consumer),
  };
};

const parsed = ({ key, row }: StoredRow): KeyedRow => ({ key, row: JSON.parse(row) });

/** The row store over a connection of its own; `refusal` says why it does not serve now. */
export const sqliteRows = (
  db: Database.Database,
  path: string,
  refusal: (writes: boolean) => StoreFailure | undefined,
): RowStore => {
  const sql = statements(db);
  const write = db.readonly ? undefined : committer(db);
  const serve = <T>(writing: boolean, work: () => T): E.Either<StoreFailure, T> => {
    const refused = refusal(writing);
    return refused === undefined ? attempt(path, work) : E.left(refused);
  };
  return {
    get: (table, key) =>
      serve(false, () => {
        const found = sql.get.get(table, key);
        return found && JSON.parse(found.row);
      }),
    page: (table, { after, limit }) =>
      serve(false, () =>
        (after === undefined ? sql.first.all(table, limit) : sql.page.all(table, after, limit)).map(
          parsed,
        ),
      ),
    where: (table, { index, value }, { after, limit }) =>
      serve(false, () =>
        (after === undefined
          ? sql.firstWhere.all(table, index, value, limit)
          : sql.where.all(table, index, value, after, limit)
        ).map(parsed),
      ),
    commit: (batch) => serve(true, () => write?.commit(batch)),
    checkpoint: (consumer) => serve(false, () => sql.checkpoint.get(consumer)),
    clear: (tables, consumer) => serve(true, () => write?.clear(tables, consumer)),
  };
};
