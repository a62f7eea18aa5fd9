import { filter, map, type Observable } from 'rxjs';
import { orFailed } from './consumer.ts';
import { NotBuiltYet, fromLive, type Shelf } from './live-rows.ts';
import type { ProjectionChange } from './projection-tracks.ts';
import type { AnyReadModel, ReadModel } from '../projection.ts';
import type { IndexEntry, KeyedRow, PageRequest } from '../rows.ts';

/** Conditions on declared indexes; a row must meet all of them. */
export type Where = Readonly<Record<string, string>>;

/** The rows of a read model. Each answer is of one generation of its rows; two pages may be of two. */
export type Query<Row> = {
  readonly get: (key: string) => Promise<Row | undefined>;
  readonly page: (request: PageRequest) => Promise<readonly KeyedRow<Row>[]>;
  readonly where: (where: Where) => Pick<Query<Row>, 'page'>;
  /** Every change from now on. */
  readonly changes: () => Observable<ReadModelChange<Row>>;
};

/**
 * A row has changed (`row` undefined: it is gone), or rows of this version of the projection have taken the place of all: what was
 * read before is to be read again.
 */
export type ReadModelChange<Row> =
  | { readonly type: 'RowChanged'; readonly key: string; readonly row: Row | undefined }
  | { readonly type: 'RowsSwitched'; readonly version: number };

/** An index that the read model does not declare: its name and those there are. */
export class UnknownIndex extends Error {
  override readonly name = 'UnknownIndex';
  constructor(model: AnyReadModel, index: string) {
    const known = Object.keys(model.indexes);
    super(
      known.length === 0
        ? `${model.name} has no index, so no ${index}`
        : `${model.name} has no index ${index}; it has ${known.join(', ')}`,
    );
  }
}

/** Rows that are looked at before others may run. */
const CHUNK = 500;

/** Rows that meet every condition: the first finds them by its index, the others are asked for each row. */
export const rowsWhere = (
  shelf: Shelf,
  model: AnyReadModel,
  where: Where,
  request: PageRequest,
): Promise<readonly KeyedRow[]> => {
  const conditions = Object.entries(where).map(([index, value]) => ({ index, value }));
  return fromLive(shelf, model, async ({ table, indexes }) => {
    for (const { index } of conditions) {
      if (!Object.hasOwn(model.indexes, index)) throw new UnknownIndex(model, index);
      if (!indexes.includes(index)) throw new NotBuiltYet(model.name, index);
    }
    const [first, ...others] = conditions;
    if (first === undefined) return orFailed(shelf.rows.page(table, request));
    return search(shelf, { table, first, others }, request);
  });
};

type Search = {
  readonly table: string;
  readonly first: IndexEntry;
  readonly others: readonly IndexEntry[];
};

const search = async (
  { rows, clock }: Shelf,
  { table, first, others }: Search,
  request: PageRequest,
): Promise<readonly KeyedRow[]> => {
  const isWanted = ({ key }: KeyedRow) =>
    others.every((entry) => orFailed(rows.isListed(table, entry, key)));
  const found: KeyedRow[] = [];
  let page: PageRequest = others.length === 0 ? request : { ...request, limit: CHUNK };
  for (;;) {
    const next = orFailed(rows.where(table, first, page));
    found.push(...next.filter(isWanted));
    const last = next.at(-1);
    if (last === undefined || next.length < page.limit || found.length >= request.limit) {
      return found.slice(0, request.limit);
    }
    page = { ...page, after: last.key };
    await clock.breathe();
  }
};

export const query = <Row>(
  shelf: Shelf,
  model: ReadModel<Row>,
  changes: Observable<ProjectionChange>,
): Query<Row> => ({
  // A read model's rows are written by its own projection alone: they are what it declares.
  get: async (key) =>
    (await fromLive(shelf, model, ({ table }) => orFailed(shelf.rows.get(table, key)))) as
      Row | undefined,
  page: async (request) => (await rowsWhere(shelf, model, {}, request)) as readonly KeyedRow<Row>[],
  where: (where) => ({
    page: async (request) =>
      (await rowsWhere(shelf, model, where, request)) as readonly KeyedRow<Row>[],
  }),
  changes: () => {
    const writer = shelf.models.get(model.name)?.runner.projection.name;
    return changes.pipe(
      filter((change) =>
        change.type === 'RowChanged' ? change.model === model.name : change.projection === writer,
      ),
      map((change) =>
        change.type === 'RowChanged'
          ? { type: change.type, key: change.key, row: change.row as Row | undefined }
          : { type: change.type, version: change.version },
      ),
    );
  },
});
