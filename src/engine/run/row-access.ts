import { defer } from 'rxjs';
import { orFailed } from './consumer.ts';
import type { RowFact } from '../facts.ts';
import { TE, pipe } from '../fp.ts';
import { liveTable, type Models, type Shelf } from './live-rows.ts';
import { rowsWhere } from './query.ts';
import type { Reader } from '../reaction.ts';
import { StoreFailed, type EventStore, type Position, type StoreFailure } from '../store.ts';

const found = (models: Models, name: string) => {
  const known = models.get(name);
  if (known === undefined) throw new Error(`there is no read model ${name}`);
  return known;
};

/**
 * A row once its projection has come to where the log ended when the row was asked for, or can get no further. Rows of another version
 * than the code's stand still: they are given as they are, and are not current.
 */
export const rowFacts =
  (events: EventStore, shelf: Shelf) =>
  (name: string, key: string): TE.TaskEither<StoreFailure, RowFact<unknown>> =>
    pipe(
      events.head(),
      TE.flatMap((head) =>
        TE.tryCatch(async () => {
          const { model, runner } = found(shelf.models, name);
          const isStale = runner.live().version !== runner.projection.version;
          if (head !== undefined && !isStale) await runner.advance(head);
          const position = runner.status().position ?? '';
          const isAtHead =
            head === undefined || (position !== '' && events.compare(position, head) >= 0);
          const row = orFailed(shelf.rows.get(liveTable(shelf, model).table, key));
          return { row, position, current: isAtHead && !isStale };
        }, storeFailure),
      ),
    );

/** The failure that a `StoreFailed` carries; anything else is a bug and goes on as such. */
const storeFailure = (cause: unknown): StoreFailure => {
  if (cause instanceof StoreFailed) return cause.failure;
  throw cause;
};

/** Reads rows of projections that have passed a position; one that is broken before it is an error, not an answer. */
export const readerOf = ({ compare }: EventStore, shelf: Shelf, passed: Position): Reader => ({
  rows: (name, where, page = { limit: 1_000 }) =>
    defer(async () => {
      const { model, runner } = found(shelf.models, name);
      await runner.advance(passed);
      const { projection, position } = runner.status();
      if (position === undefined || compare(position, passed) < 0) {
        throw new Error(`projection ${projection} has not passed the event`);
      }
      return rowsWhere(shelf, model, where, page);
    }),
});
