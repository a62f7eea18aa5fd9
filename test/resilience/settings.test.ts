import { policy } from '../../src/adapters/resilience/policy.ts';
import { PolicyMisconfigured } from '../../src/adapters/resilience/bounds.ts';
import { policyDefaults } from '../../src/adapters/resilience/settings.ts';
import { policyWorld } from '../support/policy-world.ts';

/** What is wrong with options, as text by path. */
const wrongWith = (options: object): readonly string[] => {
  try {
    policy({ name: 'store', classify: () => ({ kind: 'permanent' }), ...options });
    return [];
  } catch (error) {
    if (!(error instanceof PolicyMisconfigured)) throw error;
    return error.problems.map(({ path, found }) => `${path} ${found}`);
  }
};

describe('the settings of a policy', () => {
  it('are what the table of defaults says', () => {
    expect(policyDefaults).toMatchObject({
      retry: { attempts: 3, baseMs: 100, maxMs: 30_000, budgetPpm: 100_000 },
      breaker: { failuresInRow: 5, failurePpm: 500_000, minCalls: 20, permits: 1, slowMs: 'off' },
      bulkhead: { atOnce: 10, queue: 0 },
    });
    expect(wrongWith(policyDefaults)).toEqual([]);
  });

  it.each([NaN, -1, 1.5, 2 ** 53, Infinity, '5', null, undefined])(
    'are refused with their path, never clamped: %p',
    (value) => {
      expect(wrongWith({ retry: { baseMs: value }, breaker: { permits: value } })).toEqual([
        `retry.baseMs ${String(value)}`,
        `breaker.permits ${String(value)}`,
      ]);
    },
  );

  it('are refused above and below their bounds, all at once', () => {
    const wrong = {
      bulkhead: { atOnce: 10_001, queue: -1 },
      breaker: { permits: 101 },
      totalMs: 0,
    };
    expect(wrongWith(wrong)).toEqual([
      'bulkhead.atOnce 10001',
      'bulkhead.queue -1',
      'breaker.permits 101',
      'totalMs 0',
    ]);
  });

  it('are refused where there is no such setting, or none of its shape', () => {
    const wrong = { retries: 3, retry: 3, breaker: { open: 1 }, attemptMs: {}, bulkhead: null };
    expect(wrongWith(wrong)).toEqual([
      'retries 3',
      'retry 3',
      'breaker.open 1',
      'attemptMs an object',
      'bulkhead null',
    ]);
    expect(wrongWith({ constructor: 1, retry: { attempts: 'off' } })).toEqual([
      'constructor 1',
      'retry.attempts off',
    ]);
  });

  it('may be off, part by part', () => {
    const off = { totalMs: 'off', retry: 'off', breaker: 'off', bulkhead: 'off', attemptMs: 'off' };
    expect(wrongWith({ ...off, breaker: { slowMs: 'off' } })).toEqual([]);
    expect(wrongWith(off)).toEqual([]);
  });

  it('tell what they expected', () => {
    expect(() =>
      policy({ name: 'rail', classify: () => ({ kind: 'permanent' }), totalMs: NaN }),
    ).toThrow(
      "policy rail: totalMs: expected a whole number from 1 to 86400000, or 'off', found NaN",
    );
  });

  it('of one call and of a pin are looked at too', () => {
    const { policy: guarded } = policyWorld();
    const call = { repeat: 'never', totalMs: NaN } as const;
    expect(() => guarded.run(call, async () => 1)).toThrow('call.totalMs');
    expect(() => guarded.pin('open', 86_400_001)).toThrow('pin.forMs');
  });
});
