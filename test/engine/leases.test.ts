import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { E } from '../../src/engine/fp.ts';
import { leaseCommands, leaseEvents, leaseSubsystem } from '../../src/engine/lease.ts';
import type { Clock } from '../../src/engine/clock.ts';
import type { Store } from '../../src/engine/rows.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import { given } from '../../src/testing/given.ts';
import { ada, engines, failureOf, stores } from '../support/engines.ts';
import { handClock } from '../support/hand-clock.ts';
import { sharing } from '../support/market-mortal-store.ts';
import { world, worksOf, writing } from '../support/ticket-effects.ts';
import { notesOf, opened } from '../support/ticket-reactions.ts';

const start = engines();

/** A log that several engines write, each with rows of its own. */
const sharedLog = () => {
  const log = memoryStore();
  const open = (own: Store): Store => {
    const both = sharing(log, own);
    return {
      ...both,
      open: (options) => async () => {
        const answer = await both.open(options)();
        if (E.isLeft(answer)) return answer;
        const { isShared: _, ...events } = answer.right.events;
        return E.right({ ...answer.right, events });
      },
    };
  };
  return () => open(memoryStore());
};

const leasesOf = async (engine: Engine) =>
  (await engine.history('lease-writeLetter')).map(({ type, data }) => ({ type, ...Object(data) }));

describe('engine N38: a lease', () => {
  const { LeaseClaimed, LeaseRenewed, LeaseReleased, LeaseLapsed } = leaseEvents.of;
  const { ClaimLease, RenewLease, ReleaseLease } = leaseCommands.of;
  const system = { actor: { id: 'system', roles: ['system'] } };
  const { decider } = leaseSubsystem;
  const held = given(decider, LeaseClaimed({ holder: 'a', no: 7, until: 100 }));

  test('engine N38: has one holder, under a number that grows', () => {
    held
      .when(ClaimLease({ holder: 'b', forMs: 50 }), { ...system, at: 99 })
      .thenRefuses({ type: 'LeaseHeld', holder: 'a', until: 100 });
    held
      .when(ClaimLease({ holder: 'b', forMs: 50 }), { ...system, at: 100 })
      .then(LeaseLapsed({ no: 7 }), LeaseClaimed({ holder: 'b', no: 8, until: 150 }));
  });

  test('engine N38: is renewed and released under its number alone, before it lapses', () => {
    held
      .when(RenewLease({ no: 7, forMs: 50 }), { ...system, at: 99 })
      .then(LeaseRenewed({ no: 7, until: 149 }));
    held.when(ReleaseLease({ no: 7 }), { ...system, at: 99 }).then(LeaseReleased({ no: 7 }));
    for (const stale of [RenewLease({ no: 6, forMs: 50 }), ReleaseLease({ no: 6 })]) {
      held.when(stale, { ...system, at: 99 }).thenRefuses({ type: 'LeaseLost', no: 7 });
    }
    held
      .when(RenewLease({ no: 7, forMs: 50 }), { ...system, at: 100 })
      .thenRefuses({ type: 'LeaseLost', no: 7 });
  });

  test("engine N38: is the engines' own", () => {
    held
      .when(ReleaseLease({ no: 7 }), { actor: 'ada', at: 99 })
      .thenRefuses({ type: 'NotPermitted', actor: 'ada' });
  });
});

test('engine N38: of two engines one performs an effect, and the other looks up what that was', async () => {
  const [open, outside] = [sharedLog(), world()];
  const effects = [writing(outside)];
  const first = await start({ store: open(), effects });
  const second = await start({ store: open(), effects });
  await opened(first, '1', 'a');
  await Promise.all([first.settle(), second.settle()]);
  await second.runUntil(60_000);
  expect(outside.calls.filter((call) => call === 'submit a')).toHaveLength(1);
  expect(await notesOf(first, '1')).toEqual(['sent a']);
  expect([worksOf(first), worksOf(second)]).toEqual([[], []]);
  const claims = (await leasesOf(first)).filter(({ type }) => type === 'LeaseClaimed');
  expect(claims.map(({ no }) => no)).toEqual([1, 2]);
});

test.each([
  ['behind', 0],
  ['at the lapse', 30_000],
  ['ahead', 45_000],
])(
  'engine N38: a dead holder loses its lease when it lapses; its late report changes nothing, its clock %s',
  async (_, late) => {
    const [open, outside] = [sharedLog(), world()];
    const [sent, answer] = [
      Promise.withResolvers<void>(),
      Promise.withResolvers<readonly string[]>(),
    ];
    const { submit } = outside;
    outside.submit = async () => {
      sent.resolve();
      return answer.promise;
    };
    const effects = [writing(outside)];
    const clock = virtualClock();
    const first = await start({ store: open(), effects, clock });
    const second = await start({ store: open(), effects });
    await opened(first, '1', 'a');
    const settling = first.settle();
    await sent.promise;
    outside.submit = submit;
    await second.runUntil(29_999);
    expect(await notesOf(second, '1')).toEqual([]);
    expect(outside.calls.filter((call) => call === 'submit a')).toHaveLength(1);
    await second.runUntil(30_000);
    expect(await notesOf(second, '1')).toEqual(['sent a']);
    expect(outside.fences).toEqual([1, 2]);
    clock.moveTo(late);
    answer.resolve(['a late answer']);
    await settling;
    await first.settle();
    expect(await notesOf(second, '1')).toEqual(['sent a']);
    await first.runUntil(120_000);
    expect(await notesOf(second, '1')).toEqual(['sent a']);
    expect(worksOf(first)).toEqual([]);
  },
);

test('engine N38: a holder that works on renews its lease before it lapses', async () => {
  const [open, outside] = [sharedLog(), world()];
  const [sent, answer] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<readonly string[]>(),
  ];
  outside.submit = async () => {
    sent.resolve();
    return answer.promise;
  };
  const clock = virtualClock();
  const engine = await start({ store: open(), effects: [writing(outside)], clock });
  await opened(engine, '1', 'a');
  const settling = engine.settle();
  await sent.promise;
  clock.moveTo(15_000);
  for (let turn = 0; turn < 100; turn += 1) await clock.breathe();
  expect(await leasesOf(engine)).toEqual([
    expect.objectContaining({ type: 'LeaseClaimed', no: 1, until: 30_000 }),
    { type: 'LeaseRenewed', no: 1, until: 45_000 },
  ]);
  answer.resolve(['sent a']);
  await settling;
  expect((await leasesOf(engine)).at(-1)).toEqual({ type: 'LeaseReleased', no: 1 });
});

test.each(stores)(
  'engine N38: a store that one process writes has no lease: %s',
  async (_, newStore) => {
    const engine = await start({ store: newStore(), effects: [writing(world())] });
    await opened(engine, '1', 'a');
    await engine.settle();
    expect(await leasesOf(engine)).toEqual([]);
  },
);

test('engine N38: what cannot be looked up is refused where several engines write', async () => {
  const { lookUp: _, ...blind } = writing(world());
  const store = sharedLog()();
  expect(await failureOf(start({ store, effects: [blind] }))).toMatchObject({
    type: 'EffectNotRepeatable',
    effect: 'writeLetter',
  });
});

test('engine N38: nobody outside commands a lease', async () => {
  const engine = await start({ store: sharedLog()(), effects: [writing(world())] });
  const { ClaimLease } = leaseCommands.of;
  const sent = engine.send(
    leaseSubsystem,
    'lease-writeLetter',
    ClaimLease({ holder: 'x', forMs: 1 }),
    {
      actor: ada,
    },
  );
  expect(await sent).toEqual({
    outcome: 'refused',
    refusal: { type: 'NotPermitted', actor: 'ada' },
  });
});

/** Waits a while for what is ready to run, with the clock standing. */
const breathing = async (clock: Pick<Clock, 'breathe'>): Promise<void> => {
  for (let turn = 0; turn < 100; turn += 1) await clock.breathe();
};

test('engine N38: what was begun under a number that is lost goes out under no later one', async () => {
  const [open, outside] = [sharedLog(), world()];
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<undefined>()];
  const { lookUp } = outside;
  outside.lookUp = async () => {
    asked.resolve();
    return answer.promise;
  };
  const effects = [writing(outside)];
  const clock = handClock();
  const first = await start({ store: open(), effects, clock });
  await opened(first, '1', 'a');
  await asked.promise;
  outside.lookUp = lookUp;
  clock.set(60_000);
  const second = await start({ store: open(), effects, clock: handClock(60_000) });
  await breathing(clock);
  await second.close();
  expect(outside.fences).toEqual([2]);
  // Another work makes the first engine claim anew while it still waits for what it was told before.
  await opened(first, '2', 'b');
  await breathing(clock);
  expect((await leasesOf(first)).at(-1)).toMatchObject({ type: 'LeaseClaimed', no: 3 });
  answer.resolve(undefined);
  await breathing(clock);
  expect(outside.calls.filter((call) => call === 'submit a')).toHaveLength(1);
  expect(await notesOf(first, '1')).toEqual(['sent a']);
});

test('engine N38: a wall clock that is set back makes no lease longer', async () => {
  const [open, outside] = [sharedLog(), world()];
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<undefined>()];
  outside.lookUp = async () => {
    asked.resolve();
    return answer.promise;
  };
  const clock = handClock(100_000);
  const engine = await start({ store: open(), effects: [writing(outside)], clock });
  await opened(engine, '1', 'a');
  await asked.promise;
  clock.set(50_000);
  clock.moveTo(65_000);
  answer.resolve(undefined);
  await breathing(clock);
  expect(await leasesOf(engine)).toContainEqual(expect.objectContaining({ type: 'LeaseRenewed' }));
});
