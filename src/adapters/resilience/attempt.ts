import { cutOf, type Cut, type Limit } from './deadline.ts';
import type { AttemptFailure, Classification } from './failure.ts';
import { never, race, type Ending } from './race.ts';
import type { PolicyOptions } from './settings.ts';
import type { Listener } from './telemetry.ts';

/** What a call is told of the attempt that it makes. */
export type Attempt = {
  /** Aborts as the attempt is cut off: by its limit, by the run's deadline, by the caller. */
  readonly signal: AbortSignal;
  /** Counted from 1. */
  readonly attempt: number;
  /** After how many milliseconds it is cut off; Infinity: never. */
  readonly deadlineMs: number;
  /** Whether an earlier attempt of this run may have had its effect. */
  readonly outcomeUnknown: boolean;
  /** The call's key, the same in every attempt. */
  readonly key: string | undefined;
};

/** One attempt on its way through the layers. `at`, when it is, and `deadlineAt` are monotonic instants. */
export type Sent<Value> = {
  readonly at: number;
  readonly work: (attempt: Attempt) => Promise<Value>;
  readonly attempt: number;
  readonly outcomeUnknown: boolean;
  readonly key: string | undefined;
  readonly deadlineAt: number;
  readonly signal: AbortSignal | undefined;
};

/** What came of one attempt: `at` a monotonic instant, `tookMs` after the call began. */
export type Answer<Value> =
  | {
      readonly type: 'Done';
      readonly value: Value;
      readonly at: number;
      readonly tookMs: number;
    }
  | {
      readonly type: 'Failed';
      readonly failure: AttemptFailure;
      readonly wasSent: boolean;
      readonly at: number;
      readonly tookMs: number;
      readonly retryAfterMs: number | undefined;
    };

/** A layer that is told of an answer before whoever waits for it. */
export type Told = (answer: Answer<unknown>) => void;

/**
 * A layer of a policy around the next one. It never rejects, and tells `done` of its answer in the turn in which it comes: so a layer
 * that has only to know adds no promise of its own.
 */
export type Layer = <Value>(sent: Sent<Value>, done: Told) => Promise<Answer<Value>>;

type Clock = NonNullable<PolicyOptions['clock']>;

/** An attempt that never reached the dependency. */
export const refused = async (
  failure: AttemptFailure,
  at: number,
  done: Told,
): Promise<Answer<never>> => {
  const answer = {
    type: 'Failed',
    failure,
    wasSent: false,
    at,
    tookMs: 0,
    retryAfterMs: undefined,
  } as const;
  done(answer);
  return answer;
};

const unaborted = new AbortController().signal;

type Outcome = {
  readonly failure: AttemptFailure;
  readonly retryAfterMs?: number;
};

const callFailed = (classification: Classification, cause: unknown): Outcome => {
  const failure: AttemptFailure = { type: 'CallFailed', kind: classification.kind, cause };
  const asked = 'retryAfterMs' in classification ? classification.retryAfterMs : undefined;
  // What a dependency asks for may be anything; what is no time is not asked for.
  const isTime = asked !== undefined && Number.isFinite(asked) && asked >= 0;
  return isTime ? { failure, retryAfterMs: asked } : { failure };
};

/** A classifier that throws is a bug, and as final as what it was given. */
const classified = (classify: PolicyOptions['classify'], cause: unknown): Outcome => {
  try {
    return callFailed(classify(cause), cause);
  } catch (bug) {
    const both = new AggregateError([cause, bug], 'the classifier of errors threw');
    return callFailed({ kind: 'permanent' }, both);
  }
};

/** Makes one call with an end to it: the value, or how else it ended, which it is told by its signal. */
const cutOff = async <Value>(
  clock: Clock,
  { work, signal }: Sent<Value>,
  attempt: Attempt,
): Promise<Ending<Value>> => {
  const own = new AbortController();
  const bounds = { limitMs: attempt.deadlineMs, signal };
  const ending = await race(clock, bounds, () => work({ ...attempt, signal: own.signal }));
  if (ending.type === 'OutOfTime') own.abort(new DOMException('out of time', 'TimeoutError'));
  if (ending.type === 'Aborted') own.abort(ending.reason);
  return ending;
};

/** The innermost layer: one call, cut off at its own limit or at the deadline of the run, whichever is nearer. */
export const attemptLayer = (
  attemptMs: Limit,
  clock: Clock,
  classify: PolicyOptions['classify'],
  listener: Listener,
): Layer => {
  const outcomeOf = (ending: Exclude<Ending<unknown>, { type: 'Done' }>, cut: Cut): Outcome => {
    if (ending.type === 'Threw') return classified(classify, ending.cause);
    if (ending.type === 'Aborted') return { failure: { type: 'Aborted', reason: ending.reason } };
    listener?.count('timeout', cut);
    return { failure: { type: 'TimedOut', ...cut } };
  };
  const answerOf = <Value>(ending: Ending<Value>, cut: Cut, began: number): Answer<Value> => {
    const at = clock.monotonic();
    const tookMs = at - began;
    if (ending.type === 'Done') return { type: 'Done', value: ending.value, at, tookMs };
    const { failure, retryAfterMs } = outcomeOf(ending, cut);
    return { type: 'Failed', failure, wasSent: true, at, tookMs, retryAfterMs };
  };
  return async <Value>(sent: Sent<Value>, done: Told) => {
    const { at, work, attempt, outcomeUnknown, key, deadlineAt, signal } = sent;
    const cut = cutOf(attemptMs, deadlineAt, at);
    const told = { signal: unaborted, attempt, deadlineMs: cut.afterMs, outcomeUnknown, key };
    const isWhole = signal === undefined && cut.afterMs === Infinity;
    const end = listener?.span('policy.attempt', attempt);
    let ending: Ending<Value>;
    try {
      // Without an end to it a call needs no race.
      ending = isWhole
        ? { type: 'Done', value: await work(told) }
        : await cutOff(clock, sent, told);
    } catch (cause) {
      ending = { type: 'Threw', cause };
    }
    const answer = answerOf(ending, cut, at);
    done(answer);
    end?.(answer.type === 'Done' ? 'done' : answer.failure.type);
    return answer;
  };
};

/** Waits; resolves to whether nobody aborted meanwhile. */
export const pause = async (
  clock: Clock,
  delayMs: number,
  signal: AbortSignal | undefined,
): Promise<boolean> => {
  const { type } = await race(clock, { limitMs: delayMs, signal }, never);
  return type !== 'Aborted';
};
