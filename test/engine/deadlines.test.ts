import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { deadlineCommandId } from '../../src/engine/ids.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import type { AnySubsystem } from '../../src/engine/subsystem.ts';
import { ada, engines, stores } from '../support/engines.ts';
import { faultyStore, type Faults } from '../support/faulty-store.ts';
import { handClock } from '../support/hand-clock.ts';
import { ticket, ticketCommands, ticketSubsystem, type Ticket } from '../support/tickets.ts';

const { OpenTicket, AddNote, CloseTicket, ExpireTicket } = ticketCommands.of;
const start = engines();
const YEAR = 365 * 86_400_000;

const opened = (engine: Engine, id: string, answerBy: number) =>
  engine.send(ticketSubsystem, `ticket-${id}`, OpenTicket({ title: id, answerBy }), { actor: ada });
const statusOf = async (engine: Engine, id: string) =>
  (await engine.stateAt(ticketSubsystem, `ticket-${id}`)).state.status;

/** What the log says in its order, of events of a type. */
const logged = async (engine: Engine, type: string): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const { events, caughtUp } of engine.log({
    after: undefined,
    signal: new AbortController().signal,
  })) {
    found.push(...events.filter((event) => event.type === type).map(({ stream }) => stream));
    if (caughtUp) break;
  }
  return found;
};

describe.each(stores)('deadlines on a store in %s', (_, newStore) => {
  test('engine N17, N25: a deadline fires once, at its instant and not a millisecond before', async () => {
    const engine = await start({ store: newStore() });
    await opened(engine, '1', 1_000);
    await engine.runUntil(999);
    expect(await statusOf(engine, '1')).toBe('Open');
    await engine.runUntil(1_000);
    expect(await statusOf(engine, '1')).toBe('Closed');
    await engine.runUntil(9_000);
    const [, closed] = await engine.history('ticket-1');
    expect(closed?.metadata).toMatchObject({ at: 1_000, actor: 'clock', sender: 'system' });
    expect((await engine.status()).sent).toEqual({ reactions: 0, deadlines: 1, effects: 0 });
    expect(engine.deadlines(10)).toEqual([]);
  });

  test('engine N6, N28: its command has a derived id and the cause and correlation of the event it was found after', async () => {
    const engine = await start({ store: newStore() });
    await engine.send(ticketSubsystem, 'ticket-1', OpenTicket({ title: 't', answerBy: 50 }), {
      actor: ada,
      correlationId: 'case-1',
    });
    await engine.runUntil(50);
    const [first, second] = await engine.history('ticket-1');
    const commandId = deadlineCommandId('test', {
      stream: 'ticket-1',
      revision: 0,
      at: 50,
      target: 'ticket-1',
      commandType: 'ExpireTicket',
    });
    expect(second?.metadata).toMatchObject({
      commandId,
      causationId: first?.id,
      correlationId: 'case-1',
    });
  });

  test('engine N17: a cancelled deadline never fires, a changed one at its new instant alone', async () => {
    const moving: AnySubsystem = {
      ...ticketSubsystem,
      due: (state: Ticket) =>
        state.status === 'Open'
          ? [{ at: state.answerBy + 1_000 * state.notes.length, command: ExpireTicket({}) }]
          : [],
    };
    const engine = await start({ store: newStore(), subsystems: [moving] });
    await opened(engine, 'cancelled', 1_000);
    await opened(engine, 'changed', 5_000);
    await engine.settle();
    await engine.send(ticketSubsystem, 'ticket-cancelled', CloseTicket({}), { actor: ada });
    await engine.send(ticketSubsystem, 'ticket-changed', AddNote({ note: 'later' }), {
      actor: ada,
    });
    await engine.runUntil(5_999);
    expect((await engine.status()).sent.deadlines).toBe(0);
    await engine.runUntil(6_000);
    expect((await engine.status()).sent.deadlines).toBe(1);
  });

  test('engine N17: after downtime overdue ones fire in order of instant, stream bytes, command type', async () => {
    const store = newStore();
    const before = await start({ store });
    for (const [id, at] of [
      ['b', 20],
      ['a', 20],
      ['é', 20],
      ['z', 10],
      ['c', 30],
    ] as const) {
      await opened(before, id, at);
    }
    await before.settle();
    await before.close();
    const engine = await start({ store, clock: virtualClock(1_000) });
    await engine.runUntil(1_000);
    expect(await logged(engine, 'TicketClosed')).toEqual([
      'ticket-z',
      'ticket-a',
      'ticket-b',
      'ticket-é',
      'ticket-c',
    ]);
    expect((await engine.history('ticket-z')).at(-1)?.metadata.at).toBe(1_000);
  });

  test('engine N18: deadlines years ahead fire when their day comes', async () => {
    const engine = await start({ store: newStore() });
    await opened(engine, '1', 90 * YEAR);
    await engine.runUntil(90 * YEAR - 1);
    expect(await statusOf(engine, '1')).toBe('Open');
    await engine.runUntil(90 * YEAR);
    expect(await statusOf(engine, '1')).toBe('Closed');
  });

  test('engine N36: a state may name several deadlines, for other streams too, and a refusal answers one', async () => {
    const several: AnySubsystem = {
      ...ticketSubsystem,
      due: (state: Ticket, { id }: { readonly id: string }) =>
        state.status === 'Open' && id === 'boss'
          ? [
              { at: 10, command: AddNote({ note: 'wake up' }), stream: 'ticket-worker' },
              { at: 20, command: AddNote({ note: 'refused' }), stream: 'ticket-nobody' },
              { at: 30, command: CloseTicket({}) },
            ]
          : [],
    };
    const engine = await start({ store: newStore(), subsystems: [several] });
    await opened(engine, 'worker', 10_000);
    await opened(engine, 'boss', 10_000);
    await engine.runUntil(29);
    expect((await engine.stateAt(ticketSubsystem, 'ticket-worker')).state).toMatchObject({
      notes: ['wake up'],
    });
    expect(await engine.history('ticket-nobody')).toEqual([]);
    expect(engine.deadlines(10).map(({ at }) => at)).toEqual([30]);
    await engine.runUntil(30);
    expect(await statusOf(engine, 'boss')).toBe('Closed');
    expect((await engine.status()).sent.deadlines).toBe(3);
  });

  test('engine N17: a command that fails is sent again with back-off, and its answer ends it', async () => {
    const faults: Faults = {};
    const engine = await start({ store: faultyStore(newStore(), faults) });
    await opened(engine, '1', 1_000);
    await opened(engine, '2', 2_000);
    const tried: number[] = [];
    faults.append = (stream) => {
      if (stream !== 'ticket-1') return undefined;
      tried.push(engine.now());
      return tried.length < 4 ? 'refused' : undefined;
    };
    await engine.runUntil(3_000);
    expect(tried).toEqual([1_000, 1_500, 2_500]);
    expect(await statusOf(engine, '2')).toBe('Closed');
    expect((await engine.status()).deadlines.stuck).toMatchObject([{ stream: 'ticket-1' }]);
    await engine.runUntil(10_000);
    expect(tried).toEqual([1_000, 1_500, 2_500, 4_500]);
    expect(await statusOf(engine, '1')).toBe('Closed');
    expect((await engine.status()).deadlines.stuck).toEqual([]);
  });

  test('engine N17: code of another version looks at every stream anew', async () => {
    const store = newStore();
    const none: AnySubsystem = { ...ticketSubsystem, due: () => [] };
    const before = await start({ store, subsystems: [none] });
    await opened(before, '1', 1_000);
    await before.settle();
    expect(before.deadlines(1)).toEqual([]);
    await before.close();
    const decider = { ...ticket, version: 2 };
    const engine = await start({ store, subsystems: [{ ...ticketSubsystem, decider }] });
    await engine.runUntil(1_000);
    expect(await statusOf(engine, '1')).toBe('Closed');
  });
});

test('engine N17: a bug in what one stream waits for is that stream’s trouble alone', async () => {
  const odd: AnySubsystem = {
    ...ticketSubsystem,
    due: (state: Ticket) => {
      if (state.status !== 'Open') return [];
      if (state.title === 'throws') throw new Error('bug');
      const at = state.title === 'never' ? Number.NaN : state.answerBy;
      return [{ at, command: ExpireTicket({}) }];
    },
  };
  const engine = await start({ subsystems: [odd] });
  for (const id of ['throws', 'never', 'fine']) await opened(engine, id, 1_000);
  await engine.runUntil(1_000);
  expect(await statusOf(engine, 'fine')).toBe('Closed');
  expect((await engine.status()).deadlines.stuck).toEqual([
    { stream: 'ticket-never', cause: 'Error: ExpireTicket would fall due at NaN' },
    { stream: 'ticket-throws', cause: 'Error: bug' },
  ]);
});

test('engine N17: a bug in what one deadline asks for does not keep the others', async () => {
  const decider = {
    ...ticket,
    decide: (command: never, state: Ticket, context: never) => {
      if (state.status === 'Open' && state.title === 'bug') throw new Error('bug');
      return ticket.decide(command, state, context);
    },
    lapse: () => [],
  };
  const engine = await start({
    subsystems: [
      {
        ...ticketSubsystem,
        decider,
        due: (state: Ticket) =>
          state.status === 'Open' ? [{ at: state.answerBy, command: CloseTicket({}) }] : [],
      } as never,
    ],
  });
  await opened(engine, 'bug', 500);
  await opened(engine, 'fine', 1_000);
  await engine.runUntil(1_100);
  expect(await statusOf(engine, 'fine')).toBe('Closed');
  expect((await engine.status()).deadlines.stuck).toMatchObject([
    { stream: 'ticket-bug', cause: expect.stringContaining('bug') },
  ]);
});

/** Resolves once a ticket is closed. */
const closedOf = async (engine: Engine, id: string): Promise<void> => {
  while ((await statusOf(engine, id)) !== 'Closed') {
    await new Promise((resolve) => setImmediate(resolve));
  }
};

describe('on a wall clock', () => {
  test('engine N18: 100,000 pending deadlines cost one timer', async () => {
    const patient: AnySubsystem = {
      ...ticketSubsystem,
      projections: [],
      reactions: [],
      due: (state: Ticket, { id }: { readonly id: string }) =>
        Array.from({ length: state.status === 'Open' ? 1_000 : 0 }, (_, n) => ({
          at: YEAR + 1_000 * Number(id) + n,
          command: AddNote({ note: 'nobody hears it' }),
          stream: 'ticket-nobody',
        })),
    };
    const clock = handClock();
    const engine = await start({ clock, subsystems: [patient] });
    for (let n = 0; n < 100; n += 1) await opened(engine, `${n}`, 9 * YEAR);
    await engine.settle();
    expect(engine.deadlines(200_000)).toHaveLength(100_000);
    expect((await engine.status()).deadlines.nearest).toBe(YEAR);
    expect(clock.timers()).toBe(1);
    clock.moveTo(YEAR + 1);
    while ((await engine.status()).sent.deadlines < 2) await clock.breathe();
    await engine.settle();
    expect(engine.deadlines(200_000)).toHaveLength(99_998);
    expect(clock.timers()).toBe(1);
    await engine.close();
    expect(clock.timers()).toBe(0);
  });

  test('engine N17: an alarm looks at the clock, so that a clock that was set is noticed and nothing fires early', async () => {
    const clock = handClock();
    const engine = await start({ clock });
    await opened(engine, '1', 3_600_000);
    await engine.settle();
    clock.set(-1_000_000);
    clock.moveTo(2_599_999);
    await engine.settle();
    expect(await statusOf(engine, '1')).toBe('Open');
    clock.set(3_599_000);
    clock.moveTo(3_660_000);
    await closedOf(engine, '1');
    expect((await engine.history('ticket-1')).at(-1)?.metadata.at).toBe(3_660_000);
  });
});
