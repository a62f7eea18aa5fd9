import type { Instant } from '../../clock.ts';
import type { Effect } from '../../outbox.ts';
import type { RowStore } from '../../rows.ts';
import { StoreFailed } from '../../store.ts';
import { orFailed } from '../consumer.ts';
import { ATTEMPTS, pauseBefore } from '../delivery.ts';
import { CutShort } from './bounded-call.ts';
import type { Tenure } from './tenure.ts';
import type { OutboxTable, Stage, Work } from './outbox-table.ts';
import type { Ending, StepParts } from './outbox-ending.ts';
import type { Step } from './outbox-step.ts';

export type TryParts = StepParts & {
  readonly rows: RowStore;
  readonly table: OutboxTable;
  readonly step: Step;
  readonly tenure: Tenure;
};

/** The longest pause before it is asked again what became of something that may have gone out: an hour. */
const LONGEST_ASKING_MS = 3_600_000;

/** One try of a work, stored stage by stage. Rejects with `StoreFailed` alone; what is cut short stays as it is stored. */
export const tried = async (
  effect: Effect,
  first: Work,
  { closing, ...parts }: TryParts & { readonly closing: AbortSignal },
): Promise<void> => {
  const { rows, table, clock, tenure } = parts;
  let work = first;
  const put = (after: Work | undefined): void => {
    orFailed(rows.commit({ changes: table.changed(work, after) }));
    if (after !== undefined) work = after;
  };
  const store = (stage: Stage, key = work.key): void =>
    // An answer is progress: reporting it has all its attempts before it.
    put({ ...work, key, stage, ...(stage.state === 'reporting' ? { attempts: 0 } : {}) });
  const calling = { timeoutMs: effect.timeoutMs, closing, fence: tenure.fence() ?? 0 };
  try {
    const ending = await parts.step(parts, {
      effect,
      work,
      calling,
      store,
      confirm: tenure.confirm,
    });
    put(afterwards(effect, work, ending, clock.now()));
  } catch (cause) {
    if (cause instanceof CutShort) return;
    if (cause instanceof StoreFailed) throw cause;
    // An answer that a bug has lost is no reason to send again what cannot be looked up.
    const end = effect.lookUp === undefined && isOut(work) ? 'failed' : 'again';
    put(afterwards(effect, work, { end, cause: String(cause) }, clock.now()));
  }
};

/** Whether it may have gone out, and nobody has said what became of it. */
const isOut = ({ stage: { state } }: Work): boolean => state === 'submitted' || state === 'unknown';

/** What a try leaves; undefined: the work is over. */
const afterwards = (effect: Effect, work: Work, ending: Ending, now: Instant): Work | undefined => {
  if (ending.end === 'done') return undefined;
  // What an outage has cost is not held against the work.
  const attempts = Math.min(work.attempts + 1, ending.end === 'outage' ? ATTEMPTS - 1 : Infinity);
  const left = { ...work, attempts, lastError: ending.cause };
  if (ending.end === 'failed') return givenUp(left);
  const isOpen = effect.lookUp !== undefined && isOut(work);
  if (!isOpen && attempts >= ATTEMPTS) return givenUp(left);
  const longest = isOpen ? LONGEST_ASKING_MS : undefined;
  return { ...left, nextAt: now + pauseBefore(attempts, longest) };
};

const givenUp = (work: Work): Work => {
  const { stage } = work;
  const before = stage.state === 'failed' ? stage.before : stage;
  return { ...work, stage: { state: 'failed', before }, nextAt: null };
};
