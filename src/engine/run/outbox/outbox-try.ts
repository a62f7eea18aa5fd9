import type { Instant } from '../../clock.ts';
import type { Effect } from '../../outbox.ts';
import type { RowStore } from '../../rows.ts';
import { StoreFailed } from '../../store.ts';
import { orFailed } from '../consumer.ts';
import { ATTEMPTS, pauseBefore } from '../delivery.ts';
import { CutShort } from './bounded-call.ts';
import type { Tenure } from './tenure.ts';
import type { OutboxTable, Stage, Work } from './outbox-table.ts';
import type { Ending, Step, StepParts } from './outbox-step.ts';

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
  const store = (stage: Stage): void =>
    // An answer is progress: reporting it has all its attempts before it.
    put({ ...work, stage, ...(stage.state === 'reporting' ? { attempts: 0 } : {}) });
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
    put(afterwards(effect, work, { end: 'again', cause: String(cause) }, clock.now()));
  }
};

/** What a try leaves; undefined: the work is over. */
const afterwards = (effect: Effect, work: Work, ending: Ending, now: Instant): Work | undefined => {
  if (ending.end === 'done') return undefined;
  const attempts = work.attempts + 1;
  const left = { ...work, attempts, lastError: ending.cause };
  if (ending.end === 'failed') return givenUp(left);
  const { state } = work.stage;
  const isOpen = effect.lookUp !== undefined && (state === 'submitted' || state === 'unknown');
  if (!isOpen && attempts >= ATTEMPTS) return givenUp(left);
  const longest = isOpen ? LONGEST_ASKING_MS : undefined;
  return { ...left, nextAt: now + pauseBefore(attempts, longest) };
};

const givenUp = (work: Work): Work => {
  const { stage } = work;
  const before = stage.state === 'failed' ? stage.before : stage;
  return { ...work, stage: { state: 'failed', before }, nextAt: null };
};
