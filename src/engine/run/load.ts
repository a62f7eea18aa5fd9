import { LRUCache } from 'lru-cache';
import type { Instant } from '../clock.ts';
import type { CommandKey } from '../ids.ts';
import { E, TE, pipe } from '../fp.ts';
import { replay, type HistoryFailure } from '../replay.ts';
import {
  senderOf,
  type Envelope,
  type EventStore,
  type Revision,
  type StoreFailure,
  type StreamName,
} from '../store.ts';
import type { Runnable, Status } from '../subsystem.ts';

/** A command that a stream remembers: what it asked for, and where its events lie. */
export type Remembered = {
  readonly payloadHash: string;
  readonly from: Revision;
  readonly count: number;
};

/** A stream as it stands. */
export type Loaded = {
  readonly state: Status;
  /** The stream's last event; undefined: nobody has written to it. */
  readonly last: Envelope | undefined;
  readonly memory: CommandMemory;
};

export type LoadFailure = StoreFailure | HistoryFailure;

/** How many of a stream's commands travel with its state. */
export const REMEMBERED_COMMANDS = 1_000;
const PAGE = 2_000;

/** The latest commands that wrote to a stream. It only ever grows along the stream's history, so all who hold it may share it. */
export type CommandMemory = {
  readonly recall: (key: CommandKey) => Remembered | undefined;
  /** Whether there were more commands than are remembered. */
  readonly forgot: () => boolean;
  readonly note: (history: readonly Envelope[]) => void;
};

const commandMemory = (): CommandMemory => {
  const commands = new Map<string, Remembered>();
  let through = -1;
  let forgot = false;
  const note = (envelope: Envelope): void => {
    if (envelope.revision <= through) return;
    through = envelope.revision;
    const { commandId, payloadHash } = envelope.metadata;
    const key = `${senderOf(envelope)}\u0000${commandId}`;
    const { from, count } = commands.get(key) ?? { from: envelope.revision, count: 0 };
    commands.set(key, { payloadHash, from, count: count + 1 });
    if (commands.size <= REMEMBERED_COMMANDS) return;
    forgot = true;
    for (const oldest of commands.keys()) {
      commands.delete(oldest);
      return;
    }
  };
  return {
    recall: ({ actor, commandId }) => commands.get(`${actor}\u0000${commandId}`),
    forgot: () => forgot,
    note: (history) => history.forEach(note),
  };
};

/** The stream after a further stretch of its history. */
const extended = (
  subsystem: Runnable,
  before: Loaded,
  history: readonly Envelope[],
): E.Either<HistoryFailure, Loaded> => {
  if (history.length === 0) return E.right(before);
  // The state may be in a reader's hands: a fold in place works on a copy.
  const state = replay(subsystem, structuredClone(before.state), history);
  if (E.isLeft(state)) return state;
  before.memory.note(history);
  return E.right({ state: state.right, last: history.at(-1), memory: before.memory });
};

export type Loader = {
  /** The stream at its head: what is cached, and the tail that the store has beyond it. */
  readonly load: (subsystem: Runnable, stream: StreamName) => TE.TaskEither<LoadFailure, Loaded>;
  /** Keeps a stream as an append has left it: its state after the events appended. */
  readonly keep: (before: Loaded, state: Status, appended: readonly Envelope[]) => void;
};

/** Streams are kept by recency, at most `capacity` of them; a kept one reads only its tail. */
export const loader = (events: EventStore, capacity = 10_000): Loader => {
  const cache = new LRUCache<string, Loaded>({ max: capacity });

  const onwards = (
    subsystem: Runnable,
    stream: StreamName,
    before: Loaded,
  ): TE.TaskEither<LoadFailure, Loaded> =>
    pipe(
      events.read(stream, {
        from: before.last === undefined ? 0 : before.last.revision + 1,
        limit: PAGE,
      }),
      TE.flatMap((tail): TE.TaskEither<LoadFailure, Loaded> => {
        const after = extended(subsystem, before, tail);
        if (E.isLeft(after) || tail.length < PAGE) return TE.fromEither(after);
        return onwards(subsystem, stream, after.right);
      }),
    );

  const cacheLatest = (loaded: Loaded): void => {
    if (loaded.last === undefined) return;
    const kept = cache.get(loaded.last.stream);
    if ((kept?.last?.revision ?? -1) < loaded.last.revision) cache.set(loaded.last.stream, loaded);
  };

  const untouched = ({ decider }: Runnable): Loaded => ({
    state: decider.initial,
    last: undefined,
    memory: commandMemory(),
  });

  return {
    load: (subsystem, stream) =>
      pipe(
        onwards(subsystem, stream, cache.get(stream) ?? untouched(subsystem)),
        TE.map((loaded) => {
          cacheLatest(loaded);
          return loaded;
        }),
      ),
    keep: ({ memory }, state, appended) => {
      memory.note(appended);
      cacheLatest({ state, last: appended.at(-1), memory });
    },
  };
};
