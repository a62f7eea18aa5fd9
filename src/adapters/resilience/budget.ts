import { callsIn, counted, emptyWindow, markedIn, slide, type Window } from './window.ts';

/** How much load retries may add. */
export type BudgetSettings = {
  /** Above the floor, retries are at most this share of the calls of the last 10 seconds, in ppm. */
  readonly budgetPpm: number;
  /** So many retries a second are always allowed. */
  readonly budgetFloorPerSecond: number;
};

/** Calls and the retries above the floor, and how much of the floor this second has used. */
export type BudgetState = {
  readonly window: Window;
  readonly second: number;
  readonly floorUsed: number;
};

export type BudgetInput = 'call' | 'retry';
export type BudgetDecision = 'granted' | 'refused';

const SECOND = { bucketMs: 1_000, buckets: 10 };

export const fullBudget: BudgetState = { window: emptyWindow, second: 0, floorUsed: 0 };

/**
 * One step of a retry budget at a monotonic instant: a call is counted and always granted, a retry uses the floor of its second first.
 * No call pays for two retries, so over any time retries above the floor stay within their share of the calls.
 */
export const budgetStep = (
  { budgetPpm, budgetFloorPerSecond }: BudgetSettings,
  state: BudgetState,
  input: BudgetInput,
  now: number,
): readonly [BudgetState, BudgetDecision] => {
  const window = slide(state.window, SECOND, now);
  const second = Math.max(state.second, Math.floor(now / 1_000));
  const floorUsed = second === state.second ? state.floorUsed : 0;
  if (input === 'call') return [{ window: counted(window, 1, 0), second, floorUsed }, 'granted'];
  if (floorUsed < budgetFloorPerSecond) {
    return [{ window, second, floorUsed: floorUsed + 1 }, 'granted'];
  }
  if ((markedIn(window) + 1) * 1_000_000 > budgetPpm * callsIn(window)) {
    return [{ window, second, floorUsed }, 'refused'];
  }
  return [{ window: counted(window, 0, 1), second, floorUsed }, 'granted'];
};
