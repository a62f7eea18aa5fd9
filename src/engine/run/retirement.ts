import type { Clock } from '../clock.ts';
import { orFailed } from './consumer.ts';
import type { GenerationBook } from './generation-book.ts';
import { consumerOf, modelsOfCode, tableOf, type Generation } from './generations.ts';
import type { AnyProjection } from '../projection.ts';
import type { RowStore } from '../rows.ts';

/** Removes the rows of generations that nobody sees any more. */
export type Retirement = {
  /** Removes all there are; resolves when nothing is left, or when it was stopped. Whoever asks meanwhile waits for the same work. */
  readonly run: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

export type RetirementParts = { readonly rows: RowStore; readonly clock: Pick<Clock, 'breathe'> };

/** A part of a table at a time, so that others run in between; what a crash leaves is named in the store and goes on later. */
export const retirement = (
  projection: AnyProjection,
  book: GenerationBook,
  { rows, clock }: RetirementParts,
): Retirement => {
  const stopped = new AbortController();
  let running: Promise<void> | undefined;
  const emptied = async (old: Generation): Promise<void> => {
    for (const model of Object.keys(old.models ?? modelsOfCode(projection))) {
      while (!stopped.signal.aborted && !orFailed(rows.clear(tableOf(model, old.number))))
        await clock.breathe();
    }
  };
  const removed = async (): Promise<void> => {
    // Whose rows go must be known to be retired before the first of them does.
    if (book.now().retired.length > 0) book.store(book.now());
    for (let [old] = book.now().retired; old !== undefined; [old] = book.now().retired) {
      await emptied(old);
      if (stopped.signal.aborted) return;
      forgotten(projection, book, old);
    }
  };
  return {
    run: () => {
      running ??= removed().finally(() => {
        running = undefined;
      });
      return running;
    },
    stop: async () => {
      stopped.abort();
      await running?.catch(() => undefined);
    },
  };
};

/** Takes a generation out of the book together with its checkpoint. */
const forgotten = ({ name }: AnyProjection, book: GenerationBook, { number }: Generation): void => {
  const now = book.now();
  const retired = now.retired.filter((other) => other.number !== number);
  book.store({ ...now, retired }, { consumer: consumerOf(name, number), value: undefined });
};
