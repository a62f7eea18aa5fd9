import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Page, Position, Subscription } from '../engine/store.ts';

/** What a store of our own gives so that it can be subscribed to. */
export type PageSource = {
  /** The page behind a position; throws `StoreFailed`. */
  readonly pageAfter: (request: {
    readonly after: Position;
    readonly types: readonly string[] | undefined;
    readonly limit: number;
  }) => Page;
  /** Resolves once there may be more than at the last page, or the signal has aborted. */
  readonly more: (signal: AbortSignal) => Promise<void>;
};

/** Wakes all who wait. */
export type Bell = {
  readonly ring: () => void;
  readonly next: (signal: AbortSignal) => Promise<void>;
};

/** A bell that whoever waits at the head of a log listens to. */
export const bell = (): Bell => {
  let waiting: (() => void)[] = [];
  return {
    ring: () => {
      const woken = waiting;
      waiting = [];
      for (const wake of woken) wake();
    },
    next: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve();
        const wake = () => {
          signal.removeEventListener('abort', leave);
          resolve();
        };
        const leave = () => {
          waiting = waiting.filter((other) => other !== wake);
          resolve();
        };
        signal.addEventListener('abort', leave, { once: true });
        waiting.push(wake);
      }),
  };
};

/** The position before the first event of a store of our own. */
const START: Position = '0';

async function* pages(
  source: PageSource,
  { after, types, pageSize }: Subscription,
  signal: AbortSignal,
): AsyncGenerator<Page, undefined, undefined> {
  let position = after ?? START;
  let toldCaughtUp = false;
  while (!signal.aborted) {
    const page = source.pageAfter({ after: position, types, limit: pageSize ?? 500 });
    if (page.position !== position || (page.caughtUp && !toldCaughtUp)) {
      position = page.position;
      toldCaughtUp = page.caughtUp;
      yield page;
      // Catching up leaves the event loop to others between two pages.
      if (!page.caughtUp) await nextTurn();
    } else {
      await source.more(signal);
      // Whoever has written gets its answer before others work on what it wrote.
      await nextTurn();
    }
  }
  return undefined;
}

/**
 * Pages until the signal aborts or the consumer returns, whichever of them comes while it waits: `begin` is given a signal for both.
 */
export const endable = (
  subscription: Pick<Subscription, 'signal'>,
  begin: (signal: AbortSignal) => AsyncGenerator<Page, undefined, undefined>,
): AsyncIterableIterator<Page> => {
  const own = new AbortController();
  const stop = () => own.abort();
  if (subscription.signal.aborted) stop();
  subscription.signal.addEventListener('abort', stop, { once: true });
  const iterator = begin(own.signal);
  const end = () => {
    subscription.signal.removeEventListener('abort', stop);
    stop();
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => {
      const result = await iterator.next().catch((error: unknown) => {
        end();
        throw error;
      });
      if (result.done === true) end();
      return result;
    },
    return: () => {
      end();
      return iterator.return(undefined);
    },
  };
};

/** A page without events tells how far the log was seen; the first page at the head is given even when it is empty. */
export const pagedSubscription = (
  source: PageSource,
  subscription: Subscription,
): AsyncIterableIterator<Page> =>
  endable(subscription, (signal) => pages(source, subscription, signal));
