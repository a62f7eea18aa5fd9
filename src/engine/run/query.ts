import { filter, map, type Observable } from 'rxjs';
import type { Clock } from '../clock.ts';
import { orFailed } from './consumer.ts';
import type { AnyReadModel, ReadModel } from '../projection.ts';
import type { KeyedRow, PageRequest, RowChange, RowStore } from '../rows.ts';
import { entriesOf } from './staged-rows.ts';

/** Conditions on declared indexes; a row must meet all of them. */
export type Where = Readonly<Record<string, string>>;

/** The rows of a read model. */
export type Query<Row> = {
  readonly get: (key: string) => Promise<Row | undefined>;
  readonly page: (request: PageRequest) => Promise<readonly KeyedRow<Row>[]>;
  readonly where: (where: Where) => Pick<Query<Row>, 'page'>;
  /** Every change from now on; `row` undefined: the row is gone. */
  readonly changes: () => Observable<KeyedRow<Row | undefined>>;
};

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

/** Where rows are read; `breathe` lets others run between two pages of a long search. */
export type Shelf = { readonly rows: RowStore; readonly clock: Pick<Clock, 'breathe'> };

/** Rows that are looked at before others may run. */
const CHUNK = 500;

/** Rows that meet every condition: the first finds them by its index, the others are checked on each row. */
export const rowsWhere = async (
  { rows, clock }: Shelf,
  model: AnyReadModel,
  where: Where,
  request: PageRequest,
): Promise<readonly KeyedRow[]> => {
  for (const index of Object.keys(where)) {
    if (!Object.hasOwn(model.indexes, index)) throw new UnknownIndex(model, index);
  }
  const [first, ...others] = Object.entries(where).map(([index, value]) => ({ index, value }));
  if (first === undefined) return orFailed(rows.page(model.name, request));
  const isWanted = ({ row }: KeyedRow) => {
    const entries = entriesOf(model, row);
    return others.every(({ index, value }) =>
      entries.some((entry) => entry.index === index && entry.value === value),
    );
  };
  const found: KeyedRow[] = [];
  let page: PageRequest = others.length === 0 ? request : { ...request, limit: CHUNK };
  for (;;) {
    const next = orFailed(rows.where(model.name, first, page));
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
  changes: Observable<RowChange>,
): Query<Row> => ({
  // A read model's rows are written by its own projection alone: they are what it declares.
  get: async (key) => orFailed(shelf.rows.get(model.name, key)) as Row | undefined,
  page: async (request) =>
    orFailed(shelf.rows.page(model.name, request)) as readonly KeyedRow<Row>[],
  where: (where) => ({
    page: async (request) =>
      (await rowsWhere(shelf, model, where, request)) as readonly KeyedRow<Row>[],
  }),
  changes: () =>
    changes.pipe(
      filter(({ table }) => table === model.name),
      map(({ key, row }) => ({ key, row: row as Row | undefined })),
    ),
});
