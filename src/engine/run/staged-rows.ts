import { LRUCache } from 'lru-cache';
import { orFailed } from './consumer.ts';
import type { AnyReadModel, Rows, Tables } from '../projection.ts';
import type { IndexEntry, RowChange, RowStore } from '../rows.ts';

type AnyRow = Record<string, unknown>;
type Staged = { row: unknown; changed: boolean };

/** How many rows of one projection are kept from page to page. */
const KEPT_ROWS = 10_000;

const nameOf = (table: string, key: string): string => `${table}\u0001${key}`;

/** The rows of a projection that it has lately touched, as they are stored: nobody else writes them. */
export type KeptRows = {
  readonly get: (table: string, key: string) => unknown;
  readonly keep: (changes: readonly RowChange[]) => void;
  readonly forget: () => void;
};

export const keptRows = (rows: RowStore): KeptRows => {
  const kept = new LRUCache<string, { readonly row: unknown }>({ max: KEPT_ROWS });
  return {
    get: (table, key) => {
      const name = nameOf(table, key);
      const found = kept.get(name) ?? { row: orFailed(rows.get(table, key)) };
      kept.set(name, found);
      return found.row;
    },
    keep: (changes) => {
      for (const { table, key, row } of changes) kept.set(nameOf(table, key), { row });
    },
    forget: () => kept.clear(),
  };
};

/** Rows that some events touch: read once, changed in memory, to be written together. */
export type StagedRows = {
  readonly tables: Tables;
  readonly changes: () => readonly RowChange[];
};

export const stagedRows = (
  rows: KeptRows,
  models: ReadonlyMap<string, AnyReadModel>,
): StagedRows => {
  const touched = new Map<string, Map<string, Staged>>();
  const entryOf = (table: string, key: string): Staged => {
    const ofTable = touched.get(table) ?? new Map<string, Staged>();
    touched.set(table, ofTable);
    const entry = ofTable.get(key) ?? { row: rows.get(table, key), changed: false };
    ofTable.set(key, entry);
    return entry;
  };
  const tables = (model: AnyReadModel): Rows<AnyRow> => {
    if (!models.has(model.name))
      throw new Error(`${model.name} is not among the projection's read models`);
    return {
      get: (key) => entryOf(model.name, key).row as AnyRow | undefined,
      set: (key, row) => Object.assign(entryOf(model.name, key), { row, changed: true }),
    };
  };
  const changesIn = (table: string, entries: ReadonlyMap<string, Staged>): readonly RowChange[] =>
    [...entries]
      .filter(([, { changed }]) => changed)
      .map(([key, { row }]) => ({ table, key, row, entries: entriesOf(models.get(table), row) }));
  return {
    // A read model's rows are what its own projection has put there.
    tables: tables as unknown as Tables,
    changes: () => [...touched].flatMap(([table, entries]) => changesIn(table, entries)),
  };
};

/** The index entries of a row, by the indexes that its read model declares. */
export const entriesOf = (model: AnyReadModel | undefined, row: unknown): readonly IndexEntry[] => {
  if (model === undefined || row === undefined) return [];
  return Object.entries(model.indexes).flatMap(([index, valuesOf]) => {
    const values = valuesOf(row as never);
    if (values === undefined) return [];
    return [values].flat().map((value) => ({ index, value }));
  });
};
