import { LRUCache } from 'lru-cache';
import type { AnyReadModel, Rows, Tables } from '../projection.ts';
import type { IndexEntry, RowChange } from '../rows.ts';

type AnyRow = Record<string, unknown>;
type Staged = { readonly row: unknown; readonly changed: boolean };

/** How many rows of one projection are kept from page to page. */
const KEPT_ROWS = 10_000;

const nameOf = (table: string, key: string): string => `${table}\u0001${key}`;

/** The rows of a projection that it has lately touched, as they are stored: nobody else writes them. */
export type KeptRows = {
  readonly get: (table: string, key: string) => unknown;
  readonly keep: (changes: readonly RowChange[]) => void;
  readonly forget: () => void;
};

export const keptRows = (stored: KeptRows['get']): KeptRows => {
  const kept = new LRUCache<string, { readonly row: unknown }>({ max: KEPT_ROWS });
  return {
    get: (table, key) => {
      const name = nameOf(table, key);
      const known = kept.get(name);
      if (known !== undefined) return known.row;
      const row = stored(table, key);
      kept.set(name, { row });
      return row;
    },
    keep: (changes) => {
      // A row that was written unread is seldom read: it would only drive out one that is.
      for (const { table, key, row } of changes) {
        const name = nameOf(table, key);
        if (kept.has(name)) kept.set(name, { row });
      }
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
  const opened = new Map<string, Rows<AnyRow>>();
  const open = (table: string): Rows<AnyRow> => {
    if (!models.has(table)) throw new Error(`${table} is not among the projection's read models`);
    const ofTable = new Map<string, Staged>();
    touched.set(table, ofTable);
    return {
      get: (key) => {
        const entry = ofTable.get(key) ?? { row: rows.get(table, key), changed: false };
        ofTable.set(key, entry);
        return entry.row as AnyRow | undefined;
      },
      // What a row was is read by those alone who ask for it.
      set: (key, row) => ofTable.set(key, { row, changed: true }),
    };
  };
  const tables = ({ name }: AnyReadModel): Rows<AnyRow> => {
    const table = opened.get(name) ?? open(name);
    opened.set(name, table);
    return table;
  };
  const changes = (): readonly RowChange[] => {
    const changed: RowChange[] = [];
    for (const [table, entries] of touched) {
      const model = models.get(table);
      for (const [key, { row, changed: isChanged }] of entries) {
        if (isChanged) changed.push({ table, key, row, entries: entriesOf(model, row) });
      }
    }
    return changed;
  };
  // A read model's rows are what its own projection has put there.
  return { tables: tables as unknown as Tables, changes };
};

/** The index entries of a row, by the indexes that its read model declares. */
const entriesOf = (model: AnyReadModel | undefined, row: unknown): readonly IndexEntry[] => {
  if (model === undefined || row === undefined) return [];
  const entries: IndexEntry[] = [];
  for (const index of Object.keys(model.indexes)) {
    const values = model.indexes[index]!(row as never);
    if (typeof values === 'string') entries.push({ index, value: values });
    else if (values !== undefined) for (const value of values) entries.push({ index, value });
  }
  return entries;
};
