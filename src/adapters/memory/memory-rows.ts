import { E } from '../../engine/fp.ts';
import type {
  Checkpoint,
  IndexEntry,
  KeyedRow,
  PageRequest,
  RowChange,
  RowStore,
} from '../../engine/rows.ts';
import type { StoreFailure } from '../../engine/store.ts';
import { frozenJson } from '../../engine/frozen-json.ts';
import { sortedKeys, type SortedKeys } from './sorted-keys.ts';

type Row = { readonly value: unknown; readonly entries: readonly IndexEntry[] };
type Table = {
  readonly rows: Map<string, Row>;
  readonly keys: SortedKeys;
  readonly indexes: Map<string, SortedKeys>;
};

/** The tables of a memory store, and how far their consumers have come; they outlive a close. */
export type MemoryTables = {
  readonly tables: Map<string, Table>;
  readonly checkpoints: Map<string, Checkpoint>;
};

/** A memory store without any table. */
export const noTables = (): MemoryTables => ({ tables: new Map(), checkpoints: new Map() });

const indexKey = ({ index, value }: IndexEntry): string => JSON.stringify([index, value]);

const tableOf = ({ tables }: MemoryTables, name: string): Table => {
  const known = tables.get(name);
  if (known !== undefined) return known;
  const table: Table = { rows: new Map(), keys: sortedKeys(), indexes: new Map() };
  tables.set(name, table);
  return table;
};

const forget = (table: Table, key: string): void => {
  for (const entry of table.rows.get(key)?.entries ?? []) {
    table.indexes.get(indexKey(entry))?.remove(key);
  }
  table.keys.remove(key);
  table.rows.delete(key);
};

const listUnder = (table: Table, key: string, entry: IndexEntry): void => {
  const keys = table.indexes.get(indexKey(entry)) ?? sortedKeys();
  table.indexes.set(indexKey(entry), keys);
  keys.add(key);
};

const apply = (store: MemoryTables, { table: name, key, row, entries }: RowChange): void => {
  const table = tableOf(store, name);
  const known = table.rows.get(key);
  if (row === undefined) return forget(table, key);
  for (const entry of known?.entries ?? []) table.indexes.get(indexKey(entry))?.remove(key);
  if (known === undefined) table.keys.add(key);
  for (const entry of entries) listUnder(table, key, entry);
  table.rows.set(key, { value: row, entries: entries.map((entry) => ({ ...entry })) });
};

const rowsBehind = (
  table: Table | undefined,
  keys: SortedKeys | undefined,
  { after, limit }: PageRequest,
): readonly KeyedRow[] =>
  (keys?.behind(after, limit) ?? []).map((key) => ({ key, row: table?.rows.get(key)?.value }));

/** Rows are copied and frozen before the first of a batch is stored, so that a bad one leaves all as it was. */
const frozenChange = (change: RowChange): RowChange => {
  if (!change.key.isWellFormed()) throw new Error('a key with a lone surrogate');
  return change.row === undefined ? change : { ...change, row: frozenJson(change.row).value };
};

/** A row store over tables in memory; `refusal` says why it does not serve now. */
export const memoryRows = (
  store: MemoryTables,
  refusal: (writes: boolean) => StoreFailure | undefined,
): RowStore => {
  const serve = <T>(writes: boolean, work: () => T): E.Either<StoreFailure, T> => {
    const refused = refusal(writes);
    return refused === undefined ? E.right(work()) : E.left(refused);
  };
  return {
    get: (table, key) => serve(false, () => store.tables.get(table)?.rows.get(key)?.value),
    page: (name, request) =>
      serve(false, () => {
        const table = store.tables.get(name);
        return rowsBehind(table, table?.keys, request);
      }),
    where: (name, entry, request) =>
      serve(false, () => {
        const table = store.tables.get(name);
        return rowsBehind(table, table?.indexes.get(indexKey(entry)), request);
      }),
    isListed: (table, { index, value }, key) =>
      serve(false, () => {
        const entries = store.tables.get(table)?.rows.get(key)?.entries ?? [];
        return entries.some((entry) => entry.index === index && entry.value === value);
      }),
    commit: ({ changes, checkpoint }) =>
      serve(true, () => {
        for (const change of changes.map(frozenChange)) apply(store, change);
        if (checkpoint === undefined) return;
        const { consumer, value } = checkpoint;
        if (value === undefined) store.checkpoints.delete(consumer);
        else store.checkpoints.set(consumer, Object.freeze({ ...value }));
      }),
    checkpoint: (consumer) => serve(false, () => store.checkpoints.get(consumer)),
    // A whole table goes as quickly as a part of it.
    clear: (table) =>
      serve(true, () => {
        store.tables.delete(table);
        return true;
      }),
  };
};
