import type { Clock } from '../../engine/clock.ts';
import { demand } from './bounds.ts';
import type { BreakerSettings } from './breaker.ts';
import type { BudgetSettings } from './budget.ts';
import type { BulkheadSettings } from './bulkhead.ts';
import type { Limit } from './deadline.ts';
import type { Classification } from './failure.ts';
import type { RetrySettings } from './retry.ts';
import type { PolicyTelemetry } from './telemetry.ts';

/** The numbers of a policy; times in milliseconds, shares in ppm. What is `off` is not there. */
export type PolicySettings = {
  readonly totalMs: Limit;
  readonly retry: (RetrySettings & BudgetSettings) | 'off';
  readonly breaker: BreakerSettings | 'off';
  readonly bulkhead: BulkheadSettings | 'off';
  readonly attemptMs: Limit;
};

type Part = Exclude<PolicySettings['retry' | 'breaker' | 'bulkhead'], 'off'>;
type Settable<Setting> = Setting extends Part ? Partial<Setting> : Setting;

/** What a policy is made of. Left out: as in `policyDefaults`. */
export type PolicyOptions = {
  /** The dependency, for failures and telemetry. */
  readonly name: string;
  /** What an error that a call threw means. */
  readonly classify: (cause: unknown) => Classification;
  /** Whether something else may stand in for what cannot be read; `never` (default) for what moves money, signs or slashes. */
  readonly fallback?: 'allowed' | 'never';
  /** The system's clock by default; real I/O uses it even where the engine runs on a virtual one. */
  readonly clock?: Pick<Clock, 'now' | 'monotonic' | 'scheduler'>;
  /** Chance for jitter: at least 0, below 1. */
  readonly random?: () => number;
  readonly telemetry?: PolicyTelemetry;
} & { readonly [Name in keyof PolicySettings]?: Settable<PolicySettings[Name]> };

/** What holds where nothing else is said. */
export const policyDefaults = {
  totalMs: 30_000,
  retry: {
    attempts: 3,
    baseMs: 100,
    maxMs: 30_000,
    retryAfterMs: 60_000,
    budgetPpm: 100_000,
    budgetFloorPerSecond: 3,
  },
  breaker: {
    failuresInRow: 5,
    failurePpm: 500_000,
    minCalls: 20,
    windowMs: 60_000,
    openMs: 60_000,
    maxOpenMs: 300_000,
    permits: 1,
    successesToClose: 3,
    reclaimMs: 30_000,
    slowMs: 'off',
  },
  bulkhead: { atOnce: 10, queue: 0 },
  attemptMs: 10_000,
} as const satisfies PolicySettings;

const withDefaults = <Settings extends object>(
  given: Partial<Settings> | 'off' | undefined,
  defaults: Settings,
): Settings | 'off' => (given === 'off' ? 'off' : { ...defaults, ...given });

const noNumbers = new Set(['name', 'classify', 'fallback', 'clock', 'random', 'telemetry']);

/** The whole of a policy's settings; throws `PolicyMisconfigured`. */
export const settingsOf = (options: PolicyOptions): PolicySettings => {
  const given = Object.entries(options).filter(([name]) => !noNumbers.has(name));
  demand(options.name, Object.fromEntries(given));
  const { totalMs, retry, breaker, bulkhead, attemptMs } = options;
  return {
    totalMs: totalMs ?? policyDefaults.totalMs,
    retry: withDefaults<RetrySettings & BudgetSettings>(retry, policyDefaults.retry),
    breaker: withDefaults<BreakerSettings>(breaker, policyDefaults.breaker),
    bulkhead: withDefaults<BulkheadSettings>(bulkhead, policyDefaults.bulkhead),
    attemptMs: attemptMs ?? policyDefaults.attemptMs,
  };
};
