import { LRUCache } from 'lru-cache';
import { E, type TE } from '../../engine/fp.ts';
import { systemClock } from '../system-clock.ts';
import type { Attempt } from './attempt.ts';
import { PolicyMisconfigured, demand } from './bounds.ts';
import type { PolicyFailure } from './failure.ts';
import { ladderStep, topOfLadder, type Health, type LadderSettings, type Rung } from './ladder.ts';
import type { Policy } from './policy.ts';
import type { PolicyOptions } from './settings.ts';

/** What was read, from which rung, and how old it is in milliseconds; a default has no age. */
export type Served<Value> = {
  readonly value: Value;
  readonly rung: Exclude<Rung, 'refuse'>;
  readonly ageMs: number | undefined;
};

/** The numbers of a reader; times in milliseconds. */
export type DegradationSettings = LadderSettings & {
  /** What is older is not served. */
  readonly maxAgeMs: number;
  /** How many keys are remembered; the longest unused goes first. */
  readonly keys: number;
};

export const degradationDefaults = {
  downAfterMs: 5_000,
  upAfterMs: 30_000,
  dwellMs: 30_000,
  maxAgeMs: 300_000,
  keys: 1_000,
} as const satisfies DegradationSettings;

export type ReaderOptions<Value> = {
  /** One whose `fallback` is `allowed`. */
  readonly policy: Policy;
  /** Reads of the dependency; reading twice is as good as reading once. */
  readonly read: (key: string, attempt: Attempt) => Promise<Value>;
  /** What stands in where neither the dependency nor memory has an answer. */
  readonly standIn?: (key: string) => Value;
  readonly settings?: Partial<DegradationSettings>;
  readonly clock?: PolicyOptions['clock'];
};

export type DegradingReader<Value> = {
  /** What can be had; the failure is always that of the dependency, whatever else failed after it. */
  readonly read: (key: string, signal?: AbortSignal) => TE.TaskEither<PolicyFailure, Served<Value>>;
  readonly rung: () => Rung;
};

/** What a read says of the dependency; a caller's mistake or abort says nothing. */
const signOf = (result: E.Either<PolicyFailure, unknown>): Health | undefined => {
  if (E.isRight(result)) return 'healthy';
  const { left: failure } = result;
  const isCallers =
    failure.type === 'Aborted' ||
    (failure.type === 'CallFailed' && failure.kind === 'callerMistake');
  return isCallers ? undefined : 'unhealthy';
};

/** Throws `PolicyMisconfigured`: for a number that cannot be, and for a policy that allows no fallback. */
const checked = <Value>({ policy, settings }: ReaderOptions<Value>): DegradationSettings => {
  const whole = { ...degradationDefaults, ...settings };
  demand(policy.name, { degradation: whole });
  if (policy.fallback === 'allowed') return whole;
  const problem = { path: 'fallback', expected: "'allowed'", found: policy.fallback };
  throw new PolicyMisconfigured(policy.name, [problem]);
};

/**
 * Reads that become worse before they fail. Below `live`, a read is answered at once from its rung, and one call at a time asks the
 * dependency beside it how it is.
 */
export const degradingReader = <Value>(options: ReaderOptions<Value>): DegradingReader<Value> => {
  const settings = checked(options);
  const { policy, read, standIn, clock = systemClock() } = options;
  const memory = new LRUCache<string, { readonly value: Value; readonly at: number }>({
    max: settings.keys,
  });
  let ladder = topOfLadder;
  let cause: PolicyFailure | undefined;
  let isProbing = false;

  const live = async (
    key: string,
    signal?: AbortSignal,
  ): Promise<E.Either<PolicyFailure, Value>> => {
    const call = { repeat: 'idempotent', ...(signal === undefined ? {} : { signal }) } as const;
    const result = await policy.run(call, (attempt) => read(key, attempt))();
    const at = clock.monotonic();
    const sign = signOf(result);
    if (sign !== undefined) [ladder] = ladderStep(settings, ladder, sign, at);
    if (E.isRight(result)) memory.set(key, { value: result.right, at });
    else if (sign === 'unhealthy') cause = result.left;
    return result;
  };

  const stale = (key: string): Served<Value> | undefined => {
    const known = memory.get(key);
    if (known === undefined) return undefined;
    const ageMs = clock.monotonic() - known.at;
    return ageMs > settings.maxAgeMs ? undefined : { value: known.value, rung: 'stale', ageMs };
  };

  const stoodIn = (key: string): Served<Value> | undefined => {
    if (standIn === undefined) return undefined;
    const given = E.tryCatch(() => standIn(key), String);
    return E.isLeft(given) ? undefined : { value: given.right, rung: 'default', ageMs: undefined };
  };

  /** The best that is left from a rung on. */
  const worse = (key: string, from: Rung): Served<Value> | undefined => {
    if (from === 'refuse') return undefined;
    return (from === 'default' ? undefined : stale(key)) ?? stoodIn(key);
  };

  const served = (key: string, failure: PolicyFailure, from: Rung) =>
    E.fromNullable(failure)(worse(key, from));

  const probe = async (key: string): Promise<void> => {
    if (isProbing) return;
    isProbing = true;
    await live(key);
    isProbing = false;
  };

  return {
    read: (key, signal) => async () => {
      const { rung } = ladder;
      if (rung !== 'live' && cause !== undefined) {
        void probe(key);
        return served(key, cause, rung);
      }
      const result = await live(key, signal);
      if (E.isRight(result)) return E.right({ value: result.right, rung: 'live', ageMs: 0 });
      if (signOf(result) === undefined) return result;
      return served(key, result.left, ladder.rung);
    },
    rung: () => ladder.rung,
  };
};
