import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import { commandMemory, type CommandMemory } from './command-memory.ts';
import { E, type TE } from '../fp.ts';
import { replay, type HistoryFailure } from '../replay.ts';
import type { Envelope, EventStore, Revision, StoreFailure, StreamName } from '../store.ts';
import type { Runnable, Status } from '../subsystem.ts';
import { noSnapshots, type Snapshots } from './snapshots.ts';

/** A stream as it stands. */
export type Loaded = {
  readonly state: Status;
  /** The stream's last event; undefined: nobody has written to it. */
  readonly last: Envelope | undefined;
  readonly memory: CommandMemory;
  /** The revision up to which a snapshot was taken, or was to be; -1: there is none. */
  readonly snapshot: number;
};

export type LoadFailure = StoreFailure | HistoryFailure;

export type Loader = {
  /**
   * The stream at its head: what is cached, and the tail that the store has beyond it. Where nobody else can append, what is cached
   * is the head, but for an append of this process that is just under way: `atLeast` is the revision that must be there.
   */
  readonly load: (
    subsystem: Runnable,
    stream: StreamName,
    atLeast?: Revision,
  ) => TE.TaskEither<LoadFailure, Loaded>;
  /** Keeps a stream as an append has left it: its state after the events appended. */
  readonly keep: (before: Loaded, state: Status, appended: readonly Envelope[]) => void;
  /** Takes back that what is cached of a stream is its head: an append may have been written although it failed. */
  readonly doubt: (stream: StreamName) => void;
};

/** Events that are folded before others may run: a few milliseconds' work. */
const PAGE = 500;

/** A stream that has fewer events than this is folded without a look at its snapshot. */
const SHORT = 64;

/** Commands that all kept streams may remember together. */
const REMEMBERED_ALTOGETHER = 250_000;

/** Streams that are kept at most. */
const CAPACITY = 10_000;

type LoadParts = {
  readonly events: EventStore;
  readonly snapshots: Snapshots;
  readonly breathe: Clock['breathe'];
};

/** Streams are kept by recency; a kept one reads only its tail, another one begins with its snapshot, if it is long. */
export const loader = (
  events: EventStore,
  { breathe }: Pick<Clock, 'breathe'>,
  snapshots: Snapshots = noSnapshots,
): Loader => {
  const parts = { events, snapshots, breathe };
  const cache = new LRUCache<string, Loaded>({
    max: CAPACITY,
    maxSize: REMEMBERED_ALTOGETHER,
    sizeCalculation: ({ memory }) => memory.size() + 1,
  });
  const cacheLatest = (loaded: Loaded): Loaded => {
    if (loaded.last === undefined) return loaded;
    const kept = cache.get(loaded.last.stream);
    if ((kept?.last?.revision ?? -1) >= loaded.last.revision) return loaded;
    const latest = withSnapshot(snapshots, loaded);
    cache.set(loaded.last.stream, latest);
    return latest;
  };
  return {
    load:
      (subsystem, stream, atLeast = 0) =>
      async () => {
        const kept = cache.get(stream);
        if (events.isSoleWriter === true && isAt(kept, atLeast)) return E.right(kept);
        const loaded =
          kept === undefined
            ? await begun(parts, subsystem, stream)
            : await broughtToHead(parts, subsystem, stream, { from: kept, isOwned: false });
        return E.map(cacheLatest)(loaded);
      },
    keep: ({ memory, snapshot }, state, appended) => {
      memory.note(appended);
      cacheLatest({ state, last: appended.at(-1), memory, snapshot });
    },
    doubt: (stream) => {
      // Where others append too, its tail is read at every load anyway.
      if (events.isSoleWriter === true) cache.delete(stream);
    },
  };
};

/** Has a snapshot taken where many events were appended or folded since the last one. */
const withSnapshot = ({ every, take }: Snapshots, loaded: Loaded): Loaded => {
  const { state, last, memory, snapshot } = loaded;
  if (last === undefined || last.revision - snapshot <= every) return loaded;
  take({ state, last, memory });
  return { ...loaded, snapshot: last.revision };
};

const isAt = (kept: Loaded | undefined, revision: Revision): kept is Loaded =>
  kept?.last !== undefined && kept.last.revision >= revision;

const untouched = ({ decider }: Runnable): Loaded => ({
  state: decider.initial,
  last: undefined,
  memory: commandMemory(),
  snapshot: -1,
});

/** A stream of which nothing is known yet. */
const begun = async (
  parts: LoadParts,
  subsystem: Runnable,
  stream: StreamName,
): Promise<E.Either<LoadFailure, Loaded>> => {
  const limit = Math.min(SHORT, parts.snapshots.every);
  const first = await parts.events.read(stream, { from: 0, limit })();
  if (E.isLeft(first)) return first;
  if (first.right.length === limit) {
    const restored = await parts.snapshots.restored(subsystem, stream);
    if (restored !== undefined) {
      const from = { ...restored, snapshot: restored.last.revision };
      return broughtToHead(parts, subsystem, stream, { from, isOwned: true });
    }
  }
  const from = folded(subsystem, { from: untouched(subsystem), isOwned: false }, first.right);
  if (E.isLeft(from) || first.right.length < limit) return from;
  return broughtToHead(parts, subsystem, stream, { from: from.right, isOwned: true });
};

/** Where a fold begins; a state that somebody else may hold is copied before it is folded in place. */
type Beginning = { readonly from: Loaded; readonly isOwned: boolean };

const folded = (
  subsystem: Runnable,
  { from, isOwned }: Beginning,
  history: readonly Envelope[],
): E.Either<LoadFailure, Loaded> => {
  if (history.length === 0) return E.right(from);
  const state = replay(subsystem, isOwned ? from.state : structuredClone(from.state), history);
  if (E.isLeft(state)) return state;
  from.memory.note(history);
  return E.right({ ...from, state: state.right, last: history.at(-1) });
};

/** Folds onto a stream all that the store has beyond it. */
const broughtToHead = async (
  { events, breathe }: LoadParts,
  subsystem: Runnable,
  stream: StreamName,
  beginning: Beginning,
): Promise<E.Either<LoadFailure, Loaded>> => {
  let { from, isOwned } = beginning;
  for (;;) {
    const next = from.last === undefined ? 0 : from.last.revision + 1;
    const page = await events.read(stream, { from: next, limit: PAGE })();
    if (E.isLeft(page)) return page;
    const after = folded(subsystem, { from, isOwned }, page.right);
    if (E.isLeft(after) || page.right.length < PAGE) return after;
    from = after.right;
    isOwned = true;
    await breathe();
  }
};
