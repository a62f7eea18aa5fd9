import { compareText } from '../../engine/bytes.ts';
import { E, TE } from '../../engine/fp.ts';
import type { OpenStore, Store } from '../../engine/rows.ts';
import {
  partsOf,
  StoreFailed,
  type Appended,
  type Envelope,
  type EventStore,
  type Page,
  type StoreFailure,
  type StreamName,
} from '../../engine/store.ts';
import {
  APPEND_LIMIT_BYTES,
  comparePositions,
  conflict,
  envelopeAt,
  firstRevision,
  isRepeat,
  positionNumber,
  prepareAppend,
  tooLarge,
  type PreparedAppend,
} from '../append-rules.ts';
import { bell, pagedSubscription, type PageSource } from '../paged-subscription.ts';
import { memoryRows, noTables } from './memory-rows.ts';

type Stream = { readonly events: Envelope[]; readonly byId: Map<string, Envelope> };
type Log = { readonly events: Envelope[]; readonly streams: Map<StreamName, Stream> };
type Refusal = (writes: boolean) => StoreFailure | undefined;

const NAME = 'memory';

const appendedOf = (events: readonly Envelope[]): Appended => {
  const { revision, position } = events.at(-1)!; // an append holds at least one event
  return { revision, position, events };
};

const write = (log: Log, append: PreparedAppend): E.Either<StoreFailure, Appended> => {
  const { stream: name, expected, drafts } = append;
  const stream = log.streams.get(name) ?? { events: [], byId: new Map<string, Envelope>() };
  const actual = stream.events.at(-1)?.revision ?? 'none';
  const first = firstRevision(expected);
  if (actual !== expected) {
    const there = stream.events.slice(first, first + drafts.length);
    return isRepeat(drafts, there) ? E.right(appendedOf(there)) : E.left(conflict(append, actual));
  }
  const events = drafts.map((draft, index) =>
    envelopeAt(name, first + index, log.events.length + index + 1, draft),
  );
  for (const event of events) {
    log.events.push(event);
    stream.events.push(event);
    if (!stream.byId.has(event.id)) stream.byId.set(event.id, event);
  }
  log.streams.set(name, stream);
  return E.right(appendedOf(events));
};

const readStream = (
  events: readonly Envelope[],
  options: { readonly from?: number; readonly backwards?: boolean; readonly limit?: number } = {},
): readonly Envelope[] => {
  const { backwards = false, limit = Infinity } = options;
  if (!backwards) return events.slice(options.from ?? 0).slice(0, limit);
  const from = options.from ?? events.length - 1;
  return events
    .slice(0, from + 1)
    .toReversed()
    .slice(0, limit);
};

const pageOf = (
  log: Log,
  { after, types, limit }: Parameters<PageSource['pageAfter']>[0],
): Page => {
  const wanted = types === undefined ? undefined : new Set(types);
  const events: Envelope[] = [];
  let seen = positionNumber(after);
  while (seen < log.events.length && events.length < limit) {
    const event = log.events[seen]!;
    if (wanted === undefined || wanted.has(event.type)) events.push(event);
    seen += 1;
  }
  return { events, position: `${seen}`, caughtUp: seen >= log.events.length };
};

const streamsOf = (
  log: Log,
  { category, after, limit }: Parameters<EventStore['streams']>[0],
): readonly { readonly stream: StreamName; readonly revision: number }[] =>
  [...log.streams]
    .filter(([stream]) => category === undefined || partsOf(stream)?.category === category)
    .filter(([stream]) => after === undefined || compareText(stream, after) > 0)
    .toSorted(([a], [b]) => compareText(a, b))
    .slice(0, limit)
    .map(([stream, { events }]) => ({ stream, revision: events.length - 1 }));

const memoryEvents = (log: Log, rings: ReturnType<typeof bell>, refusal: Refusal): EventStore => {
  const serve = <T>(work: () => T): TE.TaskEither<StoreFailure, T> => {
    return async () => {
      const refused = refusal(false);
      return refused === undefined ? E.right(work()) : E.left(refused);
    };
  };
  const source: PageSource = {
    pageAfter: (request) => {
      const refused = refusal(false);
      if (refused !== undefined) throw new StoreFailed(refused);
      return pageOf(log, request);
    },
    more: rings.next,
  };
  return {
    name: NAME,
    isShared: false,
    read: (stream, options) =>
      serve(() => readStream(log.streams.get(stream)?.events ?? [], options)),
    append: (stream, expected, drafts) => async () => {
      const refused = refusal(true);
      if (refused !== undefined) return E.left(refused);
      const append = prepareAppend(stream, expected, drafts);
      if (append.size > APPEND_LIMIT_BYTES) return E.left(tooLarge(append));
      const written = write(log, append);
      if (E.isRight(written)) rings.ring();
      return written;
    },
    subscribe: (subscription) => pagedSubscription(source, subscription),
    head: () => serve(() => log.events.at(-1)?.position),
    compare: comparePositions,
    find: (stream, id) => serve(() => log.streams.get(stream)?.byId.get(id)),
    streams: (options) => serve(() => streamsOf(log, options)),
  };
};

/** The reference store: all in memory, frozen; opened again after a close it holds what it held, as if the process had restarted. */
export const memoryStore = (): Store => {
  const log: Log = { events: [], streams: new Map() };
  const tables = noTables();
  const rings = bell();
  const opened = (readOnly: boolean): OpenStore => {
    let closed = false;
    const refusal: Refusal = (writes) => {
      if (closed) return { type: 'StoreClosed', path: NAME };
      if (!writes || !readOnly) return undefined;
      const reason = 'it was opened read-only';
      return { type: 'StoreUnavailable', path: NAME, reason, remedy: 'open it for writing' };
    };
    return {
      events: memoryEvents(log, rings, refusal),
      rows: memoryRows(tables, refusal),
      close: async () => {
        closed = true;
        rings.ring();
      },
    };
  };
  return {
    name: NAME,
    durable: false,
    open: ({ readOnly }) => TE.right(opened(readOnly)),
  };
};
