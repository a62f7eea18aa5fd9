import { refused, type Answer, type Layer, type Told } from './attempt.ts';
import {
  breakerStep,
  closedBreaker,
  type BreakerDecision,
  type BreakerInput,
  type BreakerSettings,
  type BreakerState,
  type Verdict,
} from './breaker.ts';
import type { PolicyOptions } from './settings.ts';
import type { Listener, PolicyCounterName } from './telemetry.ts';

export type Breaker = {
  readonly layer: Layer;
  readonly status: () => BreakerState['status'];
  /** Holds the circuit open or closed for so long, whatever comes of the calls. */
  readonly pin: (to: 'open' | 'closed', forMs: number) => void;
};

const changes: Readonly<Record<BreakerState['status'], PolicyCounterName>> = {
  Open: 'breaker.opened',
  HalfOpen: 'breaker.halfOpened',
  Closed: 'breaker.closed',
};

/** Only what the dependency did is held against it. */
const verdictOf = (answer: Answer<unknown>): Verdict => {
  if (answer.type === 'Done') return 'success';
  const { failure, wasSent } = answer;
  const isItsOwn =
    failure.type === 'TimedOut' ||
    (failure.type === 'CallFailed' && failure.kind !== 'callerMistake');
  return wasSent && isItsOwn ? 'failure' : 'ignored';
};

/** Refuses calls while they would fail. */
export const breaker = (
  settings: BreakerSettings,
  { now, monotonic }: NonNullable<PolicyOptions['clock']>,
  listener: Listener,
  next: Layer,
): Breaker => {
  let state = closedBreaker;
  let pinned: { readonly to: 'open' | 'closed'; readonly until: number } | undefined;

  const tell = (at: number): void => {
    const { status, generation } = state;
    const forMs = state.status === 'Open' ? { forMs: state.until - at } : {};
    listener?.count(changes[status], { generation, ...forMs });
  };
  const step = (input: BreakerInput, at: number): BreakerDecision => {
    const { generation } = state;
    const [after, decision] = breakerStep(settings, state, input, at);
    state = after;
    if (after.generation !== generation) tell(at);
    return decision;
  };
  const shut = (until: number, at: number, done: Told): Promise<Answer<never>> => {
    listener?.count('breaker.refused');
    return refused({ type: 'CircuitOpen', until: Math.ceil(now() + until - at) }, at, done);
  };

  const layer: Layer = (sent, done) => {
    const { at } = sent;
    if (pinned !== undefined && at < pinned.until) {
      return pinned.to === 'closed' ? next(sent, done) : shut(pinned.until, at, done);
    }
    const decision = step({ type: 'Ask' }, at);
    if (decision.type === 'Refused') return shut(decision.until, at, done);
    if (decision.type === 'Noted') return next(sent, done);
    const { permit } = decision;
    return next(sent, (answer) => {
      const { tookMs } = answer;
      step({ type: 'Settle', permit, verdict: verdictOf(answer), tookMs }, answer.at);
      done(answer);
    });
  };
  return {
    layer,
    status: () => state.status,
    pin: (to, forMs) => {
      pinned = { to, until: monotonic() + forMs };
      listener?.count('breaker.pinned', { to, forMs });
    },
  };
};
