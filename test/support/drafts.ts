import { randomUUID } from 'node:crypto';
import { E, type TE } from '../../src/engine/fp.ts';
import {
  describeFailure,
  type Draft,
  type Envelope,
  type EventStore,
  type Page,
  type StoreFailure,
  type StreamName,
} from '../../src/engine/store.ts';

let streams = 0;

/** A stream name that no other test uses, on a server that many share too. */
export const freshStream = (category = 'contract'): StreamName =>
  `${category}-${randomUUID()}-${(streams += 1)}`;

/** A draft with an id of its own. */
export const draft = (data: unknown = { n: 1 }, type = 'ThingHappened'): Draft => ({
  id: randomUUID(),
  type,
  version: 1,
  data,
  metadata: {
    at: 1_700_000_000_000,
    actor: 'alice',
    commandId: 'command-1',
    payloadHash: 'ab'.repeat(32),
    correlationId: 'correlation-1',
  },
});

/** `count` drafts that carry their number. */
export const drafts = (count: number, type = 'ThingHappened'): readonly Draft[] =>
  Array.from({ length: count }, (_, n) => draft({ n }, type));

/** The value of a task that must succeed. */
export const right = async <T>(task: TE.TaskEither<StoreFailure, T>): Promise<T> => {
  const result = await task();
  if (E.isLeft(result)) throw new Error(`unexpected ${describeFailure(result.left)}`);
  return result.right;
};

/** The failure of a task that must fail. */
export const left = async <T>(task: TE.TaskEither<StoreFailure, T>): Promise<StoreFailure> => {
  const result = await task();
  if (E.isRight(result)) throw new Error(`unexpected success: ${JSON.stringify(result.right)}`);
  return result.left;
};

/** The value of an Either that must be right. */
export const now = <T>(result: E.Either<StoreFailure, T>): T => {
  if (E.isLeft(result)) throw new Error(`unexpected ${describeFailure(result.left)}`);
  return result.right;
};

export const idsOf = (events: readonly { readonly id: string }[]): readonly string[] =>
  events.map(({ id }) => id);

/** Pulls pages until the condition holds for all that came. */
export const pull = async (
  pages: AsyncIterator<Page>,
  enough: (events: readonly Envelope[], last: Page) => boolean,
): Promise<{ readonly events: readonly Envelope[]; readonly pages: readonly Page[] }> => {
  const seen: Page[] = [];
  const events: Envelope[] = [];
  for (;;) {
    const { value, done } = await pages.next();
    if (done === true) return { events, pages: seen };
    seen.push(value);
    events.push(...value.events);
    if (enough(events, value)) return { events, pages: seen };
  }
};

/** All behind a position up to the head. */
export const caughtUp = async (
  store: EventStore,
  after: string | undefined,
  options: { readonly types?: readonly string[]; readonly pageSize?: number } = {},
): Promise<{ readonly events: readonly Envelope[]; readonly pages: readonly Page[] }> => {
  const stop = new AbortController();
  const pages = store.subscribe({ after, signal: stop.signal, ...options });
  const result = await pull(pages, (_, last) => last.caughtUp);
  stop.abort();
  await pages.return?.();
  return result;
};
