import type { AttemptFailure, Exhaustion } from './failure.ts';

/** How often and when a call is tried again; times in milliseconds. */
export type RetrySettings = {
  /** How many attempts there are at most, the first included. */
  readonly attempts: number;
  /** The ceiling of the first pause; twice as high before each further attempt, up to `maxMs`. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** A dependency that asks to be left alone for longer is not tried again. */
  readonly retryAfterMs: number;
};

/** How a run stands: the attempts that reached the dependency, and whether one of them may have had its effect. */
export type RetryState = { readonly attempts: number; readonly outcomeUnknown: boolean };

export type RetryInput = {
  readonly failure: AttemptFailure;
  /** Whether the attempt reached the dependency. */
  readonly wasSent: boolean;
  readonly retryAfterMs: number | undefined;
  /** Whether the call may be made twice at all. */
  readonly isRepeatable: boolean;
  readonly deadlineAt: number;
  /** Chance: at least 0, below 1. */
  readonly chance: number;
};

export type RetryDecision =
  | { readonly type: 'Retry'; readonly delayMs: number }
  /** What follows from the failure itself: trying again is out of the question. */
  | { readonly type: 'Final' }
  | { readonly type: 'Exhausted'; readonly because: Exhaustion };

export const firstAttempt: RetryState = { attempts: 0, outcomeUnknown: false };

/** The pause before attempt `attempt + 1`, with full jitter: whole milliseconds from 0 to the ceiling. */
export const backoffMs = (
  { baseMs, maxMs }: Pick<RetrySettings, 'baseMs' | 'maxMs'>,
  attempt: number,
  chance: number,
): number => Math.floor(chance * (Math.min(baseMs * 2 ** (attempt - 1), maxMs) + 1));

const leavesUnknown = (failure: AttemptFailure): boolean =>
  failure.type === 'TimedOut' ||
  failure.type === 'Aborted' ||
  (failure.type === 'CallFailed' && failure.kind === 'unknownOutcome');

const mayPass = (failure: AttemptFailure): boolean =>
  failure.type === 'TimedOut' ||
  (failure.type === 'CallFailed' &&
    (failure.kind === 'transient' || failure.kind === 'unknownOutcome'));

const notSent = (failure: AttemptFailure, { attempts }: RetryState): RetryDecision => {
  if (attempts === 0) return { type: 'Final' };
  if (failure.type === 'CircuitOpen') return { type: 'Exhausted', because: 'circuitOpen' };
  if (failure.type === 'BulkheadFull') return { type: 'Exhausted', because: 'bulkheadFull' };
  return { type: 'Final' };
};

const decide = (
  settings: RetrySettings,
  { attempts }: RetryState,
  input: RetryInput,
  now: number,
): RetryDecision => {
  const { failure, isRepeatable, deadlineAt, chance, retryAfterMs } = input;
  const isOver = failure.type === 'TimedOut' && failure.what === 'total';
  if (!mayPass(failure) || !isRepeatable || isOver) return { type: 'Final' };
  if (attempts >= settings.attempts) return { type: 'Exhausted', because: 'attempts' };
  if ((retryAfterMs ?? 0) > settings.retryAfterMs) {
    return { type: 'Exhausted', because: 'retryAfter' };
  }
  const delayMs = retryAfterMs ?? backoffMs(settings, attempts, chance);
  if (now + delayMs >= deadlineAt) return { type: 'Exhausted', because: 'deadline' };
  return { type: 'Retry', delayMs };
};

/** One step of a retry at a monotonic instant: what comes after an attempt that failed. */
export const retryStep = (
  settings: RetrySettings | 'off',
  state: RetryState,
  input: RetryInput,
  now: number,
): readonly [RetryState, RetryDecision] => {
  const { failure, wasSent } = input;
  if (!wasSent) return [state, notSent(failure, state)];
  const next = {
    attempts: state.attempts + 1,
    outcomeUnknown: state.outcomeUnknown || leavesUnknown(failure),
  };
  if (settings === 'off') return [next, { type: 'Final' }];
  return [next, decide(settings, next, input, now)];
};
