import type { Instant } from '../../engine/clock.ts';

/**
 * What an adapter says of an error that its call threw.
 * - `transient`: it had no effect, and may go better soon
 * - `unknownOutcome`: it may have had its effect
 * - `permanent`: the dependency will never do it
 * - `callerMistake`: the dependency is well and says no: a 4xx, a rejection, a conflict
 *
 * `retryAfterMs` is how long the dependency asks to be left alone; 0: try again at once.
 */
export type Classification =
  | { readonly kind: 'transient' | 'unknownOutcome'; readonly retryAfterMs?: number }
  | { readonly kind: 'permanent' | 'callerMistake' };

/** Why one attempt came to nothing. `until` is an instant of the clock's `now`; times in milliseconds. */
export type AttemptFailure =
  | {
      readonly type: 'CallFailed';
      readonly kind: Classification['kind'];
      readonly cause: unknown;
    }
  | {
      readonly type: 'TimedOut';
      readonly what: 'attempt' | 'total';
      readonly afterMs: number;
    }
  | { readonly type: 'Aborted'; readonly reason: unknown }
  | { readonly type: 'CircuitOpen'; readonly until: Instant }
  | { readonly type: 'BulkheadFull'; readonly running: number; readonly waiting: number };

/** Why no further attempt was made. */
export type Exhaustion =
  'attempts' | 'budget' | 'deadline' | 'retryAfter' | 'circuitOpen' | 'bulkheadFull';

type Told = {
  /** The policy's name. */
  readonly dependency: string;
  /** How many attempts reached the dependency. */
  readonly attempts: number;
  /** Whether one of them may have had its effect. */
  readonly outcomeUnknown: boolean;
};

/** Why a run came to nothing. */
export type PolicyFailure = Told &
  (
    | AttemptFailure
    | {
        readonly type: 'RetriesExhausted';
        readonly because: Exhaustion;
        readonly last: AttemptFailure;
      }
  );

const KINDS: Readonly<Record<Classification['kind'], string>> = {
  transient: 'failed for now',
  unknownOutcome: 'failed, perhaps after its effect',
  permanent: 'failed for good',
  callerMistake: 'was refused',
};

const tell = (failure: AttemptFailure): string => {
  if (failure.type === 'CallFailed') {
    return `the call ${KINDS[failure.kind]}: ${String(failure.cause)}`;
  }
  if (failure.type === 'TimedOut') {
    const { what, afterMs } = failure;
    return `no answer in ${afterMs} ms; raise ${what}Ms if it should take longer`;
  }
  if (failure.type === 'Aborted') return `aborted by the caller: ${String(failure.reason)}`;
  if (failure.type === 'CircuitOpen') {
    const until = new Date(failure.until).toISOString();
    return `not called, it failed too often; it is asked again from ${until} on`;
  }
  const { running, waiting } = failure;
  return `not called, ${running} calls under way and ${waiting} waiting; send less or widen the bulkhead`;
};

const WHY: Readonly<Record<Exhaustion, string>> = {
  attempts: 'no attempts are left',
  budget: 'the retry budget is used up',
  deadline: 'the deadline comes first',
  retryAfter: 'it asks to be left alone for too long',
  circuitOpen: 'the circuit has opened',
  bulkheadFull: 'the bulkhead is full',
};

/** A policy's failure for people who know already which dependency it is about. */
export const policyFailureReason = (failure: PolicyFailure): string => {
  const what =
    failure.type === 'RetriesExhausted'
      ? `given up after attempt ${failure.attempts}, ${WHY[failure.because]}; last: ${tell(failure.last)}`
      : tell(failure);
  const unknown = failure.outcomeUnknown ? '; whether it had its effect is not known' : '';
  return `${what}${unknown}`;
};

/** A policy's failure as one line for people: what, where, and what to do. */
export const describePolicyFailure = (failure: PolicyFailure): string =>
  `${failure.dependency}: ${policyFailureReason(failure)}`;
