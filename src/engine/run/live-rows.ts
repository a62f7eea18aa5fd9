import type { Clock } from '../clock.ts';
import { modelsIn, tableOf } from './generations.ts';
import type { ProjectionRunner } from './projection-runner.ts';
import type { AnyReadModel } from '../projection.ts';
import type { RowStore } from '../rows.ts';

/** Every read model by its name, with the runner of the projection that writes it. */
export type Models = ReadonlyMap<
  string,
  { readonly model: AnyReadModel; readonly runner: ProjectionRunner }
>;

export const modelsOf = (projections: readonly ProjectionRunner[]): Models =>
  new Map(
    projections.flatMap((runner) =>
      runner.projection.models.map((model) => [model.name, { model, runner }] as const),
    ),
  );

/** Where the rows of read models are found; `breathe` lets others run between two pages of a long search. */
export type Shelf = {
  readonly rows: RowStore;
  readonly models: Models;
  readonly clock: Pick<Clock, 'breathe'>;
};

/** The table that readers see of a read model, and the indexes that its rows have. */
export type LiveTable = { readonly table: string; readonly indexes: readonly string[] };

/** A read model, or an index of one, that the live rows do not have: they were built by another version of their projection. */
export class NotBuiltYet extends Error {
  override readonly name = 'NotBuiltYet';
  readonly model: string;
  readonly index: string | undefined;
  constructor(model: string, index?: string) {
    const what =
      index === undefined ? `${model} has no rows yet` : `${model} has no index ${index} yet`;
    super(`${what}: these rows were built without; the next build of their projection brings it`);
    this.model = model;
    this.index = index;
  }
}

/** The table that readers see now. A read model that no projection writes is the table of its name. */
export const liveTable = ({ models }: Pick<Shelf, 'models'>, model: AnyReadModel): LiveTable => {
  const known = models.get(model.name);
  if (known === undefined) return { table: model.name, indexes: Object.keys(model.indexes) };
  const { runner } = known;
  const live = runner.live();
  const has = modelsIn(live, runner.projection);
  if (has !== undefined && !Object.hasOwn(has, model.name)) throw new NotBuiltYet(model.name);
  return { table: tableOf(model.name, live.number), indexes: has?.[model.name] ?? [] };
};

/** Reads from the table that readers see, again where another took its place meanwhile: no answer is of two generations. */
export const fromLive = async <Answer>(
  shelf: Shelf,
  model: AnyReadModel,
  read: (live: LiveTable) => Answer | Promise<Answer>,
): Promise<Answer> => {
  for (;;) {
    const live = liveTable(shelf, model);
    const answer = await read(live);
    if (liveTable(shelf, model).table === live.table) return answer;
  }
};
