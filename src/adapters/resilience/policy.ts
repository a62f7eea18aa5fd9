import type { TE } from '../../engine/fp.ts';
import { systemClock } from '../system-clock.ts';
import { attemptLayer, type Attempt } from './attempt.ts';
import { demand } from './bounds.ts';
import { breaker } from './breaker-layer.ts';
import type { BreakerState } from './breaker.ts';
import { bulkhead } from './bulkhead-layer.ts';
import type { PolicyFailure } from './failure.ts';
import { runner, type Call } from './run.ts';
import { settingsOf, type PolicyOptions } from './settings.ts';
import { listener as listenerOf } from './telemetry.ts';

/** How a dependency stands, by what its calls have come to, and how many of them are under way or wait. */
export type PolicyStatus = {
  readonly breaker: BreakerState['status'] | 'off';
  readonly running: number;
  readonly waiting: number;
};

/** All that stands between an adapter and one dependency. */
export type Policy = {
  readonly name: string;
  readonly fallback: 'allowed' | 'never';
  /** Makes a call; throws `PolicyMisconfigured` for a call's limit that cannot be. */
  readonly run: <Value>(
    call: Call,
    work: (attempt: Attempt) => Promise<Value>,
  ) => TE.TaskEither<PolicyFailure, Value>;
  /** A part that is off has no load to show. */
  readonly status: () => PolicyStatus;
  /** Holds the circuit open or closed for at most a day, whatever comes of the calls. A policy without a breaker has no circuit to hold. */
  readonly pin: (to: 'open' | 'closed', forMs: number) => void;
};

/**
 * A policy for one dependency, from the outside inwards: total time-out, retries, breaker, bulkhead, attempt time-out, call. Throws
 * `PolicyMisconfigured`.
 */
export const policy = (options: PolicyOptions): Policy => {
  const settings = settingsOf(options);
  const { name, classify, fallback = 'never', clock = systemClock() } = options;
  const { random = Math.random, telemetry } = options;
  const listener = listenerOf(name, telemetry);
  const innermost = attemptLayer(settings.attemptMs, clock, classify, listener);
  const held =
    settings.bulkhead === 'off'
      ? undefined
      : bulkhead(settings.bulkhead, clock, listener, innermost);
  const inner = held?.layer ?? innermost;
  const circuit =
    settings.breaker === 'off' ? undefined : breaker(settings.breaker, clock, listener, inner);
  const layer = circuit?.layer ?? inner;
  const run = runner({ dependency: name, settings, clock, random, listener, layer });
  return {
    name,
    fallback,
    run: (call, work) => {
      if (call.totalMs !== undefined) demand(name, { 'call.totalMs': call.totalMs });
      return run(call, work);
    },
    status: () => ({
      breaker: circuit?.status() ?? 'off',
      ...(held?.load() ?? { running: 0, waiting: 0 }),
    }),
    pin: (to, forMs) => {
      demand(name, { 'pin.forMs': forMs });
      circuit?.pin(to, forMs);
    },
  };
};
