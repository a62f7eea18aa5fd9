import { E, type TE } from '../../engine/fp.ts';
import { pause, type Attempt, type Layer } from './attempt.ts';
import { deadlineOf } from './deadline.ts';
import type { AttemptFailure, PolicyFailure } from './failure.ts';
import { retries } from './retries.ts';
import { firstAttempt, type RetryDecision, type RetryState } from './retry.ts';
import type { PolicyOptions, PolicySettings } from './settings.ts';
import type { Listener } from './telemetry.ts';

/** What a caller says of one call. */
export type Call = {
  /** Whether it may be made again: it is idempotent, it carries a key by which a repeat is recognised, or never. */
  readonly repeat: 'idempotent' | { readonly key: string } | 'never';
  /** A limit for all its attempts together, in milliseconds, where it is nearer than the policy's. */
  readonly totalMs?: number;
  readonly signal?: AbortSignal;
};

/** What runs have in common. */
export type RunParts = {
  readonly dependency: string;
  readonly settings: Pick<PolicySettings, 'totalMs' | 'retry'>;
  readonly clock: NonNullable<PolicyOptions['clock']>;
  readonly random: () => number;
  readonly listener: Listener;
  readonly layer: Layer;
};

type Work<Value> = (attempt: Attempt) => Promise<Value>;
type Result<Value> = E.Either<PolicyFailure, Value>;
type Run = <Value>(call: Call, work: Work<Value>) => TE.TaskEither<PolicyFailure, Value>;

const nobody = (): void => undefined;

const keyOf = ({ repeat }: Call): string | undefined =>
  typeof repeat === 'object' ? repeat.key : undefined;
const isRepeatable = (call: Call): boolean =>
  call.repeat === 'idempotent' || (keyOf(call) ?? '') !== '';

/** What a decision makes of a run: the failure it ends with, or, once the pause is over, undefined. */
const concluding =
  ({ dependency, clock, listener }: RunParts) =>
  async (
    [state, decision]: readonly [RetryState, RetryDecision],
    failure: AttemptFailure,
    last: AttemptFailure,
    signal: AbortSignal | undefined,
  ): Promise<PolicyFailure | undefined> => {
    if (decision.type === 'Final') return { ...failure, dependency, ...state };
    if (decision.type === 'Exhausted') {
      const { because } = decision;
      listener?.count('retry.refused', { because });
      return { type: 'RetriesExhausted', because, last, dependency, ...state };
    }
    const { delayMs } = decision;
    listener?.count('retry.granted', { attempt: state.attempts + 1, delayMs });
    if (delayMs > 0) await pause(clock, delayMs, signal);
    return aborted(signal, dependency, state);
  };

const aborted = (
  signal: AbortSignal | undefined,
  dependency: string,
  state: RetryState,
): PolicyFailure | undefined =>
  signal?.aborted === true
    ? { type: 'Aborted', reason: signal.reason, dependency, ...state }
    : undefined;

/** A run within a span, where somebody listens. */
const spanned = (run: Run, listener: Listener): Run => {
  if (listener === undefined) return run;
  return (call, work) => async () => {
    const end = listener.span('policy.run', 0);
    const result = await run(call, work)();
    end(E.isRight(result) ? 'done' : result.left.type);
    return result;
  };
};

/** The total time-out and the retries around the other layers. */
export const runner = (parts: RunParts): Run => {
  const { dependency, settings, clock, random, listener, layer } = parts;
  const { totalMs, retry } = settings;
  const { begin, after } = retries(retry, random);
  const conclude = concluding(parts);

  const attempts = async <Value>(call: Call, work: Work<Value>): Promise<Result<Value>> => {
    const { signal, totalMs: ownMs = 'off' } = call;
    let at = clock.monotonic();
    const deadlineAt = deadlineOf(at, totalMs, ownMs);
    const key = keyOf(call);
    let state = firstAttempt;
    let last: AttemptFailure | undefined;
    let end = aborted(signal, dependency, state);
    if (end === undefined) begin(at);
    while (end === undefined) {
      const attempt = state.attempts + 1;
      const { outcomeUnknown } = state;
      const sent = { work, at, attempt, outcomeUnknown, key, deadlineAt, signal };
      const answer = await layer(sent, nobody);
      if (answer.type === 'Done') return E.right(answer.value);
      const { failure, wasSent } = answer;
      if (wasSent || last === undefined) last = failure;
      const decided = after(state, answer, isRepeatable(call), deadlineAt);
      [state] = decided;
      end = await conclude(decided, failure, last, signal);
      at = clock.monotonic();
    }
    return E.left(end);
  };
  return spanned((call, work) => () => attempts(call, work), listener);
};
