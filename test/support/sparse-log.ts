import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { E, TE, pipe } from '../../src/engine/fp.ts';
import type { Log } from '../../src/engine/rows.ts';
import type { Envelope, EventStore, Page, Subscription } from '../../src/engine/store.ts';

const STEP = 7n;
const AHEAD = 3n;

/** Positions as a server gives them: ordered, with gaps, and none of our own. */
const sparse = (position: string): string => `at:${BigInt(position) * STEP + AHEAD}`;
const dense = (position: string): string => {
  const [, found] = /^at:(\d+)$/.exec(position) ?? [];
  if (found === undefined) throw new Error(`no position: ${position}`);
  return `${(BigInt(found) - AHEAD) / STEP}`;
};

type Change = (event: Envelope) => readonly Envelope[];

const changed = (log: EventStore, change: Change): EventStore => {
  const moved = (events: readonly Envelope[]): readonly Envelope[] =>
    events.map((event) => ({ ...event, position: sparse(event.position) })).flatMap(change);
  const paged = async function* ({ after, ...rest }: Subscription): AsyncGenerator<Page> {
    const from = after === undefined ? undefined : dense(after);
    for await (const page of log.subscribe({ ...rest, after: from })) {
      yield { ...page, events: moved(page.events), position: sparse(page.position) };
    }
  };
  return {
    ...log,
    name: 'a server',
    read: (stream, options) => pipe(log.read(stream, options), TE.map(moved)),
    append: (stream, expected, drafts) =>
      pipe(
        log.append(stream, expected, drafts),
        TE.map(({ revision, position, events }) => ({
          revision,
          position: sparse(position),
          events: moved(events),
        })),
      ),
    subscribe: paged,
    head: () =>
      pipe(
        log.head(),
        TE.map((head) => (head === undefined ? head : sparse(head))),
      ),
    compare: (a, b) => Number(BigInt(dense(a)) - BigInt(dense(b))),
    find: (stream, id) =>
      pipe(
        log.read(stream),
        TE.map((events) => moved(events).find((event) => event.id === id)),
      ),
  };
};

/**
 * A log whose positions are as opaque as a server's, over another or one in memory; `change` says what becomes of an event on its way
 * to readers: nothing, another, none.
 */
export const sparseLog = (log: Log = memoryStore(), change: Change = (event) => [event]): Log => ({
  name: 'a server',
  durable: false,
  open: (options) => async () => {
    const open = await log.open(options)();
    if (E.isLeft(open)) return open;
    return E.right({ events: changed(open.right.events, change), close: open.right.close });
  },
});
