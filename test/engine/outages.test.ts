import type { Store } from '../../src/engine/rows.ts';
import { GENERATIONS } from '../../src/engine/run/generations.ts';
import { ada, engines, failureOf, stores } from '../support/engines.ts';
import { faultyStore, unavailable, type Faults } from '../support/faulty-store.ts';
import { versioned } from '../support/generation-stores.ts';
import { builtBy1, noted, seenBy, statusOf, v1, v2 } from '../support/generations.ts';
import { handClock } from '../support/hand-clock.ts';
import { ticketCommands, ticketSubsystem } from '../support/tickets.ts';

const { OpenTicket, AddNote } = ticketCommands.of;
const start = engines();

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Whether a promise is settled before long. */
const isSettled = (work: Promise<unknown>): Promise<boolean> =>
  Promise.race([
    work.then(
      () => true,
      () => true,
    ),
    turns().then(() => false),
  ]);

/** The commit in which a build takes the place of the live rows is stored, and its answer is lost. */
const losingTheSwitch = (): Faults => {
  let isLost = false;
  return {
    commit: ({ changes }) => {
      const isSwitch = changes.some(
        ({ table, row }) => table === GENERATIONS && !Object.hasOwn(row as object, 'building'),
      );
      if (isLost || !isSwitch) return false;
      isLost = true;
      return 'lost';
    },
  };
};

describe.each(stores)('an outage of a store in %s', (_, newStore) => {
  /** Tickets and their rows by version 1, in wall time. */
  const built = (clock: ReturnType<typeof handClock>): Promise<Store> =>
    builtBy1((options) => start({ clock, ...options }))(newStore);

  test('N2 N4: a stream whose append was written without an answer takes commands again', async () => {
    const faults: Faults = {};
    const clock = handClock();
    // Nothing but commands reads the stream.
    const { due: _due, ...waitless } = ticketSubsystem;
    const subsystems = [{ ...waitless, projections: [], reactions: [] }];
    const engine = await start({ store: faultyStore(newStore(), faults), clock, subsystems });
    const command = OpenTicket({ title: 't', answerBy: 9e14 });
    await engine.send(ticketSubsystem, 'ticket-1', command, { actor: ada });
    const send = (note: string) =>
      engine.send(ticketSubsystem, 'ticket-1', AddNote({ note }), { actor: ada, commandId: note });
    faults.append = () => 'lost';
    expect(await failureOf(send('a'))).toEqual(unavailable);
    faults.append = () => undefined;
    clock.moveTo(50);
    expect(await send('a')).toMatchObject({ outcome: 'accepted', revision: 1, repeated: true });
    faults.append = () => 'lost';
    expect(await failureOf(send('b'))).toEqual(unavailable);
    faults.append = () => undefined;
    expect(await send('c')).toMatchObject({ outcome: 'accepted', revision: 3, repeated: false });
  });

  test('N14: a build that became live without an answer is live once the store answers, though nothing is appended', async () => {
    const store = faultyStore(await builtBy1(start)(newStore), losingTheSwitch());
    const engine = await start({ store, subsystems: v2 });
    expect(await failureOf(engine.settle())).toEqual(unavailable);
    expect(await isSettled(engine.settle())).toBe(true);
    expect(await seenBy(engine)).toEqual({ versions: ['v2'], rows: 5, notes: 15 });
    expect(await statusOf(engine)).not.toHaveProperty('building');
  });

  test('N14: the same by itself in wall time', async () => {
    const clock = handClock();
    const store = faultyStore(await built(clock), losingTheSwitch());
    const engine = await start({ store, subsystems: v2, clock });
    await turns();
    clock.moveTo(clock.now() + 1_000);
    await turns();
    expect(await seenBy(engine)).toMatchObject({ versions: ['v2'], rows: 5 });
  });

  test('N15: a rebuild whose beginning the store has failed is begun anew by the next', async () => {
    const faults: Faults = {};
    let isPoison = true;
    const subsystems = versioned({
      version: 2,
      note: () => {
        if (isPoison) throw new Error('cannot take it');
      },
    });
    const store = faultyStore(await builtBy1(start)(newStore), faults);
    const engine = await start({ store, subsystems });
    await engine.settle();
    isPoison = false;
    faults.get = (table) => table === GENERATIONS;
    expect(await failureOf(engine.rebuild('tickets'))).toEqual(unavailable);
    faults.get = () => false;
    expect(await engine.rebuild('tickets')).not.toHaveProperty('building');
    expect(await seenBy(engine)).toEqual({ versions: ['v2'], rows: 5, notes: 15 });
  });

  test('N14: a rebuild that could not begin leaves nothing that seems to be built', async () => {
    const faults: Faults = {};
    const store = faultyStore(await builtBy1(start)(newStore), faults);
    const engine = await start({ store, subsystems: v1 });
    await engine.settle();
    faults.get = (table) => table === GENERATIONS;
    expect(await failureOf(engine.rebuild('tickets'))).toEqual(unavailable);
    faults.get = () => false;
    await engine.settle();
    expect(await statusOf(engine)).not.toHaveProperty('building');
  });

  test('N13 N18: one timer waits for a projection of which several parts fail, however long', async () => {
    const faults: Faults = {};
    const clock = handClock();
    const store = faultyStore(await built(clock), faults);
    const engine = await start({ store, subsystems: v1, clock });
    await turns();
    const before = clock.timers();
    faults.clear = () => true;
    await failureOf(engine.rebuild('tickets'));
    faults.commit = ({ checkpoint }) => checkpoint?.consumer.startsWith('projection:') === true;
    await Promise.all([failureOf(engine.rebuild('tickets')), noted(engine, '0000', 'late')]);
    for (let second = 0; second < 10; second += 1) {
      clock.moveTo(clock.now() + 1_000);
      await turns();
    }
    expect(clock.timers() - before).toBe(1);
    faults.commit = () => false;
    faults.clear = () => false;
    clock.moveTo(clock.now() + 1_000);
    await turns();
    expect(await seenBy(engine)).toMatchObject({ rows: 5, notes: 16 });
    expect(clock.timers()).toBe(before);
  });
});
