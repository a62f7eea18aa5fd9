import { Instant, type Clock } from '../clock.ts';
import { consumer, orFailed, type Consumer } from './consumer.ts';
import type { Due } from '../deadline.ts';
import { DEADLINE_TABLES, type Deadline, type DeadlineTable } from './deadline-table.ts';
import { E } from '../fp.ts';
import { digestOf } from '../ids.ts';
import type { LoadFailure, Loaded, Loader } from './load.ts';
import type { Gathering } from './gathering.ts';
import { passing } from './passing.ts';
import { isHistoryFailure } from '../replay.ts';
import type { Batch, RowChange, RowStore } from '../rows.ts';
import {
  StoreFailed,
  describeFailure,
  partsOf,
  type Envelope,
  type EventStore,
  type Position,
  type Revision,
  type StreamName,
} from '../store.ts';
import type { Runnable } from '../subsystem.ts';

export type WatchParts = {
  readonly instance: string;
  readonly events: EventStore;
  readonly rows: RowStore;
  readonly loader: Loader;
  readonly clock: Clock;
  readonly gather: Gathering;
  readonly subsystems: ReadonlyMap<string, Runnable>;
  /** Hears that the nearest deadline may have changed. */
  readonly changed: () => void;
};

const CONSUMER = 'deadlines';

/** Streams that are looked at before others may run. */
const CHUNK = 64;

/** Follows the log and keeps, for every stream, what falls due if it stays as it is. */
export const deadlineWatch = (parts: WatchParts, table: DeadlineTable): Consumer => {
  const { rows } = parts;
  const waiting = [...parts.subsystems.values()].filter(({ due }) => due !== undefined);
  // Other code may wait for other things: its table is built anew, at the head of each stream.
  const digest = digestOf(waiting.map(({ category, decider }) => [category, decider.version]));
  const stored = orFailed(rows.checkpoint(CONSUMER));
  const isOfThisCode = stored?.digest === digest;
  const progress = watchProgress(parts, digest, isOfThisCode ? stored.events : 0);

  const following = consumer({
    events: parts.events,
    gather: parts.gather,
    types: waiting.flatMap((subsystem) => Object.keys(subsystem.events.payloads)),
    after: isOfThisCode ? stored.position : undefined,
    handle: async ({ events: page, position }) => {
      const behind = page.filter(({ stream, revision }) => !isKnown(table, stream, revision));
      const heads = new Map(behind.map(({ stream, revision }) => [stream, revision] as const));
      progress.store(await observed(parts, table, heads), position, page.length);
    },
  });
  const prepared = once(async () => {
    if (!isOfThisCode) await emptied(parts);
    await observedAgain(parts, table);
  });
  return {
    ...following,
    stop: async () => {
      await following.stop();
      progress.flush();
    },
    advance: async (target) => {
      await prepared();
      await following.advance(target);
    },
    follow: (failed) => {
      prepared().then(() => following.follow(failed), failed);
    },
  };
};

/** Forgets how far the log was looked at, then what was found: a part of a table at a time, so that others run in between. */
const emptied = async ({ rows, clock }: WatchParts): Promise<void> => {
  orFailed(rows.commit({ changes: [], checkpoint: { consumer: CONSUMER, value: undefined } }));
  for (const table of DEADLINE_TABLES) {
    while (!orFailed(rows.clear(table))) await clock.breathe();
  }
};

/** How far the log was looked at, stored with what was found; where nothing was, once in a while. */
const watchProgress = (parts: WatchParts, digest: string, before: number) => {
  let events = before;
  const at = (position: Position, seen: number): Pick<Batch, 'checkpoint'> => ({
    checkpoint: { consumer: CONSUMER, value: { position, events: seen, digest } },
  });
  const unstored = passing((position) =>
    parts.rows.commit({ changes: [], ...at(position, events) }),
  );
  return {
    flush: unstored.flush,
    store: (changes: readonly RowChange[], position: Position, seen: number): void => {
      if (changes.length > 0) {
        commit(parts, { changes, ...at(position, events + seen) });
        unstored.overtaken();
      }
      events += seen;
      if (changes.length === 0) unstored.passed(position);
    },
  };
};

const commit = ({ rows, changed }: WatchParts, batch: Batch): void => {
  const stored = rows.commit(batch);
  // Heard of a failure too: what was stored all the same is found known, and tells of no change any more.
  if (batch.changes.length > 0) changed();
  orFailed(stored);
};

/** Looks at streams at their heads; what is to be changed by that. */
const observed = async (
  parts: WatchParts,
  table: DeadlineTable,
  streams: Iterable<readonly [stream: StreamName, atLeast: Revision]>,
): Promise<readonly RowChange[]> => {
  const changes: RowChange[] = [];
  let looked = 0;
  for (const [stream, atLeast] of streams) {
    changes.push(...(await observe(parts, table, stream, atLeast)));
    looked += 1;
    if (looked % CHUNK === 0) await parts.clock.breathe();
  }
  return changes;
};

/** Looks again at the streams that could not be read: code may have been mended since. */
const observedAgain = async (parts: WatchParts, table: DeadlineTable): Promise<void> => {
  let after: StreamName | undefined;
  for (;;) {
    const page = table.unreadableStreams(CHUNK, after).map(({ stream }) => stream);
    const changes = await observed(
      parts,
      table,
      page.map((stream) => [stream, 0] as const),
    );
    commit(parts, { changes });
    after = page.at(-1);
    if (page.length < CHUNK) return;
  }
};

/** Work that is done once, however often it is asked for; again only if it failed. */
const once = (work: () => Promise<void>): (() => Promise<void>) => {
  let doing: Promise<void> | undefined;
  return () => {
    doing ??= work().catch((cause: unknown) => {
      doing = undefined;
      throw cause;
    });
    return doing;
  };
};

const isKnown = (table: DeadlineTable, stream: StreamName, revision: number): boolean =>
  (table.revisionOf(stream) ?? -1) >= revision;

/** Looks at a stream at its head and replaces what it waits for. */
const observe = async (
  parts: WatchParts,
  table: DeadlineTable,
  stream: StreamName,
  atLeast: Revision,
): Promise<readonly RowChange[]> => {
  const subsystem = parts.subsystems.get(partsOf(stream)?.category ?? '');
  if (subsystem?.due === undefined) return [];
  const loaded = await parts.loader.load(subsystem, stream, atLeast)();
  if (E.isLeft(loaded)) return table.unreadable(stream, damage(loaded.left));
  const { last } = loaded.right;
  if (last === undefined) return [];
  const deadlines = duesOf(parts.instance, subsystem, loaded.right, last);
  if (E.isLeft(deadlines)) return table.unreadable(stream, deadlines.left);
  return table.replaced(stream, last.revision, deadlines.right);
};

/** A damaged history is its own stream's trouble; a failing store is everybody's. */
const damage = (failure: LoadFailure): string => {
  if (isHistoryFailure(failure)) return describeFailure(failure);
  throw new StoreFailed(failure);
};

/** What a stream waits for; Left: its `due` has a bug, which is its own stream's trouble too. */
const duesOf = (
  instance: string,
  { due }: Runnable,
  { state }: Loaded,
  last: Envelope,
): E.Either<string, readonly Deadline[]> =>
  E.tryCatch(() => {
    const { stream } = last;
    const self = { stream, id: partsOf(stream)?.id ?? '', instance };
    return (due?.(state, self) ?? []).map((falling) => deadlineOf(falling, last));
  }, String);

const deadlineOf = ({ at, command, stream }: Due, last: Envelope): Deadline => {
  if (!Instant.is(at)) throw new Error(`${command.type} would fall due at ${String(at)}`);
  return {
    at,
    stream: last.stream,
    revision: last.revision,
    target: stream ?? last.stream,
    command,
    causationId: last.id,
    correlationId: last.metadata.correlationId,
  };
};
