import { consumer, orFailed } from './consumer.ts';
import type { Clock, Instant } from '../clock.ts';
import type { Due } from '../deadline.ts';
import { E } from '../fp.ts';
import { deadlineCommandId } from '../ids.ts';
import type { LoadFailure, Loader } from './load.ts';
import type { Command } from '../decider.ts';
import { isHistoryFailure } from '../replay.ts';
import type { RowChange, RowStore } from '../rows.ts';
import {
  StoreFailed,
  partsOf,
  type Envelope,
  type EventStore,
  type Page,
  type Position,
  type StreamName,
} from '../store.ts';
import type { Runnable } from '../subsystem.ts';

/** A deadline as it is kept: until when, which command for which stream, and the event after which it was found. */
export type Deadline = {
  readonly at: Instant;
  readonly stream: StreamName;
  readonly revision: number;
  readonly target: string;
  readonly command: Command;
  readonly causationId: string;
  readonly correlationId: string;
};

/** Sends a deadline's command under its derived id; true: it was answered, whatever the answer. */
export type SendDeadline = (deadline: Deadline, commandId: string) => Promise<boolean>;

export type DeadlineRunner = {
  readonly position: () => Position | undefined;
  readonly advance: (target: Position) => Promise<void>;
  readonly follow: (failed: (cause: unknown) => void) => void;
  readonly stop: () => Promise<void>;
  /** The earliest instant at which something falls due, or undefined. */
  readonly nearest: () => Instant | undefined;
  /** Sends the first of what is due by now, as many as may be under way at once; resolves to how many that were. */
  readonly fire: () => Promise<number>;
  readonly pending: (limit: number) => readonly Deadline[];
};

export type DeadlineParts = {
  readonly instance: string;
  readonly events: EventStore;
  readonly rows: RowStore;
  readonly loader: Loader;
  readonly clock: Clock;
  readonly subsystems: ReadonlyMap<string, Runnable>;
  readonly send: SendDeadline;
  /** How many commands may be under way at once; 1 under virtual time. */
  readonly concurrency: number;
  /** Hears that the nearest deadline may have changed. */
  readonly changed: () => void;
};

/** Deadlines in the order in which they fall due, and per stream the keys of those it waits for. */
const DEADLINES = 'deadlines';
const STREAMS = 'deadlineStreams';
const CONSUMER = 'deadlines';

type StreamRow = { readonly revision: number; readonly keys: readonly string[] };

const keyOf = ({ at, stream, command, target }: Deadline): string =>
  [String(at).padStart(16, '0'), stream, command.type, target].join('\u0001');

const RETRY_FIRST_MS = 500;
const RETRY_LAST_MS = 30_000;

export const deadlineRunner = (parts: DeadlineParts): DeadlineRunner => {
  const { rows, events, clock, concurrency } = parts;
  const failures = new Map<string, { readonly times: number; readonly until: Instant }>();
  const following = consumer({
    events,
    types: typesOf(parts.subsystems),
    after: orFailed(rows.checkpoint(CONSUMER))?.position,
    handle: (page) => observed(parts, page),
  });

  const answered = (key: string, deadline: Deadline): void => {
    failures.delete(key);
    // What the answer has changed is known by now; a row that is still the same asks for nothing more.
    const row = orFailed(rows.get(DEADLINES, key)) as Deadline | undefined;
    if (row === undefined || row.revision !== deadline.revision) return;
    orFailed(rows.commit({ changes: [{ table: DEADLINES, key, row: undefined, entries: [] }] }));
  };

  const failed = (key: string): void => {
    const times = (failures.get(key)?.times ?? 0) + 1;
    const wait = Math.min(RETRY_FIRST_MS * 2 ** (times - 1), RETRY_LAST_MS);
    failures.set(key, { times, until: clock.now() + wait });
  };

  const fired = async (key: string, deadline: Deadline): Promise<void> => {
    const { stream, revision, at, target, command } = deadline;
    const id = deadlineCommandId(parts.instance, {
      stream,
      revision,
      at,
      target,
      commandType: command.type,
    });
    const isAnswered = await parts.send(deadline, id);
    if (!isAnswered) return failed(key);
    await caughtUp();
    return answered(key, deadline);
  };

  const caughtUp = async (): Promise<void> => {
    const head = await headOf(events);
    if (head !== undefined) await following.advance(head);
  };

  /** The next deadlines that may be sent: due, not waiting after a failure, one per target. */
  const ready = (): readonly { readonly key: string; readonly deadline: Deadline }[] => {
    const now = clock.now();
    const targets = new Set<string>();
    const found = listed(rows, concurrency + failures.size).filter(({ key, deadline }) => {
      const waits = (failures.get(key)?.until ?? 0) > now;
      if (deadline.at > now || waits || targets.has(deadline.target)) return false;
      targets.add(deadline.target);
      return true;
    });
    return found.slice(0, concurrency);
  };

  return {
    position: () => following.position(),
    advance: (target) => following.advance(target),
    follow: (reason) => following.follow(reason),
    stop: () => following.stop(),
    nearest: () => {
      const first = listed(rows, 1 + failures.size).map(({ key, deadline }) =>
        Math.max(deadline.at, failures.get(key)?.until ?? 0),
      );
      return first.length === 0 ? undefined : Math.min(...first);
    },
    fire: async () => {
      await caughtUp();
      const batch = ready();
      await Promise.all(batch.map(({ key, deadline }) => fired(key, deadline)));
      return batch.length;
    },
    pending: (limit) => listed(rows, limit).map(({ deadline }) => deadline),
  };
};

const headOf = async (events: EventStore): Promise<Position | undefined> =>
  orFailed(await events.head()());

const listed = (rows: RowStore, limit: number) =>
  orFailed(rows.page(DEADLINES, { limit })).map(({ key, row }) => ({
    key,
    deadline: row as Deadline,
  }));

/** The events of every subsystem in which something can fall due. */
const typesOf = (subsystems: ReadonlyMap<string, Runnable>): readonly string[] =>
  [...subsystems.values()].flatMap(({ due, events }) =>
    due === undefined ? [] : Object.keys(events.payloads),
  );

/** Looks at every stream of a page once, at its head, and replaces what it waits for. */
const observed = async (parts: DeadlineParts, page: Page): Promise<void> => {
  const latest = new Map<StreamName, number>();
  for (const { stream, revision } of page.events) latest.set(stream, revision);
  const changes: RowChange[] = [];
  for (const [stream, revision] of latest)
    changes.push(...(await replaced(parts, stream, revision)));
  const before = orFailed(parts.rows.checkpoint(CONSUMER));
  const value = {
    position: page.position,
    events: (before?.events ?? 0) + page.events.length,
    digest: '',
  };
  orFailed(parts.rows.commit({ changes, checkpoint: { consumer: CONSUMER, value } }));
  if (changes.length > 0) parts.changed();
};

const replaced = async (
  { rows, subsystems, loader, instance }: DeadlineParts,
  stream: StreamName,
  revision: number,
): Promise<readonly RowChange[]> => {
  const names = partsOf(stream);
  const subsystem = names && subsystems.get(names.category);
  const known = orFailed(rows.get(STREAMS, stream)) as StreamRow | undefined;
  if (names === undefined || subsystem?.due === undefined) return [];
  if (known !== undefined && known.revision >= revision) return [];
  const loaded = await loader.load(subsystem, stream)();
  if (E.isLeft(loaded)) return unlessDamaged(loaded.left);
  const last = loaded.right.last;
  if (last === undefined) return [];
  const dues = subsystem.due(loaded.right.state, { stream, id: names.id, instance });
  return rowsOf(
    known,
    last,
    dues.map((due) => deadlineOf(due, last)),
  );
};

/** A damaged history is its own stream's trouble; a failing store is everybody's. */
const unlessDamaged = (failure: LoadFailure): readonly RowChange[] => {
  if (isHistoryFailure(failure)) return [];
  throw new StoreFailed(failure);
};

const deadlineOf = ({ at, command, stream }: Due, last: Envelope): Deadline => ({
  at,
  stream: last.stream,
  revision: last.revision,
  target: stream ?? last.stream,
  command,
  causationId: last.id,
  correlationId: last.metadata.correlationId,
});

const rowsOf = (
  known: StreamRow | undefined,
  last: Envelope,
  deadlines: readonly Deadline[],
): readonly RowChange[] => {
  const row = { revision: last.revision, keys: deadlines.map(keyOf) } satisfies StreamRow;
  const gone = (known?.keys ?? []).filter((key) => !row.keys.includes(key));
  return [
    ...gone.map((key) => ({ table: DEADLINES, key, row: undefined, entries: [] })),
    ...deadlines.map((deadline) => ({
      table: DEADLINES,
      key: keyOf(deadline),
      row: deadline,
      entries: [],
    })),
    { table: STREAMS, key: last.stream, row, entries: [] },
  ];
};
