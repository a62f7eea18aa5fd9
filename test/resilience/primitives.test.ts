import fc from 'fast-check';
import { budgetStep, fullBudget } from '../../src/adapters/resilience/budget.ts';
import {
  bulkheadStep,
  emptyBulkhead,
  type BulkheadInput,
} from '../../src/adapters/resilience/bulkhead.ts';
import { cutOf, deadlineOf } from '../../src/adapters/resilience/deadline.ts';
import { backoffMs, firstAttempt, retryStep } from '../../src/adapters/resilience/retry.ts';
import { policyDefaults } from '../../src/adapters/resilience/settings.ts';
import { search } from '../support/arbitrary-runs.ts';

const { retry: defaults } = policyDefaults;
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('the pause before a retry', () => {
  it('resilience P4: lies in [0, cap] at every attempt, 1,024 and 10,000 included', () => {
    const attempt = fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.constant(1_024));
    const ms = fc.integer({ min: 1, max: 86_400_000 });
    fc.assert(
      fc.property(attempt, ms, ms, chance, (n, baseMs, maxMs, drawn) => {
        const pause = backoffMs({ baseMs, maxMs }, n, drawn);
        expect(Number.isSafeInteger(pause)).toBe(true);
        expect(pause).toBeGreaterThanOrEqual(0);
        expect(pause).toBeLessThanOrEqual(maxMs);
      }),
      search(1_000),
    );
  });

  it('is drawn from 0 to a ceiling that doubles: 100, 200, 400 ms', () => {
    const ends = [1, 2, 3].map((n) => [backoffMs(defaults, n, 0), backoffMs(defaults, n, 0.99999)]);
    expect(ends).toEqual([
      [0, 100],
      [0, 200],
      [0, 400],
    ]);
  });

  it('is what the dependency asks for, unless that is longer than retryAfterMs', () => {
    const after = (retryAfterMs: number) => {
      const failure = { type: 'CallFailed', kind: 'transient', cause: 'busy' } as const;
      const input = { failure, retryAfterMs, wasSent: true, isRepeatable: true, chance: 0.5 };
      return retryStep(defaults, firstAttempt, { ...input, deadlineAt: Infinity }, 0)[1];
    };
    expect([0, 60_000, 60_001].map(after)).toEqual([
      { type: 'Retry', delayMs: 0 },
      { type: 'Retry', delayMs: 60_000 },
      { type: 'Exhausted', because: 'retryAfter' },
    ]);
  });
});

describe('a budget of retries', () => {
  const asked = (
    settings: { readonly budgetPpm: number; readonly budgetFloorPerSecond: number },
    script: readonly (readonly [waitMs: number, calls: number, retries: number])[],
  ) => {
    let [state, now] = [fullBudget, 0];
    const totals = { calls: 0, granted: 0 };
    const perSecond = new Map<number, number>();
    for (const [waitMs, calls, retries] of script) {
      now += waitMs;
      for (let n = 0; n < calls; n += 1) [state] = budgetStep(settings, state, 'call', now);
      for (let n = 0; n < retries; n += 1) {
        const [after, decision] = budgetStep(settings, state, 'retry', now);
        state = after;
        if (decision === 'refused') continue;
        totals.granted += 1;
        const second = Math.floor(now / 1_000);
        perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
      }
      totals.calls += calls;
    }
    const floor = settings.budgetFloorPerSecond;
    const within = [...perSecond.values()].reduce((sum, n) => sum + Math.min(n, floor), 0);
    return { ...totals, aboveFloor: totals.granted - within };
  };

  it('resilience P5: over any time, retries above the floor are at most their share of the calls', () => {
    const script = fc.array(fc.tuple(fc.nat(4_000), fc.nat(60), fc.nat(60)), { maxLength: 60 });
    const settings = fc.record({
      budgetPpm: fc.constantFrom(0, 100_000, 333_333, 1_000_000),
      budgetFloorPerSecond: fc.nat(5),
    });
    fc.assert(
      fc.property(settings, script, (numbers, steps) => {
        const { calls, aboveFloor } = asked(numbers, steps);
        expect(aboveFloor * 1_000_000).toBeLessThanOrEqual(numbers.budgetPpm * calls);
      }),
      search(500),
    );
  });

  it('grants the floor where there are next to no calls', () => {
    expect(asked(defaults, [[0, 1, 10]]).granted).toBe(3);
    const seconds = Array.from({ length: 60 }, () => [1_000, 0, 10] as const);
    expect(asked(defaults, seconds).granted).toBe(180);
  });

  it('grants a tenth of the calls of the last ten seconds above it, and forgets them after', () => {
    const first = [0, 200, 100] as const;
    expect(asked(defaults, [first]).granted).toBe(23);
    const halves = [0, 200, 0] as const;
    expect(asked(defaults, [halves, [9_999, 0, 100]]).granted).toBe(23);
    expect(asked(defaults, [halves, [10_000, 0, 100]]).granted).toBe(3);
  });
});

type Crowd = 'Enter' | 'Leave' | 'GiveUp';
type Limits = { readonly atOnce: number; readonly queue: number };

/** A bulkhead as people at a door: who is inside, who waits outside. */
const door = ({ atOnce, queue }: Limits) => {
  let [inside, outside, tickets]: [number, number[], number] = [0, [], 0];
  const come = () => {
    if (inside < atOnce) {
      inside += 1;
      return { type: 'Entered' };
    }
    if (outside.length >= queue) return { type: 'Full' };
    outside.push(tickets);
    tickets += 1;
    return { type: 'Queued', ticket: tickets - 1 };
  };
  const go = () => {
    const ticket = outside.shift();
    if (ticket !== undefined) return { type: 'Next', ticket };
    inside -= 1;
    return { type: 'Noted' };
  };
  return {
    move: (input: BulkheadInput) => {
      if (input.type === 'Enter') return come();
      if (input.type === 'Leave') return go();
      outside = outside.filter((ticket) => ticket !== input.ticket);
      return { type: 'Noted' };
    },
    inside: () => inside,
    outside: () => outside,
  };
};

const inputOf = (
  [what, which]: readonly [Crowd, number],
  { inside, outside }: ReturnType<typeof door>,
): BulkheadInput | undefined => {
  if (what === 'Enter') return { type: 'Enter' };
  if (what === 'Leave') return inside() === 0 ? undefined : { type: 'Leave' };
  const ticket = outside()[which % outside().length];
  return ticket === undefined ? undefined : { type: 'GiveUp', ticket };
};

describe('a bulkhead', () => {
  const settings = fc.record({
    atOnce: fc.integer({ min: 1, max: 4 }),
    queue: fc.integer({ min: 0, max: 5 }),
  });
  const crowd = fc.array(
    fc.tuple(fc.constantFrom<Crowd>('Enter', 'Enter', 'Leave', 'GiveUp'), fc.nat(9)),
    { maxLength: 200 },
  );

  it('never lets in more than it may, first come, first served, and loses no place', () => {
    fc.assert(
      fc.property(settings, crowd, (numbers, script) => {
        const model = door(numbers);
        let state = emptyBulkhead;
        for (const move of script) {
          const input = inputOf(move, model);
          if (input === undefined) continue;
          const [after, decision] = bulkheadStep(numbers, state, input);
          state = after;
          expect(decision).toEqual(model.move(input));
          const { running, waiting } = state;
          expect({ running, waiting }).toEqual({
            running: model.inside(),
            waiting: model.outside(),
          });
          expect(running).toBeLessThanOrEqual(numbers.atOnce);
          expect(waiting.length === 0 || running === numbers.atOnce).toBe(true);
        }
      }),
      search(500),
    );
  });

  it('passes on the place of a call whose turn came as it gave up', () => {
    const numbers = { atOnce: 1, queue: 2 };
    let state = emptyBulkhead;
    for (let n = 0; n < 3; n += 1) [state] = bulkheadStep(numbers, state, { type: 'Enter' });
    const [left] = bulkheadStep(numbers, state, { type: 'Leave' });
    expect(bulkheadStep(numbers, left, { type: 'GiveUp', ticket: 0 })).toEqual([
      { running: 1, waiting: [], nextTicket: 2 },
      { type: 'Next', ticket: 1 },
    ]);
  });
});

describe('a deadline', () => {
  it('is the nearer of two limits, and cuts an attempt off where it is nearer than its own', () => {
    expect(deadlineOf(5, 'off', 'off')).toBe(Infinity);
    expect(deadlineOf(5, 30, 20)).toBe(25);
    expect(cutOf(10, 25, 5)).toEqual({ what: 'attempt', afterMs: 10 });
    expect(cutOf(10, 25, 20)).toEqual({ what: 'total', afterMs: 5 });
    expect(cutOf('off', 25, 26)).toEqual({ what: 'total', afterMs: 0 });
  });
});
