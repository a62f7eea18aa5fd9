import { defer } from 'rxjs';
import { orFailed } from './consumer.ts';
import type { RowFact } from '../facts.ts';
import { TE, pipe } from '../fp.ts';
import type { ProjectionRunner } from './projection-runner.ts';
import type { AnyReadModel } from '../projection.ts';
import { rowsWhere, type Shelf } from './query.ts';
import type { Reader } from '../reaction.ts';
import { StoreFailed, type EventStore, type Position, type StoreFailure } from '../store.ts';

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

const found = (models: Models, name: string) => {
  const known = models.get(name);
  if (known === undefined) throw new Error(`there is no read model ${name}`);
  return known;
};

/** A row once its projection has come to where the log ended when the row was asked for, or can get no further. */
export const rowFacts =
  (events: EventStore, { rows }: Shelf, models: Models) =>
  (name: string, key: string): TE.TaskEither<StoreFailure, RowFact<unknown>> =>
    pipe(
      events.head(),
      TE.flatMap((head) =>
        TE.tryCatch(async () => {
          const { runner } = found(models, name);
          if (head !== undefined) await runner.advance(head);
          const position = runner.status().position ?? '';
          const current =
            head === undefined || (position !== '' && events.compare(position, head) >= 0);
          return { row: orFailed(rows.get(name, key)), position, current };
        }, storeFailure),
      ),
    );

/** The failure that a `StoreFailed` carries; anything else is a bug and goes on as such. */
const storeFailure = (cause: unknown): StoreFailure => {
  if (cause instanceof StoreFailed) return cause.failure;
  throw cause;
};

/** Reads rows of projections that have passed a position; one that is broken before it is an error, not an answer. */
export const readerOf = (
  { compare }: EventStore,
  shelf: Shelf,
  models: Models,
  passed: Position,
): Reader => ({
  rows: (name, where, page = { limit: 1_000 }) =>
    defer(async () => {
      const { model, runner } = found(models, name);
      await runner.advance(passed);
      const { projection, position } = runner.status();
      if (position === undefined || compare(position, passed) < 0) {
        throw new Error(`projection ${projection} has not passed the event`);
      }
      return rowsWhere(shelf, model, where, page);
    }),
});
