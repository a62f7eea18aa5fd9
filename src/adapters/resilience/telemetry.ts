import type { Attributes, SpanEnd } from '../../engine/telemetry.ts';

/**
 * What a policy decides, once each, with `dependency` and:
 * - `retry.granted`: `attempt`, the number of the one that follows, and `delayMs`
 * - `retry.refused`: `because`, an `Exhaustion`
 * - `breaker.refused`: nothing
 * - `breaker.opened`, `breaker.halfOpened`, `breaker.closed`: `generation`; of those that open, `forMs`
 * - `breaker.pinned`: `to`, `forMs`
 * - `bulkhead.queued`: `waiting`; `bulkhead.refused`: `running`, `waiting`
 * - `timeout`: `what`, `afterMs`
 */
export type PolicyCounterName =
  | 'retry.granted'
  | 'retry.refused'
  | 'breaker.refused'
  | 'breaker.opened'
  | 'breaker.halfOpened'
  | 'breaker.closed'
  | 'breaker.pinned'
  | 'bulkhead.queued'
  | 'bulkhead.refused'
  | 'timeout';

/** The whole of a run, and each of its attempts that reached the dependency; they end with `done` or the type of the failure. */
export type PolicySpanName = 'policy.run' | 'policy.attempt';

/** The shape of the engine's telemetry for what policies decide. Called where the work is done; what it throws is ignored. */
export type PolicyTelemetry = {
  readonly span: (name: PolicySpanName, attributes: Attributes) => (end: SpanEnd) => void;
  readonly count: (name: PolicyCounterName, by: number, attributes: Attributes) => void;
};

/** What a policy's parts tell; undefined where nobody listens. */
export type Listener =
  | {
      readonly span: (name: PolicySpanName, attempt: number) => (result: string) => void;
      readonly count: (name: PolicyCounterName, attributes?: Attributes) => void;
    }
  | undefined;

const harmless = <Value>(work: () => Value): Value | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

/** A telemetry, told of one dependency, whose own bugs stay its own. */
export const listener = (dependency: string, telemetry: PolicyTelemetry | undefined): Listener => {
  if (telemetry === undefined) return undefined;
  return {
    span: (name, attempt) => {
      const end = harmless(() => telemetry.span(name, { dependency, attempt }));
      return (result) => harmless(() => end?.({ result }));
    },
    count: (name, attributes) =>
      harmless(() => telemetry.count(name, 1, { dependency, ...attributes })),
  };
};
