import { E } from '../fp.ts';
import type { Gathering } from './gathering.ts';
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
  /** Takes in the next page, and waits for one where the log ends. Rejects as `advance` does. */
  readonly next: () => Promise<void>;
  /** Follows the log until stopped; returns at once. `failed` hears why it ended, if it was not stopped. */
  readonly follow: (failed: (cause: unknown) => void) => void;
  readonly stop: () => Promise<void>;
  /** Why the last step failed; undefined: it went well. */
  readonly failure: () => string | undefined;
};

export type ConsumerParts = {
  readonly events: EventStore;
  readonly types: readonly string[] | undefined;
  readonly after: Position | undefined;
  /** Where to go on after a failure, for a handler whose work may be stored although its store has failed; by default behind what was handled. */
  readonly resumeAfter?: () => Position | undefined;
  readonly handle: (page: Page) => Promise<void>;
  /** Waited for at the head, unless somebody asks for the next page. */
  readonly gather: Gathering;
};

/** One step at a time, whoever asks for it: a live loop and a caller that waits share the same pull. */
export const consumer = (parts: ConsumerParts): Consumer => {
  const stopped = new AbortController();
  const log = puller(parts, stopped.signal);
  let stepping: Promise<void> | undefined;

  const step = (): Promise<void> => {
    stepping ??= log.pull().finally(() => {
      stepping = undefined;
    });
    return stepping;
  };
  const isThere = (target: Position): boolean => {
    const position = log.position();
    return position !== undefined && parts.events.compare(position, target) >= 0;
  };
  const live = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await step();
      if (log.isAtHead()) await parts.gather();
    }
  };

  return {
    position: log.position,
    failure: log.failure,
    next: step,
    advance: async (target) => {
      while (!stopped.signal.aborted && !isThere(target)) await step();
    },
    follow: (failed) => {
      live().catch((cause: unknown) => {
        if (!stopped.signal.aborted) failed(cause);
      });
    },
    stop: async () => {
      stopped.abort();
      await stepping?.catch(() => undefined);
    },
  };
};

/** Takes the log's next page to the handler. After a failure it subscribes again behind what has been handled. */
const puller = (
  { events, types, after, resumeAfter, handle }: ConsumerParts,
  signal: AbortSignal,
) => {
  let position = after;
  let isAtHead = false;
  let failure: string | undefined;
  let isForsaken = false;
  let pages: AsyncIterableIterator<Page> | undefined;

  const wanted = { signal, ...(types === undefined ? {} : { types }) };
  const subscribed = () => (pages ??= events.subscribe({ after: position, ...wanted }));
  const taken = async (): Promise<void> => {
    if (isForsaken && resumeAfter !== undefined) position = resumeAfter();
    isForsaken = false;
    const next = await subscribed().next();
    if (next.done === true) return;
    const page = position === undefined ? next.value : beyond(position, next.value, events.compare);
    if (page !== undefined) await handle(page);
    position = page?.position ?? position;
    isAtHead = next.value.caughtUp;
    failure = undefined;
  };
  const forsaken = async (cause: unknown): Promise<never> => {
    failure = String(cause);
    isForsaken = true;
    const left = pages;
    pages = undefined;
    await left?.return?.();
    throw cause;
  };

  return {
    position: () => position,
    isAtHead: () => isAtHead,
    failure: () => failure,
    pull: () => taken().catch(forsaken),
  };
};

/**
 * What of a page lies behind a position; undefined: all of it was handled before, by a store that gives something twice. That the log
 * ends just there is told all the same: what was to happen at its end may not have been stored.
 */
const beyond = (
  position: Position,
  page: Page,
  compare: EventStore['compare'],
): Page | undefined => {
  const order = compare(page.position, position);
  if (order < 0 || (order === 0 && !page.caughtUp)) return undefined;
  const events = page.events.filter((event) => compare(event.position, position) > 0);
  return events.length === page.events.length ? page : { ...page, events };
};

/** The value of an answer of the store, or the failure thrown as `StoreFailed` for the consumer's caller. */
export const orFailed = <T>(answer: E.Either<StoreFailure, T>): T => {
  if (E.isLeft(answer)) throw new StoreFailed(answer.left);
  return answer.right;
};
