import { E } from '../fp.ts';
import {
  StoreFailed,
  type EventStore,
  type Page,
  type Position,
  type StoreFailure,
} from '../store.ts';

/** Something that follows the log page by page and knows how far it has come. */
export type Consumer = {
  readonly position: () => Position | undefined;
  /** Follows the log until `target` has been consumed. Rejects if the store or the handling fails. */
  readonly advance: (target: Position) => Promise<void>;
  /** Follows the log until stopped; returns at once. `failed` hears why it ended, if it was not stopped. */
  readonly follow: (failed: (cause: unknown) => void) => void;
  readonly stop: () => Promise<void>;
};

export type ConsumerParts = {
  readonly events: EventStore;
  readonly types: readonly string[] | undefined;
  readonly after: Position | undefined;
  readonly handle: (page: Page) => Promise<void>;
};

/** One step at a time, whoever asks for it: a live loop and a caller that waits share the same pull. */
export const consumer = ({ events, types, after, handle }: ConsumerParts): Consumer => {
  const stopped = new AbortController();
  let position = after;
  let pages: AsyncIterableIterator<Page> | undefined;
  let stepping: Promise<void> | undefined;

  const subscribed = () =>
    (pages ??= events.subscribe({
      after: position,
      signal: stopped.signal,
      ...(types === undefined ? {} : { types }),
    }));

  const pull = async (): Promise<void> => {
    const next = await subscribed().next();
    if (next.done === true) return;
    await handle(next.value);
    position = next.value.position;
  };

  const step = (): Promise<void> => {
    stepping ??= pull().finally(() => {
      stepping = undefined;
    });
    return stepping;
  };

  // After a failure the next step subscribes again behind what has been handled.
  const stepOrReset = (): Promise<void> =>
    step().catch((cause: unknown) => {
      pages = undefined;
      throw cause;
    });

  const reached = (target: Position) =>
    position !== undefined && events.compare(position, target) >= 0;

  return {
    position: () => position,
    advance: async (target) => {
      while (!stopped.signal.aborted && !reached(target)) await stepOrReset();
    },
    follow: (failed) => {
      const loop = async (): Promise<void> => {
        while (!stopped.signal.aborted) await stepOrReset();
      };
      loop().catch((cause: unknown) => {
        if (!stopped.signal.aborted) failed(cause);
      });
    },
    stop: async () => {
      stopped.abort();
      await stepping?.catch(() => undefined);
    },
  };
};

/** The value of an answer of the store, or the failure thrown as `StoreFailed` for the consumer's caller. */
export const orFailed = <T>(answer: E.Either<StoreFailure, T>): T => {
  if (E.isLeft(answer)) throw new StoreFailed(answer.left);
  return answer.right;
};
