import { connectRows } from '../../src/adapters/sqlite/connection.ts';
import type { Batch, Store } from '../../src/engine/rows.ts';
import { sqliteStore } from '../../src/index.ts';

/** A batch as bare SQL writes it: rows with their texts, and where an index lists them. */
type BareBatch = {
  readonly puts: readonly (readonly [
    table: string,
    key: string,
    row: string,
    entries: string | null,
  ])[];
  readonly lists: readonly (readonly [table: string, index: string, value: string, key: string])[];
  readonly unlists: BareBatch['lists'];
};

export type Capture = { readonly store: Store; readonly batches: Batch[]; capturing: boolean };

/** A store that remembers the batches of rows that are committed to it while `capturing`. */
export const capturingStore = (path: string): Capture => {
  const inner = sqliteStore(path);
  const capture: Capture = {
    batches: [],
    capturing: false,
    store: {
      ...inner,
      open: (options) => async () => {
        const opened = await inner.open(options)();
        if (opened._tag === 'Left') return opened;
        const { rows } = opened.right;
        const commit = (batch: Batch) => {
          if (capture.capturing) capture.batches.push(batch);
          return rows.commit(batch);
        };
        return { ...opened, right: { ...opened.right, rows: { ...rows, commit } } };
      },
    },
  };
  return capture;
};

type Entries = ReadonlySet<string>;

/** The statements that a batch comes to, given which index entries lie there from before. */
const bareBatch = (batch: Batch, known: Map<string, Entries>): BareBatch => {
  const [lists, unlists]: [BareBatch['lists'][number][], BareBatch['lists'][number][]] = [[], []];
  const puts = batch.changes.map(({ table, key, row, entries }) => {
    const place = `${table}\u0000${key}`;
    const before = known.get(place) ?? new Set<string>();
    const after = new Set(entries.map(({ index, value }) => JSON.stringify([index, value])));
    known.set(place, after);
    const statement = (entry: string) => {
      const [index, value] = JSON.parse(entry) as [string, string];
      return [table, index, value, key] as const;
    };
    unlists.push(...[...before].filter((entry) => !after.has(entry)).map(statement));
    lists.push(...[...after].filter((entry) => !before.has(entry)).map(statement));
    const text =
      entries.length === 0 ? null : JSON.stringify(entries.map((e) => [e.index, e.value]));
    return [table, key, JSON.stringify(row), text] as const;
  });
  return { puts, lists, unlists };
};

/** Captured batches as texts that lie ready for bare SQL. Rows that go are not looked at: a bench has none. */
export const bareBatches = (batches: readonly Batch[]): readonly BareBatch[] => {
  const known = new Map<string, Entries>();
  return batches.map((batch) => bareBatch(batch, known));
};

/** Upserts batches, a transaction each, into an empty file with the tables and settings of a store, through a connection for rows. */
export const upsertBatches = (path: string, batches: readonly BareBatch[]): void => {
  const db = connectRows(path);
  const put = db.prepare<[string, string, string, string | null]>(
    `INSERT INTO rows (tbl, key, row, entries) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET row = excluded.row, entries = excluded.entries`,
  );
  const list = db.prepare<[string, string, string, string]>(
    'INSERT OR IGNORE INTO row_index (tbl, idx, value, key) VALUES (?, ?, ?, ?)',
  );
  const unlist = db.prepare<[string, string, string, string]>(
    'DELETE FROM row_index WHERE tbl = ? AND idx = ? AND value = ? AND key = ?',
  );
  const write = db.transaction(({ puts, lists, unlists }: BareBatch): void => {
    for (const [table, key, row, entries] of puts) put.run(table, key, row, entries);
    for (const [table, index, value, key] of unlists) unlist.run(table, index, value, key);
    for (const [table, index, value, key] of lists) list.run(table, index, value, key);
  });
  for (const batch of batches) write(batch);
  db.close();
};
