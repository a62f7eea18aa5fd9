import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';
import { commandMemory, type CommandMemory } from './command-memory.ts';
import { E, type TE } from '../fp.ts';
import { replay, type HistoryFailure } from '../replay.ts';
import type { Envelope, EventStore, Revision, StoreFailure, StreamName } from '../store.ts';
import type { Runnable, Status } from '../subsystem.ts';

/** A stream as it stands. */
export type Loaded = {
  readonly state: Status;
  /** The stream's last event; undefined: nobody has written to it. */
  readonly last: Envelope | undefined;
  readonly memory: CommandMemory;
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
};

/** Events that are folded before others may run: a few milliseconds' work. */
const PAGE = 500;

/** Commands that all kept streams may remember together. */
const REMEMBERED_ALTOGETHER = 250_000;

/** Streams are kept by recency, at most `capacity` of them; a kept one reads only its tail. */
export const loader = (
  events: EventStore,
  { breathe }: Pick<Clock, 'breathe'>,
  capacity = 10_000,
): Loader => {
  const cache = new LRUCache<string, Loaded>({
    max: capacity,
    maxSize: REMEMBERED_ALTOGETHER,
    sizeCalculation: ({ memory }) => memory.size() + 1,
  });
  const cacheLatest = (loaded: Loaded): void => {
    if (loaded.last === undefined) return;
    const kept = cache.get(loaded.last.stream);
    if ((kept?.last?.revision ?? -1) < loaded.last.revision) cache.set(loaded.last.stream, loaded);
  };
  return {
    load:
      (subsystem, stream, atLeast = 0) =>
      async () => {
        const kept = cache.get(stream);
        if (events.isSoleWriter === true && isAt(kept, atLeast)) return E.right(kept);
        const before = kept ?? untouched(subsystem);
        const loaded = await broughtToHead({ events, breathe }, subsystem, stream, before);
        if (E.isRight(loaded)) cacheLatest(loaded.right);
        return loaded;
      },
    keep: ({ memory }, state, appended) => {
      memory.note(appended);
      cacheLatest({ state, last: appended.at(-1), memory });
    },
  };
};

const isAt = (kept: Loaded | undefined, revision: Revision): kept is Loaded =>
  kept?.last !== undefined && kept.last.revision >= revision;

const untouched = ({ decider }: Runnable): Loaded => ({
  state: decider.initial,
  last: undefined,
  memory: commandMemory(),
});

/** Folds onto a stream all that the store has beyond it. */
const broughtToHead = async (
  { events, breathe }: { readonly events: EventStore } & Pick<Clock, 'breathe'>,
  subsystem: Runnable,
  stream: StreamName,
  before: Loaded,
): Promise<E.Either<LoadFailure, Loaded>> => {
  let { state, last } = before;
  let isOwned = false;
  for (;;) {
    const from = last === undefined ? 0 : last.revision + 1;
    const page = await events.read(stream, { from, limit: PAGE })();
    if (E.isLeft(page)) return page;
    const history = page.right;
    if (history.length > 0) {
      // The state may be in a reader's hands: a fold in place works on a copy.
      const folded = replay(subsystem, isOwned ? state : structuredClone(state), history);
      if (E.isLeft(folded)) return folded;
      isOwned = true;
      state = folded.right;
      last = history.at(-1);
      before.memory.note(history);
    }
    if (history.length < PAGE) return E.right({ state, last, memory: before.memory });
    await breathe();
  }
};
