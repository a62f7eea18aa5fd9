import { E } from '../../src/engine/fp.ts';
import {
  describePolicyFailure,
  type PolicyFailure,
} from '../../src/adapters/resilience/failure.ts';
import { never } from '../../src/adapters/resilience/race.ts';
import {
  Meaning,
  bare,
  callerMistake,
  permanent,
  policyWorld,
  transient,
  unknownOutcome,
} from '../support/policy-world.ts';

const idempotent = { repeat: 'idempotent' } as const;

/** Starts a run and says what came of it, and when. */
const started = <Value>(
  { clock }: ReturnType<typeof policyWorld>,
  run: () => Promise<E.Either<PolicyFailure, Value>>,
) => {
  const result: { at?: number; value?: Value; failure?: PolicyFailure } = {};
  const note = (either: E.Either<PolicyFailure, Value>): void => {
    result.at = clock.now();
    if (E.isRight(either)) result.value = either.right;
    else result.failure = either.left;
  };
  void run().then(note);
  return result;
};

describe('a call under a policy', () => {
  it('answers what the call answers', async () => {
    const world = policyWorld();
    const result = started(world, world.policy.run(idempotent, world.scripted([5, 'read'])));
    await world.pass(5);
    expect(result).toEqual({ at: 5, value: 'read' });
  });

  it('is made again after a pause, under its key, and told that an effect may be there already', async () => {
    const world = policyWorld();
    const work = world.scripted([10, unknownOutcome], [10, transient], [10, 'written']);
    const result = started(world, world.policy.run({ repeat: { key: 'k1' } }, work));
    await world.pass(1_000);
    // Half of each ceiling: 50 and 100 ms.
    expect(result).toEqual({ at: 180, value: 'written' });
    expect(world.begun).toEqual([
      { at: 0, attempt: 1, deadlineMs: 10_000, outcomeUnknown: false, key: 'k1' },
      { at: 60, attempt: 2, deadlineMs: 10_000, outcomeUnknown: true, key: 'k1' },
      { at: 170, attempt: 3, deadlineMs: 10_000, outcomeUnknown: true, key: 'k1' },
    ]);
  });

  it('gives up after three attempts, with the last failure', async () => {
    const world = policyWorld();
    const result = started(world, world.policy.run(idempotent, world.scripted([0, transient])));
    await world.pass(1_000);
    expect(result.failure).toEqual({
      type: 'RetriesExhausted',
      because: 'attempts',
      dependency: 'store',
      attempts: 3,
      outcomeUnknown: false,
      last: { type: 'CallFailed', kind: 'transient', cause: transient },
    });
  });

  it('is made again at once where the dependency says so', async () => {
    const world = policyWorld();
    const notLeader = new Meaning({ kind: 'transient', retryAfterMs: 0 });
    const work = world.scripted([1, notLeader], [1, 'from the leader']);
    const result = started(world, world.policy.run(idempotent, work));
    await world.pass(2);
    expect(result).toEqual({ at: 2, value: 'from the leader' });
  });

  it.each([NaN, -1, Infinity])('waits as ever where it is asked to wait for %p', async (wish) => {
    const world = policyWorld();
    const busy = new Meaning({ kind: 'transient', retryAfterMs: wish });
    const result = started(world, world.policy.run(idempotent, world.scripted([0, busy], [0, 1])));
    await world.pass(50);
    expect(result).toEqual({ at: 50, value: 1 });
  });

  it.each([
    ['permanent', permanent],
    ['callerMistake', callerMistake],
  ])('that fails as %s is not made again', async (kind, error) => {
    const world = policyWorld();
    const result = started(world, world.policy.run(idempotent, world.scripted([0, error])));
    await world.pass(60_000);
    expect(result).toMatchObject({ at: 0, failure: { type: 'CallFailed', kind, attempts: 1 } });
  });

  it.each([['never'], [{ key: '' }]] as const)(
    'resilience P5: that may be made once only (%j) is made once',
    async (repeat) => {
      const world = policyWorld();
      const result = started(world, world.policy.run({ repeat }, world.scripted([0, transient])));
      await world.pass(60_000);
      expect(world.begun).toHaveLength(1);
      expect(result.failure).toMatchObject({ type: 'CallFailed', attempts: 1 });
    },
  );

  it('whose classifier throws fails for good, with both errors', async () => {
    const bug = new TypeError('no such field');
    const world = policyWorld({
      classify: () => {
        throw bug;
      },
    });
    const result = started(world, world.policy.run(idempotent, world.scripted([0, transient])));
    await world.pass(0);
    const { failure } = result;
    if (failure?.type !== 'CallFailed') throw new Error('another failure');
    expect(failure.kind).toBe('permanent');
    expect((failure.cause as AggregateError).errors).toEqual([transient, bug]);
  });

  it('whose work throws before it promises is a failed call', async () => {
    for (const options of [bare, {}]) {
      const world = policyWorld(options);
      const result = started(
        world,
        world.policy.run(idempotent, () => {
          throw permanent;
        }),
      );
      await world.pass(0);
      expect(result.failure).toMatchObject({ type: 'CallFailed', cause: permanent });
    }
  });
});

describe('the time of a call', () => {
  it('resilience P4: is bounded by the deadline, whatever it is made of', async () => {
    const world = policyWorld({ totalMs: 1_000, attemptMs: 400, retry: { attempts: 100 } });
    const result = started(world, world.policy.run(idempotent, never));
    await world.pass(5_000);
    expect(result.at).toBe(1_000);
    expect(result.failure).toMatchObject({ type: 'TimedOut', what: 'total', attempts: 3 });
    expect(result.failure).toMatchObject({ outcomeUnknown: true, afterMs: 50 });
  });

  it('resilience P4: a pause that ends at the deadline or later is not begun', async () => {
    const world = policyWorld({ totalMs: 60 });
    const result = started(world, world.policy.run(idempotent, world.scripted([10, transient])));
    await world.pass(60);
    expect(result).toMatchObject({ at: 10, failure: { because: 'deadline', attempts: 1 } });
  });

  it("is the caller's own where that is nearer", async () => {
    const world = policyWorld();
    const call = { ...idempotent, totalMs: 7 };
    const result = started(world, world.policy.run(call, never));
    await world.pass(7);
    expect(result).toMatchObject({ at: 7, failure: { type: 'TimedOut', afterMs: 7 } });
  });

  it('aborts the signal of an attempt that is cut off, and takes no notice of what comes later', async () => {
    const world = policyWorld({ ...bare, attemptMs: 10 });
    let signal: AbortSignal | undefined;
    const result = started(
      world,
      world.policy.run(idempotent, async (attempt) => {
        signal = attempt.signal;
        await world.sleep(20);
        throw permanent;
      }),
    );
    await world.pass(30);
    expect(result).toMatchObject({ at: 10, failure: { type: 'TimedOut', what: 'attempt' } });
    expect(signal).toMatchObject({ aborted: true, reason: { name: 'TimeoutError' } });
  });
});

describe('an abort', () => {
  const aborted = async (abortAt: number, options: Parameters<typeof policyWorld>[0] = {}) => {
    const world = policyWorld(options);
    const caller = new AbortController();
    let inner: AbortSignal | undefined;
    const result = started(
      world,
      world.policy.run({ ...idempotent, signal: caller.signal }, async (attempt) => {
        inner = attempt.signal;
        await world.scripted([10, transient])(attempt);
      }),
    );
    await world.pass(abortAt);
    caller.abort('enough');
    await world.pass(0);
    const at = world.clock.now();
    await world.pass(600_000);
    return { result, at, inner, begun: world.begun.length, status: world.policy.status() };
  };

  it('resilience P4: in a pause settles at once and calls no more', async () => {
    const { result, at, begun } = await aborted(30);
    expect(result).toMatchObject({ at, failure: { type: 'Aborted', reason: 'enough' } });
    expect([begun, result.failure?.outcomeUnknown]).toEqual([1, false]);
  });

  it('in a call settles at once, aborts its signal, and says that its outcome is unknown', async () => {
    const { result, at, begun, inner } = await aborted(5);
    expect(result).toMatchObject({ at, failure: { type: 'Aborted', attempts: 1 } });
    expect([begun, result.failure?.outcomeUnknown]).toEqual([1, true]);
    expect(inner).toMatchObject({ aborted: true, reason: 'enough' });
  });

  it('before the call makes none', async () => {
    const world = policyWorld();
    const call = { ...idempotent, signal: AbortSignal.abort('early') };
    const result = started(world, world.policy.run(call, world.scripted([0, 'never'])));
    await world.pass(0);
    expect(world.begun).toEqual([]);
    expect(result.failure).toMatchObject({ type: 'Aborted', attempts: 0, outcomeUnknown: false });
  });

  it('resilience P3: of a trial gives its permit back and is no failure', async () => {
    const world = policyWorld({ ...bare, breaker: { failuresInRow: 1 } });
    started(world, world.policy.run(idempotent, world.scripted([0, transient])));
    await world.pass(60_000);
    const caller = new AbortController();
    started(world, world.policy.run({ ...idempotent, signal: caller.signal }, never));
    await world.pass(1);
    caller.abort();
    await world.pass(0);
    expect(world.policy.status().breaker).toBe('HalfOpen');
    const next = started(world, world.policy.run(idempotent, world.scripted([0, 'well'])));
    await world.pass(0);
    expect(next.value).toBe('well');
  });
});

describe('a policy with a breaker', () => {
  it('resilience P5: does not try again what an open circuit refuses', async () => {
    const world = policyWorld({ breaker: { failuresInRow: 1 } });
    const first = started(world, world.policy.run(idempotent, world.scripted([0, transient])));
    await world.pass(1_000);
    expect(world.begun).toHaveLength(1);
    expect(first.failure).toMatchObject({ because: 'circuitOpen', attempts: 1 });
    const second = started(world, world.policy.run(idempotent, world.scripted([0, transient])));
    await world.pass(0);
    expect(world.begun).toHaveLength(1);
    expect(second.failure).toMatchObject({ type: 'CircuitOpen', until: 60_000, attempts: 0 });
  });

  it("resilience P3: does not hold callers' mistakes against its dependency", async () => {
    const world = policyWorld({ breaker: { failuresInRow: 2 } });
    for (let n = 0; n < 50; n += 1) {
      started(world, world.policy.run(idempotent, world.scripted([0, callerMistake])));
      await world.pass(0);
    }
    expect(world.policy.status().breaker).toBe('Closed');
  });

  it('is held open or closed by a pin, for its time, and learns nothing meanwhile', async () => {
    const world = policyWorld({ ...bare, breaker: { failuresInRow: 1 } });
    const call = (outcome: unknown) =>
      started(world, world.policy.run(idempotent, world.scripted([0, outcome])));
    world.policy.pin('open', 1_000);
    const refused = call('well');
    await world.pass(1_000);
    expect(refused.failure).toMatchObject({ type: 'CircuitOpen', until: 1_000 });
    world.policy.pin('closed', 1_000);
    call(transient);
    await world.pass(999);
    expect(world.policy.status().breaker).toBe('Closed');
    await world.pass(1);
    call(transient);
    await world.pass(0);
    expect(world.policy.status().breaker).toBe('Open');
  });
});

describe('a policy with a bulkhead', () => {
  it('refuses what finds neither a place nor room to wait, and does not hold it against the dependency', async () => {
    const world = policyWorld({ bulkhead: { atOnce: 1, queue: 1 } });
    const run = () => started(world, world.policy.run(idempotent, world.scripted([10, 'done'])));
    const all = [run(), run(), ...Array.from({ length: 30 }, run)];
    await world.pass(100);
    expect(all.slice(0, 2)).toEqual([
      { at: 10, value: 'done' },
      { at: 20, value: 'done' },
    ]);
    expect(all[2]).toMatchObject({
      at: 0,
      failure: { type: 'BulkheadFull', running: 1, waiting: 1, attempts: 0 },
    });
    expect(world.policy.status()).toEqual({ breaker: 'Closed', running: 0, waiting: 0 });
  });

  it('counts waiting against the deadline, and gives up the place in the queue', async () => {
    const world = policyWorld({ totalMs: 15, bulkhead: { atOnce: 1, queue: 5 } });
    const run = () => started(world, world.policy.run(idempotent, world.scripted([10, 'done'])));
    const all = [run(), run(), run()];
    await world.pass(100);
    expect(all).toMatchObject([
      { at: 10, value: 'done' },
      { at: 15, failure: { type: 'TimedOut', attempts: 1, afterMs: 5 } },
      { at: 15, failure: { type: 'TimedOut', attempts: 0, afterMs: 15, outcomeUnknown: false } },
    ]);
    expect(world.policy.status()).toEqual({ breaker: 'Closed', running: 0, waiting: 0 });
  });

  it('does not hold time spent in the queue against the dependency', async () => {
    const world = policyWorld({
      ...bare,
      breaker: { failuresInRow: 1 },
      bulkhead: { atOnce: 1, queue: 1 },
    });
    const patient = started(world, world.policy.run(idempotent, world.scripted([100, 'done'])));
    const call = { ...idempotent, totalMs: 5 };
    const hasty = started(world, world.policy.run(call, world.scripted([0, 'done'])));
    await world.pass(100);
    expect(hasty).toMatchObject({ at: 5, failure: { type: 'TimedOut', attempts: 0 } });
    expect(patient.value).toBe('done');
    expect(world.policy.status().breaker).toBe('Closed');
  });

  it('lets an abort leave the queue at once, and loses no place', async () => {
    const world = policyWorld({ ...bare, bulkhead: { atOnce: 1, queue: 5 } });
    const caller = new AbortController();
    const run = (signal?: AbortSignal) =>
      started(
        world,
        world.policy.run(
          signal === undefined ? idempotent : { ...idempotent, signal },
          world.scripted([10, 'done']),
        ),
      );
    const all = [run(), run(caller.signal), run()];
    await world.pass(3);
    caller.abort('enough');
    await world.pass(100);
    expect(all).toMatchObject([
      { at: 10, value: 'done' },
      { at: 3, failure: { type: 'Aborted', attempts: 0, outcomeUnknown: false } },
      { at: 20, value: 'done' },
    ]);
    expect(world.policy.status()).toEqual({ breaker: 'off', running: 0, waiting: 0 });
  });
});

describe('a failure as a line', () => {
  it('says what, where and what to do', async () => {
    const world = policyWorld({ bulkhead: { atOnce: 1 }, breaker: { failuresInRow: 1 } });
    const line = async (work: () => Promise<unknown>, ms: number) => {
      const result = started(world, world.policy.run(idempotent, work));
      await world.pass(ms);
      return describePolicyFailure(result.failure!);
    };
    const refused = line(() => Promise.reject(callerMistake), 0);
    expect(await refused).toBe('store: the call was refused: Error: callerMistake');
    expect(await line(never, 11_000)).toBe(
      'store: given up after attempt 1, the circuit has opened; last: no answer in 10000 ms; raise attemptMs if it ' +
        'should take longer; whether it had its effect is not known',
    );
    expect(await line(never, 0)).toMatch(/^store: not called, it failed too often; .+ from 1970-/u);
  });
});
