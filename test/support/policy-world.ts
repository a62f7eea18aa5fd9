import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import type { Attempt } from '../../src/adapters/resilience/attempt.ts';
import type { Classification } from '../../src/adapters/resilience/failure.ts';
import { policy } from '../../src/adapters/resilience/policy.ts';
import type { PolicyOptions } from '../../src/adapters/resilience/settings.ts';
import type { PolicyTelemetry } from '../../src/adapters/resilience/telemetry.ts';

/** An error that says itself what it means. */
export class Meaning extends Error {
  readonly classification: Classification;
  constructor(classification: Classification) {
    super(classification.kind);
    this.classification = classification;
  }
}

export const transient = new Meaning({ kind: 'transient' });
export const unknownOutcome = new Meaning({ kind: 'unknownOutcome' });
export const permanent = new Meaning({ kind: 'permanent' });
export const callerMistake = new Meaning({ kind: 'callerMistake' });

export const classify = (cause: unknown): Classification =>
  cause instanceof Meaning ? cause.classification : { kind: 'permanent' };

/** Everything off but what a test is about. */
export const bare = {
  totalMs: 'off',
  retry: 'off',
  breaker: 'off',
  bulkhead: 'off',
  attemptMs: 'off',
} as const;

/** A dependency that stands still in virtual time, a policy before it, and what both did. */
export const policyWorld = (options: Partial<PolicyOptions> = {}) => {
  const clock = virtualClock();
  const lines: string[] = [];
  const begun: (Pick<Attempt, 'attempt' | 'deadlineMs' | 'outcomeUnknown' | 'key'> & {
    readonly at: number;
  })[] = [];
  const telemetry: PolicyTelemetry = {
    span: (name, { attempt }) => {
      return ({ result }) => lines.push(`${clock.now()} ${name} ${attempt} ${result}`);
    },
    count: (name, _, { dependency: __, ...told }) => {
      lines.push([clock.now(), name, ...Object.values(told)].join(' '));
    },
  };
  const sleep = (ms: number): Promise<void> =>
    new Promise((resolve) => clock.scheduler.schedule(() => resolve(), ms));
  /** A call that notes its attempts; the n-th takes its time, then gives its value or throws its error. */
  const scripted =
    (...script: readonly (readonly [tookMs: number, outcome: unknown])[]) =>
    async ({ attempt, deadlineMs, outcomeUnknown, key }: Attempt): Promise<unknown> => {
      begun.push({ attempt, deadlineMs, outcomeUnknown, key, at: clock.now() });
      const [tookMs, outcome] = script[Math.min(attempt, script.length) - 1]!;
      if (tookMs > 0) await sleep(tookMs);
      if (outcome instanceof Error) throw outcome;
      return outcome;
    };
  /** Lets time pass, timer by timer, and everything happen that follows. */
  const pass = async (ms: number): Promise<void> => {
    const until = clock.now() + ms;
    for (;;) {
      await clock.breathe();
      const next = clock.nextTimer();
      if (next === undefined || next > until) break;
      clock.moveTo(next);
    }
    clock.moveTo(until);
    await clock.breathe();
  };
  const guarded = policy({
    name: 'store',
    classify,
    clock,
    random: () => 0.5,
    telemetry,
    ...options,
  });
  return { clock, policy: guarded, lines, begun, sleep, scripted, pass };
};
