import type { PolicyTelemetry } from '../resilience/telemetry.ts';
import { policy, type Policy } from '../resilience/policy.ts';
import { classify } from './errors.ts';

/** How long is waited for the server, in milliseconds. */
export type Waiting = {
  /** All attempts of one call together; 30,000 by default. */
  readonly deadlineMs?: number;
  /** One attempt; 5,000 by default. */
  readonly attemptMs?: number;
  /** Opening the store; 10,000 by default. */
  readonly openMs?: number;
  readonly telemetry?: PolicyTelemetry;
};

export type Policies = {
  readonly appends: Policy;
  readonly reads: Policy;
  readonly opening: Policy;
};

/**
 * A store without which nothing goes on is not left alone when it fails: a breaker or a budget would turn a restart of two seconds
 * into a minute of refusals. What bounds the load are the bulkheads, what bounds the wait are deadlines.
 */
const untiring = {
  attempts: 50,
  baseMs: 50,
  maxMs: 2_000,
  budgetPpm: 1_000_000,
  budgetFloorPerSecond: 10_000,
};

/**
 * The client's shared call for appends takes 15 messages before it makes the next one wait, and who waits when the call breaks is
 * rejected where nobody can catch it.
 */
const APPENDS_AT_ONCE = 15;
const READS_AT_ONCE = 64;
const QUEUE = 10_000;

/** The policies of one store; throws `PolicyMisconfigured`. */
export const policiesOf = (name: string, waiting: Waiting): Policies => {
  const { deadlineMs = 30_000, attemptMs = 5_000, openMs = 10_000, telemetry } = waiting;
  const common = {
    name,
    classify,
    attemptMs,
    breaker: 'off',
    ...(telemetry === undefined ? {} : { telemetry }),
  } as const;
  const served = (atOnce: number) =>
    policy({
      ...common,
      totalMs: deadlineMs,
      retry: untiring,
      bulkhead: { atOnce, queue: QUEUE },
    });
  return {
    appends: served(APPENDS_AT_ONCE),
    reads: served(READS_AT_ONCE),
    opening: policy({
      ...common,
      totalMs: openMs,
      retry: { ...untiring, attempts: 6, baseMs: 100 },
      bulkhead: 'off',
    }),
  };
};
