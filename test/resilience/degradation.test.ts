import fc from 'fast-check';
import {
  degradingReader,
  type ReaderOptions,
} from '../../src/adapters/resilience/degrading-reader.ts';
import { ladderStep, topOfLadder, type Health } from '../../src/adapters/resilience/ladder.ts';
import { search } from '../support/arbitrary-runs.ts';
import { bare, callerMistake, policyWorld, transient } from '../support/policy-world.ts';

const numbers = { downAfterMs: 5_000, upAfterMs: 30_000, dwellMs: 30_000 };

/** Signs, one a second from second 0 on; the rung after each. */
const rungs = (signs: readonly Health[]) => {
  let state = topOfLadder;
  return signs.map((sign, second) => {
    const [after, rung] = ladderStep(numbers, state, sign, second * 1_000);
    state = after;
    return rung;
  });
};
const seconds = (n: number, sign: Health): Health[] => Array.from({ length: n }, () => sign);
/** The seconds at which the rung changes, and to what. */
const changes = (signs: readonly Health[]) =>
  rungs(signs).flatMap((rung, second, all) =>
    rung === (all[second - 1] ?? 'live') ? [] : [`${second} ${rung}`],
  );

describe('a ladder of service', () => {
  it('goes down after 5 s unhealthy, one rung at a time, each for 30 s at least', () => {
    expect(changes(seconds(80, 'unhealthy'))).toEqual(['5 stale', '35 default', '65 refuse']);
  });

  it('goes up after 30 s healthy, a rung each 30 s', () => {
    const signs = [...seconds(66, 'unhealthy'), ...seconds(100, 'healthy')];
    expect(changes(signs).slice(3)).toEqual(['96 default', '126 stale', '156 live']);
  });

  it('does not flap: a sign of the other kind begins the wait anew', () => {
    const flapping = Array.from({ length: 600 }, (_, n): Health =>
      n % 5 === 4 ? 'healthy' : 'unhealthy',
    );
    expect(changes(flapping)).toEqual([]);
  });

  it('does not take an idle hour between two failures for an unhealthy one', () => {
    const [state] = ladderStep(numbers, topOfLadder, 'unhealthy', 0);
    expect(ladderStep(numbers, state, 'unhealthy', 3_600_000)[1]).toBe('live');
  });

  it('never moves by two rungs, nor leaves one within its dwell', () => {
    const signs = fc.array(
      fc.tuple(fc.constantFrom<Health>('healthy', 'unhealthy'), fc.nat(40_000)),
    );
    fc.assert(
      fc.property(signs, (script) => {
        let [state, now] = [topOfLadder, 0];
        const order = ['live', 'stale', 'default', 'refuse'];
        for (const [sign, waitMs] of script) {
          now += waitMs;
          const [after, rung] = ladderStep(numbers, state, sign, now);
          const step = order.indexOf(rung) - order.indexOf(state.rung);
          const isSound = step === 0 || (Math.abs(step) === 1 && now - state.since >= 30_000);
          expect([state, sign, now, isSound]).toEqual([state, sign, now, true]);
          state = after;
        }
      }),
      search(500),
    );
  });
});

/** A dependency that is well or not, and a reader before it. */
const reading = (options: Partial<ReaderOptions<string>> = {}) => {
  const world = policyWorld({ ...bare, fallback: 'allowed' });
  const dependency: { error: Error | undefined; reads: number } = { error: undefined, reads: 0 };
  const reader = degradingReader({
    policy: world.policy,
    clock: world.clock,
    read: async (key) => {
      dependency.reads += 1;
      if (dependency.error !== undefined) throw dependency.error;
      return `${key} at ${world.clock.now()}`;
    },
    ...options,
  });
  return { ...world, dependency, reader, read: (key = 'a') => reader.read(key)() };
};
const right = (value: unknown, rung: string, ageMs: number | undefined) => ({
  _tag: 'Right',
  right: { value, rung, ageMs },
});
const firstCause = { _tag: 'Left', left: { type: 'CallFailed', cause: transient } };

describe('a reader that degrades', () => {
  it('resilience P6, P7: tags what it serves with its rung and its age', async () => {
    const { read, pass, dependency } = reading({ standIn: (key) => `${key}?` });
    expect(await read()).toEqual(right('a at 0', 'live', 0));
    dependency.error = transient;
    await pass(1_000);
    expect(await read()).toEqual(right('a at 0', 'stale', 1_000));
    expect(await read('b')).toEqual(right('b?', 'default', undefined));
    await pass(299_000);
    expect(await read()).toMatchObject(right('a at 0', 'stale', 300_000));
    await pass(1);
    expect(await read()).toMatchObject({ right: { rung: 'default' } });
  });

  it('resilience P6: a fallback that fails reports the first cause', async () => {
    const { read, dependency } = reading({
      standIn: () => {
        throw new Error('the second cause');
      },
    });
    dependency.error = transient;
    expect(await read()).toMatchObject(firstCause);
  });

  it('below live answers at once, asks the dependency beside it, and comes back', async () => {
    const { read, reader, pass, dependency } = reading();
    await read();
    dependency.error = transient;
    for (let n = 0; n < 70; n += 1) {
      await pass(1_000);
      await read();
    }
    expect(reader.rung()).toBe('refuse');
    expect(await read()).toMatchObject(firstCause);
    dependency.error = undefined;
    for (let n = 0; n < 100; n += 1) {
      await pass(1_000);
      await read();
    }
    expect(reader.rung()).toBe('live');
    expect(await read()).toMatchObject({ right: { rung: 'live', ageMs: 0 } });
  });

  it('asks the dependency once at a time', async () => {
    const { read, reader, pass, dependency } = reading();
    dependency.error = transient;
    for (let n = 0; n < 7; n += 1) {
      await pass(1_000);
      await read();
    }
    expect(reader.rung()).toBe('stale');
    await pass(0);
    dependency.reads = 0;
    await Promise.all(Array.from({ length: 50 }, () => read()));
    expect(dependency.reads).toBe(1);
  });

  it("takes a caller's mistake for an answer", async () => {
    const { read, dependency, reader, pass } = reading({ standIn: () => 'never' });
    dependency.error = callerMistake;
    for (let n = 0; n < 100; n += 1) {
      await pass(1_000);
      expect(await read()).toMatchObject({ left: { kind: 'callerMistake' } });
    }
    expect(reader.rung()).toBe('live');
  });

  it('forgets the key that was not used for longest', async () => {
    const { read, dependency } = reading({ settings: { keys: 2 } });
    for (const key of ['a', 'b', 'c']) await read(key);
    dependency.error = transient;
    expect(await read('a')).toMatchObject(firstCause);
    expect(await read('c')).toMatchObject({ right: { rung: 'stale' } });
  });

  it('resilience P6: is refused to a policy that allows no fallback, as all do that are not told to', () => {
    const { policy } = policyWorld();
    expect(() => degradingReader({ policy, read: async () => 'read' })).toThrow(
      "policy store: fallback: expected 'allowed', found never",
    );
    expect(() => reading({ settings: { keys: 0 } })).toThrow('degradation.keys');
  });
});
