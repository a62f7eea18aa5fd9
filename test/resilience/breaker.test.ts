import fc from 'fast-check';
import {
  breakerStep,
  closedBreaker,
  type BreakerInput,
  type BreakerSettings,
  type BreakerState,
  type Permit,
  type Verdict,
} from '../../src/adapters/resilience/breaker.ts';
import { policyDefaults } from '../../src/adapters/resilience/settings.ts';
import { search } from '../support/arbitrary-runs.ts';

const { breaker: defaults } = policyDefaults;

/** A breaker that is driven by hand. */
const driven = (settings: BreakerSettings = defaults) => {
  let state: BreakerState = closedBreaker;
  const step = (input: BreakerInput, now: number) => {
    const [after, decision] = breakerStep(settings, state, input, now);
    state = after;
    return decision;
  };
  const ask = (now: number) => step({ type: 'Ask' }, now);
  const permit = (now: number): Permit => {
    const decision = ask(now);
    if (decision.type !== 'Admitted') throw new Error(`not admitted at ${now}`);
    return decision.permit;
  };
  const settle = (held: Permit, verdict: Verdict, now: number, tookMs = 0) =>
    step({ type: 'Settle', permit: held, verdict, tookMs }, now);
  const call = (verdict: Verdict, now: number, tookMs = 0) =>
    settle(permit(now), verdict, now, tookMs);
  const fail = (times: number, now: number) => {
    for (let n = 0; n < times; n += 1) call('failure', now);
  };
  return { ask, permit, settle, call, fail, state: () => state };
};

/** One whose five failures opened it at 0. */
const tripped = (settings: Partial<BreakerSettings> = {}) => {
  const breaker = driven({ ...defaults, ...settings });
  breaker.fail(5, 0);
  return breaker;
};

describe('a breaker that is closed', () => {
  it('opens at the fifth failure in a row, for 60 s', () => {
    const breaker = driven();
    breaker.fail(4, 1_000);
    expect(breaker.state().status).toBe('Closed');
    breaker.call('failure', 1_000);
    expect(breaker.state()).toMatchObject({ status: 'Open', until: 61_000 });
  });

  it('resilience P1: a success resets the row of failures', () => {
    const breaker = driven();
    breaker.fail(4, 0);
    breaker.call('success', 0);
    breaker.fail(4, 0);
    expect(breaker.state().status).toBe('Closed');
  });

  it('resilience P1: failures of an idle hour ago are not in the row of today', () => {
    const breaker = driven();
    breaker.fail(4, 0);
    breaker.call('failure', 3_600_000);
    expect(breaker.state().status).toBe('Closed');
  });

  it('opens at half of twenty calls, not at nineteen', () => {
    const breaker = driven();
    for (let n = 0; n < 9; n += 1) {
      breaker.call('failure', n);
      breaker.call('success', n);
    }
    breaker.call('failure', 9);
    expect(breaker.state().status).toBe('Closed');
    breaker.call('failure', 9);
    expect(breaker.state().status).toBe('Open');
  });

  it('resilience P1: outcomes that are 60 s old count no more in the share', () => {
    const breaker = driven();
    for (let n = 0; n < 9; n += 1) {
      breaker.call('failure', 0);
      breaker.call('success', 0);
    }
    breaker.fail(2, 60_000);
    expect(breaker.state().status).toBe('Closed');
  });

  it('takes a call that is as slow as slowMs for a failure', () => {
    const breaker = driven({ ...defaults, slowMs: 100, failuresInRow: 1 });
    breaker.call('success', 0, 99);
    expect(breaker.state().status).toBe('Closed');
    breaker.call('success', 0, 100);
    expect(breaker.state().status).toBe('Open');
  });

  it("resilience P3: callers' mistakes are no failures, nor do they reset the row", () => {
    const breaker = driven();
    breaker.fail(4, 0);
    for (let n = 0; n < 100; n += 1) breaker.call('ignored', 0);
    expect(breaker.state().status).toBe('Closed');
    breaker.call('failure', 0);
    expect(breaker.state().status).toBe('Open');
  });
});

describe('a breaker that is open', () => {
  it('refuses until its time is over, to the millisecond, then tries', () => {
    const breaker = tripped();
    expect(breaker.ask(59_999)).toEqual({ type: 'Refused', until: 60_000 });
    expect(breaker.ask(60_000)).toMatchObject({ type: 'Admitted' });
    expect(breaker.state().status).toBe('HalfOpen');
  });

  it('is open for twice as long after each failed trial, up to 300 s', () => {
    const breaker = tripped();
    const spans = [];
    for (let trial = 0, now = 60_000; trial < 5; trial += 1) {
      breaker.call('failure', now);
      const state = breaker.state();
      if (state.status !== 'Open') throw new Error('not open');
      spans.push(state.until - now);
      now = state.until;
    }
    expect(spans).toEqual([120_000, 240_000, 300_000, 300_000, 300_000]);
  });

  it.each(['success', 'failure', 'ignored'] as const)(
    'resilience P2: the %s of a call from before it opened changes nothing, then, half open, or closed again',
    (verdict) => {
      const breaker = driven();
      const late = Array.from({ length: 3 }, () => breaker.permit(0));
      breaker.fail(5, 0);
      const changes: boolean[] = [];
      const settleOne = (now: number) => {
        const before = breaker.state();
        breaker.settle(late.pop()!, verdict, now);
        changes.push(breaker.state() === before);
      };
      settleOne(1);
      const trial = breaker.permit(60_000);
      settleOne(60_000);
      breaker.settle(trial, 'success', 60_000);
      breaker.call('success', 60_000);
      breaker.call('success', 60_000);
      expect(breaker.state().status).toBe('Closed');
      settleOne(60_001);
      expect(changes).toEqual([true, true, true]);
    },
  );
});

describe('a breaker that is half open', () => {
  it('closes after three successes, and one failure opens it', () => {
    const breaker = tripped();
    breaker.call('success', 60_000);
    breaker.call('success', 60_000);
    expect(breaker.state().status).toBe('HalfOpen');
    breaker.call('failure', 60_000);
    expect(breaker.state().status).toBe('Open');
    for (let n = 0; n < 3; n += 1) breaker.call('success', 180_000);
    expect(breaker.state().status).toBe('Closed');
  });

  it('resilience P3: it admits one trial at a time', () => {
    const breaker = tripped();
    breaker.permit(60_000);
    expect(breaker.ask(60_001)).toEqual({ type: 'Refused', until: 90_000 });
  });

  it('resilience P3: ignored results give the permit back and count neither way', () => {
    const breaker = tripped();
    for (let n = 0; n < 50; n += 1) breaker.call('ignored', 60_000);
    expect(breaker.state()).toMatchObject({ status: 'HalfOpen', successes: 0, held: [] });
  });

  it('resilience P3: a trial that never ends gives its permit back after 30 s, and its result is void', () => {
    const breaker = tripped();
    const hung = breaker.permit(60_000);
    expect(breaker.ask(89_999).type).toBe('Refused');
    const second = breaker.permit(90_000);
    breaker.settle(hung, 'failure', 90_001);
    expect(breaker.state().status).toBe('HalfOpen');
    breaker.settle(second, 'success', 90_002);
    expect(breaker.state()).toMatchObject({ successes: 1, held: [] });
  });
});

type Move =
  | { readonly do: 'ask' }
  | { readonly do: 'settle'; readonly which: number; readonly verdict: Verdict }
  | { readonly do: 'wait'; readonly ms: number };

const moves = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('ask' as const) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('settle' as const),
        which: fc.nat({ max: 50 }),
        verdict: fc.constantFrom('success' as const, 'failure' as const, 'ignored' as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(400) }) },
  ),
  { maxLength: 300 },
);

const small = fc.record({
  failuresInRow: fc.integer({ min: 1, max: 6 }),
  failurePpm: fc.integer({ min: 1, max: 1_000_000 }),
  minCalls: fc.integer({ min: 1, max: 12 }),
  windowMs: fc.constantFrom(100, 250, 1_000),
  openMs: fc.integer({ min: 1, max: 200 }),
  maxOpenMs: fc.integer({ min: 1, max: 800 }),
  permits: fc.integer({ min: 1, max: 4 }),
  successesToClose: fc.integer({ min: 1, max: 4 }),
  reclaimMs: fc.integer({ min: 1, max: 300 }),
  slowMs: fc.constant('off' as const),
});

/** Whether all outcomes of one closed time, kept whole, say that the breaker opens at the last of them. */
const opens = (
  { failuresInRow, failurePpm, minCalls, windowMs }: BreakerSettings,
  outcomes: readonly (readonly [at: number, verdict: Verdict])[],
): boolean => {
  const [now, verdict] = outcomes.at(-1)!;
  if (verdict !== 'failure') return false;
  const row = outcomes.slice(outcomes.findLastIndex(([, one]) => one === 'success') + 1);
  if (row.filter(([at]) => at > now - windowMs).length >= failuresInRow) return true;
  const bucketMs = windowMs / 10;
  const first = Math.floor(now / bucketMs) - 9;
  const young = outcomes.filter(([at]) => Math.floor(at / bucketMs) >= first);
  const failures = young.filter(([, one]) => one === 'failure').length;
  return young.length >= minCalls && failures * 1_000_000 >= failurePpm * young.length;
};

/** What holds of every state at every instant. */
const expectSound = (settings: BreakerSettings, state: BreakerState, now: number): void => {
  if (state.status === 'HalfOpen') {
    expect(state.held.length).toBeLessThanOrEqual(settings.permits);
    expect(state.successes).toBeLessThan(settings.successesToClose);
  }
  if (state.status === 'Open') {
    expect(state.until - now).toBeLessThanOrEqual(settings.maxOpenMs);
  }
};

/** Plays moves on a breaker, and on a record of everything that ever happened. */
const played = (settings: BreakerSettings, script: readonly Move[]) => {
  const breaker = driven(settings);
  const held: Permit[] = [];
  let now = 0;
  let outcomes: [number, Verdict][] = [];
  const settleOne = (permit: Permit, verdict: Verdict): void => {
    const before = breaker.state();
    breaker.settle(permit, verdict, now);
    const { status } = breaker.state();
    if (permit.generation !== before.generation) return expect(breaker.state()).toBe(before);
    if (before.status !== 'Closed' || verdict === 'ignored') return;
    outcomes.push([now, verdict]);
    expect([now, status]).toEqual([now, opens(settings, outcomes) ? 'Open' : 'Closed']);
  };
  for (const move of script) {
    const before = breaker.state().status;
    if (move.do === 'wait') now += move.ms;
    if (move.do === 'ask') {
      const decision = breaker.ask(now);
      if (decision.type === 'Admitted') held.push(decision.permit);
    }
    if (move.do === 'settle' && held.length > 0) {
      settleOne(held.splice(move.which % held.length, 1)[0]!, move.verdict);
    }
    const state = breaker.state();
    if (state.status === 'Closed' && before !== 'Closed') outcomes = [];
    expectSound(settings, state, now);
  }
  return { breaker, now };
};

describe('a breaker, whatever happens', () => {
  it('resilience P1, P2: opens exactly where the whole record says so, and late results change nothing', () => {
    fc.assert(
      fc.property(small, moves, (settings, script) => void played(settings, script)),
      search(400),
    );
  });

  it('resilience P3: never exceeds its permits, never wedges: healthy calls close it in bounded time', () => {
    fc.assert(
      fc.property(small, moves, (settings, script) => {
        const { breaker, now } = played(settings, script);
        const patience = settings.maxOpenMs + settings.reclaimMs;
        const healthy = { ...settings, now: now + patience };
        for (let n = 0; n < healthy.successesToClose; n += 1) breaker.call('success', healthy.now);
        expect(breaker.state().status).toBe('Closed');
      }),
      search(400),
    );
  });
});
