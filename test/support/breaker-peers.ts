import { SamplingBreaker, ConsecutiveBreaker, circuitBreaker, handleWhen } from 'cockatiel';
import CircuitBreaker from 'opossum';
import { E } from '../../src/engine/fp.ts';
import { policy } from '../../src/adapters/resilience/policy.ts';
import { bare, callerMistake, classify, transient } from './policy-world.ts';

/** One call of a script: when it begins, how long it takes (Infinity: for ever), what comes of it. */
export type Scripted = readonly [
  at: number,
  outcome: 'ok' | 'fail' | 'mistake',
  tookMs?: number | undefined,
];

/** A breaker that makes a call: `o` it answered, `f` it failed itself, `x` it was refused. */
type Peer = (work: () => Promise<unknown>) => Promise<'o' | 'f' | 'x'>;

export type Rule = 'fiveInARow' | 'halfOfTwenty';

const errors = { fail: transient, mistake: callerMistake };

const ours = (rule: Rule): Peer => {
  const breaker =
    rule === 'fiveInARow'
      ? { failuresInRow: 5, minCalls: 1_000_000, successesToClose: 1 }
      : { failuresInRow: 1_000, minCalls: 20, failurePpm: 500_000, successesToClose: 1 };
  const guarded = policy({ name: 'peer', classify, ...bare, breaker });
  return async (work) => {
    const either = await guarded.run({ repeat: 'never' }, work)();
    if (E.isRight(either)) return 'o';
    return either.left.type === 'CircuitOpen' ? 'x' : 'f';
  };
};

const told =
  (call: (work: () => Promise<unknown>) => Promise<unknown>): Peer =>
  (work) =>
    call(work).then(
      () => 'o',
      (error: unknown) => (error === transient || error === callerMistake ? 'f' : 'x'),
    );

const cockatiel = (rule: Rule): Peer => {
  const breaker =
    rule === 'fiveInARow'
      ? new ConsecutiveBreaker(5)
      : new SamplingBreaker({ threshold: 0.5, duration: 60_000, minimumRps: 20 / 60 });
  const guarded = circuitBreaker(
    handleWhen((error) => error !== callerMistake),
    { halfOpenAfter: 60_000, breaker },
  );
  return told((work) => guarded.execute(work));
};

const opossum = (): Peer => {
  const guarded = new CircuitBreaker((work: () => Promise<unknown>) => work(), {
    timeout: false,
    errorThresholdPercentage: 50,
    volumeThreshold: 20,
    rollingCountTimeout: 60_000,
    rollingCountBuckets: 10,
    resetTimeout: 60_000,
    errorFilter: (error) => error === callerMistake,
  });
  return told((work) => guarded.fire(work));
};

/** Plays a script on a breaker in faked time; a letter per call (a longer row of one: with its number), `-` where none came within an hour. */
const traced = async (
  peer: Peer,
  script: readonly Scripted[],
  setBackMs: number,
): Promise<string> => {
  const letters = script.map(() => '-');
  let now = 0;
  for (const [index, [at, outcome, tookMs = 0]] of script.entries()) {
    await jest.advanceTimersByTimeAsync(at - now);
    now = at;
    if (index === script.length - 1) jest.setSystemTime(Date.now() - setBackMs);
    const work = () =>
      new Promise((resolve, reject) => {
        const end = () => (outcome === 'ok' ? resolve('ok') : reject(errors[outcome]));
        if (tookMs === 0) end();
        else if (tookMs !== Infinity) setTimeout(end, tookMs);
      });
    void peer(work).then((letter) => (letters[index] = letter));
    await jest.advanceTimersByTimeAsync(0);
  }
  await jest.advanceTimersByTimeAsync(3_600_000);
  return letters.join('').replaceAll(/(.)\1{3,}/gu, (run, letter) => `${letter}${run.length} `);
};

/**
 * What the same calls at the same times come to under each breaker. The wall clock is set back by so much before the last. Needs jest's
 * fake timers.
 */
export const traces = async (rule: Rule, script: readonly Scripted[], setBackMs = 0) => ({
  ours: await traced(ours(rule), script, setBackMs),
  cockatiel: await traced(cockatiel(rule), script, setBackMs),
  ...(rule === 'halfOfTwenty' ? { opossum: await traced(opossum(), script, setBackMs) } : {}),
});
