import { E } from '../../src/engine/fp.ts';
import type { PolicyFailure } from '../../src/adapters/resilience/failure.ts';
import { chanceOf } from '../oracle/chance.ts';
import { seeds } from '../support/arbitrary-runs.ts';
import { bare, policyWorld, transient } from '../support/policy-world.ts';

const MINUTE_MS = 60_000;

/** A minute of calls at a steady rate to a dependency that fails every time; what reached it, and why calls ended. */
const failingMinute = async (perSecond: number, options: Parameters<typeof policyWorld>[0]) => {
  const { seed } = seeds();
  const chance = chanceOf(seed);
  const world = policyWorld({ random: () => chance.int(0, 999_999) / 1_000_000, ...options });
  const ended: PolicyFailure[] = [];
  let reached = 0;
  const fail = async () => {
    reached += 1;
    await world.sleep(20);
    throw transient;
  };
  let calls = 0;
  const step = () => {
    calls += 1;
    void world.policy
      .run({ repeat: 'idempotent' }, fail)()
      .then((either) => E.isLeft(either) && ended.push(either.left));
    if (calls < (perSecond * MINUTE_MS) / 1_000) {
      world.clock.scheduler.schedule(step, 1_000 / perSecond);
    }
  };
  step();
  await world.pass(2 * MINUTE_MS);
  expect([seed, ended.length]).toEqual([seed, calls]);
  return { seed, calls, reached, added: reached - calls };
};

describe('resilience P5: a dependency that fails every time', () => {
  const withoutBreaker = { ...bare, retry: {} } as const;
  const FLOOR = 3 * 62;

  it.each([1, 10, 100])(
    'at %d calls a second gets at most a tenth more, above the floor of 3 a second',
    async (perSecond) => {
      const { seed, calls, added } = await failingMinute(perSecond, withoutBreaker);
      expect([seed, added <= FLOOR + calls / 10]).toEqual([seed, true]);
      // Not for want of trying: nearly all that the budget allows is used.
      const allowed = Math.min(FLOOR + calls / 10, 2 * calls);
      expect([seed, added > allowed * 0.8]).toEqual([seed, true]);
    },
  );

  it('gets three times the load where nothing holds the retries back', async () => {
    const unlimited = {
      ...withoutBreaker,
      retry: { budgetPpm: 1_000_000, budgetFloorPerSecond: 10_000 },
    };
    const { seed, calls, reached } = await failingMinute(10, unlimited);
    expect([seed, reached]).toEqual([seed, 3 * calls]);
  });

  it('is left alone once the circuit is open', async () => {
    const { seed, reached } = await failingMinute(100, {});
    expect([seed, reached < 20]).toEqual([seed, true]);
  });
});
