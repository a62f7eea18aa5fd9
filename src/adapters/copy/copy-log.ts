import { E } from '../../engine/fp.ts';
import { canonicalJson } from '../../engine/json.ts';
import { INSTANCE_STREAM, instanceEvents } from '../../engine/run/instance.ts';
import type { Envelope, EventStore, Position } from '../../engine/store.ts';
import { nativeEventHash } from '../event-hash.ts';
import { appender, type Weighed } from './append-runs.ts';
import { damaged, differs, nameOf } from './failures.ts';

/** What a copy has come to: how many events the target has, how many of them were there before, and where both logs end. */
export type Copied = {
  readonly instance: string;
  readonly events: number;
  readonly found: number;
  readonly from: Position;
  readonly to: Position;
};

/** How many events pass before it is told how many there were. */
const TOLD_EVENTS = 1_000;

/** The events of a log up to its head, in its order. */
async function* eventsIn(log: EventStore): AsyncGenerator<Envelope, undefined> {
  const stop = new AbortController();
  try {
    for await (const page of log.subscribe({ after: undefined, signal: stop.signal })) {
      yield* page.events;
      if (page.caughtUp) break;
    }
  } finally {
    stop.abort();
  }
  return undefined;
}

const sizeOf = ({ data, metadata }: { readonly data: string; readonly metadata: string }): number =>
  data.length + metadata.length;

/** An event of the source with the size of its texts; throws where they are not those that its hash was made of. */
const checked = (store: string, event: Envelope): Weighed => {
  if (event.unreadable !== undefined) {
    throw damaged(store, `${nameOf(event)} cannot be read: ${event.unreadable}`);
  }
  const texts = { data: canonicalJson(event.data), metadata: canonicalJson(event.metadata) };
  if (nativeEventHash({ ...event, ...texts }) === event.hash) return { event, size: sizeOf(texts) };
  throw damaged(store, `${nameOf(event)} is not what was written`);
};

const instanceIn = (store: string, event: Envelope): string => {
  const decoded = instanceEvents.decode(event);
  if (event.stream === INSTANCE_STREAM && E.isRight(decoded)) return decoded.right.data.instance;
  throw damaged(store, `its first event, ${nameOf(event)}, is no InstanceCreated`);
};

/** Refuses an event of the target that is not the source's. */
const same = (to: EventStore, event: Envelope, there: Envelope): void => {
  if (checked(to.name, there).event.hash === event.hash) return;
  const reason =
    nameOf(event) === nameOf(there)
      ? `its ${nameOf(there)} is another event`
      : `it has ${nameOf(there)} where ${nameOf(event)} belongs`;
  throw differs(to.name, reason);
};

/**
 * Copies a log into a store that holds nothing, or a beginning of the same log: ids, revisions, order, instants, metadata and the
 * instance are kept, positions are the target's own. What is there already is compared and passed over, so that an interrupted copy is
 * taken up again. Rejects with `CopyFailed` or `StoreFailed`.
 */
export const copyLog = async (
  from: EventStore,
  to: EventStore,
  progress: (events: number) => void = () => undefined,
): Promise<Copied> => {
  const there = eventsIn(to);
  const append = appender(to);
  const ends: { from?: Position; to?: Position; instance?: string } = {};
  let [events, found] = [0, 0];
  let next = await there.next();
  try {
    for await (const event of eventsIn(from)) {
      const source = checked(from.name, event);
      ends.instance ??= instanceIn(from.name, event);
      if (next.done === true) await append.take(source);
      else {
        same(to, event, next.value);
        ends.to = next.value.position;
        found += 1;
        next = await there.next();
      }
      ends.from = event.position;
      events += 1;
      if (events % TOLD_EVENTS === 0) progress(events);
    }
    if (next.done !== true) {
      throw differs(
        to.name,
        `it goes on with ${nameOf(next.value)}, which ${from.name} does not have`,
      );
    }
  } finally {
    await there.return(undefined);
  }
  const end = (await append.finish()) ?? ends.to;
  if (ends.instance === undefined || ends.from === undefined || end === undefined) {
    throw damaged(from.name, 'nothing has been written to it yet');
  }
  return { instance: ends.instance, events, found, from: ends.from, to: end };
};
