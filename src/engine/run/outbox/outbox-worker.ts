import { ReplaySubject, filter, firstValueFrom, takeUntil, type Observable } from 'rxjs';
import type { Clock, Instant } from '../../clock.ts';
import type { Effect } from '../../outbox.ts';
import { StoreFailed } from '../../store.ts';
import type { Activity } from '../activity.ts';
import { orFailed } from '../consumer.ts';
import { pool, type Pool } from './outbox-pool.ts';
import type { OutboxTable, Work } from './outbox-table.ts';
import type { Tenure, TenureHooks } from './tenure.ts';
import { tried, type TryParts } from './outbox-try.ts';
import { waking, type Waking } from './outbox-waking.ts';

export type WorkerParts = Omit<TryParts, 'tenure'> & {
  readonly activity: Activity;
  readonly tenureOf: (effect: string, hooks: TenureHooks) => Tenure;
};

/** Works on what stands in the table: a lane's works one after the other, many lanes at once. */
export type OutboxWorker = {
  /** Begins all whose turn has come, as far as there is room, and wakes for the next. */
  readonly begin: () => void;
  readonly halt: () => void;
  readonly stop: () => Promise<void>;
  /** Tries a work at once, from where it stands; undefined: there is none, else whether it is over. */
  readonly retry: (key: string) => Promise<boolean | undefined>;
  /** Forgets a work once it is not under way; false: there is none. */
  readonly drop: (key: string) => Promise<boolean>;
  /** Why the table could not be read or written the last time; undefined: it could. */
  readonly failure: () => string | undefined;
};

/** Lanes of one effect that may be under way at once; one by one under virtual time. */
const AT_ONCE = { wall: 16, virtual: 1 } as const;

/** The pause after a failure of the store, in milliseconds. */
const TRY_AGAIN_MS = 1_000;

export const outboxWorker = (effect: Effect, parts: WorkerParts): OutboxWorker => {
  const { clock } = parts;
  const [works, trouble] = [pool(parts.activity), troubles(clock, (until) => wakes.at(until))];
  // Whoever asks after the halt hears of it too.
  const [closing, halted] = [new AbortController(), new ReplaySubject<void>(1)];
  let isHalted = false;
  const begin = (): void => {
    if (isHalted) return;
    if (clock.now() < trouble.until()) wakes.at(trouble.until());
    else void trouble.guarded(() => begun(effect, parts, { works, tenure, wakes, start }));
  };
  const start = (work: Work): void => {
    const trying = { ...parts, tenure, closing: closing.signal };
    works.start(work, () => trouble.guarded(() => tried(effect, work, trying)), begin);
  };
  const wakes = waking(clock, begin, halted);
  const tenure = parts.tenureOf(effect.name, { gained: begin, halted });
  return {
    begin,
    failure: trouble.failure,
    halt: () => {
      isHalted = true;
      halted.next();
    },
    stop: async () => {
      closing.abort();
      await works.allAtRest();
      await tenure.release();
    },
    ...operating(parts, { works, begin, halted }),
  };
};

type Beginning = {
  readonly works: Pool;
  readonly tenure: Tenure;
  readonly wakes: Waking;
  readonly start: (work: Work) => void;
};

/** Starts what is due, as far as there is room and this engine is the one to do it; what is not due yet is woken for. */
const begun = async (
  { name }: Effect,
  { table, clock }: WorkerParts,
  { works, tenure, wakes, start }: Beginning,
): Promise<void> => {
  const [now, room] = [clock.now(), AT_ONCE[clock.kind]];
  const turns = free(table.turns(name, room + works.size()), works);
  const isDue = turns.some(({ at }) => at <= now);
  if (isDue && tenure.fence() === undefined) return tenure.want();
  if (!isDue && works.size() === 0) void tenure.release();
  for (const { at, work } of turns) {
    if (at > now || works.size() >= room) break;
    if (!works.isBusy(work.lane)) start(work);
  }
  wakes.at(turns.find(({ at }) => at > now)?.at);
};

const free = (turns: ReturnType<OutboxTable['turns']>, { isBusy }: Pool) =>
  turns.filter(({ work }) => !isBusy(work.lane));

/** Failures of the store, after each of which all pauses. */
const troubles = ({ now }: Clock, wakeAt: (instant: Instant) => void) => {
  let [until, failure]: [number, string | undefined] = [0, undefined];
  return {
    until: () => until,
    failure: () => failure,
    /** Does it, but for a failure of the store, which is noted. */
    guarded: async (work: () => Promise<void>): Promise<void> => {
      try {
        await work();
        failure = undefined;
      } catch (cause) {
        if (!(cause instanceof StoreFailed)) throw cause;
        failure = String(cause);
        until = now() + TRY_AGAIN_MS;
        wakeAt(until);
      }
    },
  };
};

type Operated = {
  readonly works: Pool;
  readonly begin: () => void;
  readonly halted: Observable<unknown>;
};

/** What an operator may do. */
const operating = (
  { rows, table }: WorkerParts,
  { works, begin, halted }: Operated,
): Pick<OutboxWorker, 'retry' | 'drop'> => {
  const change = (before: Work, after: Work | undefined): void => {
    orFailed(rows.commit({ changes: table.changed(before, after) }));
  };
  const tryOver = (key: string): Promise<string> =>
    firstValueFrom(
      works.rested.pipe(
        filter((other) => other === key),
        takeUntil(halted),
      ),
      { defaultValue: key },
    );
  return {
    retry: async (key) => {
      await works.atRest(key);
      const work = table.get(key);
      if (work === undefined) return undefined;
      const stage = work.stage.state === 'failed' ? work.stage.before : work.stage;
      change(work, { ...work, stage, attempts: 0, nextAt: 0 });
      const over = tryOver(key);
      begin();
      await over;
      return table.get(key) === undefined;
    },
    drop: async (key) => {
      await works.atRest(key);
      const work = table.get(key);
      if (work === undefined) return false;
      change(work, undefined);
      begin();
      return true;
    },
  };
};
