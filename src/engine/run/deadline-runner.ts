import type { Clock, Instant } from '../clock.ts';
import { orFailed } from './consumer.ts';
import {
  deadlineTable,
  type Deadline,
  type DeadlineTable,
  type KeyedDeadline,
  type Stuck,
} from './deadline-table.ts';
import { deadlineWatch, type WatchParts } from './deadline-watch.ts';
import { E } from '../fp.ts';
import { deadlineCommandId, type Sha256 } from '../ids.ts';
import { isHistoryFailure } from '../replay.ts';
import { describeFailure, type Position } from '../store.ts';

/** Sends a deadline's command under its derived id. Right: it was answered, whatever the answer. */
export type SendDeadline = (
  deadline: Deadline,
  commandId: string,
) => Promise<E.Either<{ readonly type: string }, unknown>>;

export type DeadlineRunner = {
  readonly position: () => Position | undefined;
  /** Why the log could not be followed the last time; undefined: it could. */
  readonly failure: () => string | undefined;
  readonly advance: (target: Position) => Promise<void>;
  readonly follow: (failed: (cause: unknown) => void) => void;
  readonly stop: () => Promise<void>;
  /** The earliest instant at which something falls due, or undefined. */
  readonly nearest: () => Instant | undefined;
  /** Sends the first of what is due by now, as many as may be under way at once; resolves to how many that were. */
  readonly fire: () => Promise<number>;
  readonly pending: (limit: number) => readonly Deadline[];
  /** Streams that cannot be read, and those whose commands fail: some of them, if there are many. */
  readonly stuck: () => readonly Stuck[];
};

export type DeadlineParts = WatchParts & {
  readonly sha256: Sha256;
  readonly send: SendDeadline;
  /** How many commands may be under way at once; 1 under virtual time. */
  readonly concurrency: number;
};

export const deadlineRunner = (parts: DeadlineParts): DeadlineRunner => {
  const table = deadlineTable(parts.rows);
  const failures = failuresOf(parts.clock.now);
  const watch = deadlineWatch(parts, table);
  const waiting = { table, failures, clock: parts.clock };
  const caughtUp = async (): Promise<void> => {
    const head = orFailed(await parts.events.head()());
    if (head !== undefined) await watch.advance(head);
  };
  /** Whether the deadline's command was answered. */
  const fired = async (kept: KeyedDeadline): Promise<boolean> => {
    const answer = await parts.send(kept.deadline, commandIdOf(parts, kept.deadline));
    if (E.isLeft(answer)) failures.note(kept, answer.left);
    else failures.forget(kept.key);
    return E.isRight(answer);
  };
  return {
    position: watch.position,
    failure: watch.failure,
    advance: watch.advance,
    follow: watch.follow,
    stop: watch.stop,
    nearest: () => nearestOf(waiting),
    fire: async () => {
      await caughtUp();
      failures.forgetUnless(table.has);
      const batch = ready(waiting, parts.concurrency);
      const ends = await Promise.allSettled(batch.map(fired));
      // What the answers have changed is known then; a deadline that is still the same asks for nothing more.
      await caughtUp();
      table.answered(batch.filter((_, index) => isTrue(ends[index])));
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
      return batch.length;
    },
    pending: (limit) => table.first(limit).map(({ deadline }) => deadline),
    stuck: () => {
      failures.forgetUnless(table.has);
      return [...table.unreadableStreams(MOST_SHOWN), ...failures.shown()];
    },
  };
};

const isTrue = (end: PromiseSettledResult<boolean> | undefined): boolean =>
  end?.status === 'fulfilled' && end.value;

/** What there is to be sent, and what waits after a failure. */
type Waiting = {
  readonly table: DeadlineTable;
  readonly failures: ReturnType<typeof failuresOf>;
  readonly clock: Clock;
};

const nearestOf = ({ table, failures }: Waiting): Instant | undefined => {
  const instants = table
    .first(1 + failures.size())
    .map(({ key, deadline }) => Math.max(deadline.at, failures.until(key)));
  const nearest = Math.min(...instants);
  return nearest === Infinity ? undefined : nearest;
};

/** The next deadlines that may be sent, at most `limit`: due, not waiting after a failure, one per target. */
const ready = ({ table, failures, clock }: Waiting, limit: number): readonly KeyedDeadline[] => {
  const now = clock.now();
  const targets = new Set<string>();
  const found = table.first(limit + failures.size()).filter(({ key, deadline }) => {
    if (Math.max(deadline.at, failures.until(key)) > now) return false;
    if (targets.has(deadline.target)) return false;
    targets.add(deadline.target);
    return true;
  });
  return found.slice(0, limit);
};

const MOST_SHOWN = 100;

const commandIdOf = ({ instance, sha256 }: DeadlineParts, deadline: Deadline): string =>
  deadlineCommandId(instance, { ...deadline, commandType: deadline.command.type }, sha256);

const RETRY_FIRST_MS = 500;
const RETRY_LAST_MS = 30_000;

type Failure = Stuck & { readonly times: number; readonly until: Instant };

/** Deadlines whose commands got no answer, and when each is tried again; with a damaged history only after a restart. */
const failuresOf = (now: () => Instant) => {
  const failures = new Map<string, Failure>();
  return {
    size: () => failures.size,
    until: (key: string): Instant => failures.get(key)?.until ?? 0,
    forget: (key: string): void => {
      failures.delete(key);
    },
    /** Forgets the deadlines that are no more. */
    forgetUnless: (isThere: (key: string) => boolean): void => {
      for (const key of failures.keys()) if (!isThere(key)) failures.delete(key);
    },
    note: ({ key, deadline }: KeyedDeadline, failure: { readonly type: string }): void => {
      const times = (failures.get(key)?.times ?? 0) + 1;
      const wait = isHistoryFailure(failure)
        ? Infinity
        : Math.min(RETRY_FIRST_MS * 2 ** (times - 1), RETRY_LAST_MS);
      const { stream } = deadline;
      failures.set(key, { stream, cause: describeFailure(failure), times, until: now() + wait });
    },
    shown: (): readonly Stuck[] =>
      [...failures.values()].slice(0, MOST_SHOWN).map(({ stream, cause }) => ({ stream, cause })),
  };
};
