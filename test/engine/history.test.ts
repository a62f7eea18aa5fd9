import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import * as t from 'io-ts';
import { closed, listOf } from '../../src/engine/codec.ts';
import { E } from '../../src/engine/fp.ts';
import { evolver, machine, type StateOf } from '../../src/engine/machine.ts';
import { replay } from '../../src/engine/replay.ts';
import { runnable } from '../../src/engine/subsystem.ts';
import { vocabulary, type MessageOf } from '../../src/engine/vocabulary.ts';
import { ada, engines, failureOf, opened, stores, written } from '../support/engines.ts';
import {
  ticketCommands,
  ticketEvents,
  ticketSubsystem,
  tickets,
  type TicketCommand,
} from '../support/tickets.ts';

const { OpenTicket, AddNote, CloseTicket } = ticketCommands.of;
const start = engines();
const openIt = (answerBy = 1_000) => OpenTicket({ title: 'broken', answerBy });

describe('the state at a point', () => {
  const lived = async () => {
    const clock = virtualClock(10);
    const engine = await start({ clock });
    const ask = async (at: number, command: TicketCommand) => {
      clock.moveTo(at);
      await engine.send(ticketSubsystem, 'ticket-1', command, { actor: ada });
    };
    await ask(10, openIt());
    await ask(20, AddNote({ note: 'one' }));
    await ask(30, AddNote({ note: 'two' }));
    return engine;
  };
  const asOpened = { status: 'Open', title: 'broken', answerBy: 1_000 };

  test('engine N32: at a revision it is what the events up to it say', async () => {
    const engine = await lived();
    expect(await engine.stateAt(ticketSubsystem, 'ticket-1', { revision: 1 })).toEqual({
      state: { ...asOpened, notes: ['one'] },
      revision: 1,
      lapsed: 0,
    });
    expect(await engine.stateAt(ticketSubsystem, 'ticket-1')).toMatchObject({ revision: 2 });
    expect(await engine.stateAt(ticketSubsystem, 'ticket-9')).toEqual({
      state: { status: 'Unopened' },
      revision: undefined,
      lapsed: 0,
    });
  });

  test('engine N32, N25: at an instant it shows what time alone has caused by then, at that very millisecond', async () => {
    const engine = await lived();
    const at = async (instant: number) => {
      const found = await engine.stateAt(ticketSubsystem, 'ticket-1', { instant });
      return [found.state.status, found.revision, found.lapsed];
    };
    expect(await at(9)).toEqual(['Unopened', undefined, 0]);
    expect(await at(10)).toEqual(['Open', 0, 0]);
    expect(await at(29)).toEqual(['Open', 1, 0]);
    expect(await at(999)).toEqual(['Open', 2, 0]);
    expect(await at(1_000)).toEqual(['Closed', 2, 1]);
    expect(await engine.history('ticket-1')).toHaveLength(3);
  });

  test('engine N9: nobody who is handed a state can change the engine', async () => {
    const engine = await lived();
    const { state } = await engine.stateAt(ticketSubsystem, 'ticket-1');
    expect(() => Object.assign(state, { title: 'mine' })).toThrow(TypeError);
    const [first] = await engine.history('ticket-1');
    expect(() => Object.assign(first!.data as object, { title: 'mine' })).toThrow(TypeError);
  });

  test('engine N1: a history can be read from a revision on', async () => {
    const engine = await lived();
    const revisions = (await engine.history('ticket-1', 1)).map(({ revision }) => revision);
    expect(revisions).toEqual([1, 2]);
  });
});

describe.each(stores)('a damaged log in %s', (_, newStore) => {
  const first = { type: 'TicketOpened', data: { title: 't', answerBy: 1_000 } };
  const damages = [
    {
      what: 'an unknown type',
      event: { type: 'TicketEaten', data: {} },
      failure: { type: 'UndecodableEvent', eventType: 'TicketEaten', path: 'type' },
    },
    {
      what: 'an unknown version',
      event: { type: 'NoteAdded', data: { note: 'n' }, version: 7 },
      failure: { type: 'UndecodableEvent', path: 'version' },
    },
    {
      what: 'an undecodable payload',
      event: { type: 'NoteAdded', data: { note: 5 } },
      failure: { type: 'UndecodableEvent', path: 'note', reason: 'expected a note, found 5' },
    },
    {
      what: 'an undeclared edge',
      event: { type: 'TicketOpened', data: { title: 'again', answerBy: 1 } },
      failure: { type: 'ImpossibleHistory', path: 'status' },
    },
  ];

  test.each(damages)(
    'engine N10: $what fails its stream with its place, and no other',
    async ({ event, failure }) => {
      const store = newStore();
      const before = await start({ store });
      await before.close();
      await written(store, 'ticket-bad', 0, first, event);
      const engine = await start({ store });
      const sent = (stream: string) =>
        engine.send(ticketSubsystem, stream, AddNote({ note: 'x' }), { actor: ada });
      const place = { stream: 'ticket-bad', revision: 1, position: '3', ...failure };
      expect(await failureOf(sent('ticket-bad'))).toMatchObject(place);
      expect(await failureOf(engine.stateAt(ticketSubsystem, 'ticket-bad'))).toMatchObject(place);
      const earlier = await engine.stateAt(ticketSubsystem, 'ticket-bad', { revision: 0 });
      expect(earlier.state.status).toBe('Open');
      expect(await engine.history('ticket-bad')).toHaveLength(2);
      expect(
        await engine.send(ticketSubsystem, 'ticket-good', openIt(), { actor: ada }),
      ).toMatchObject({ outcome: 'accepted' });
      await engine.settle();
      await engine.runUntil(5_000);
      expect((await engine.stateAt(ticketSubsystem, 'ticket-good')).state.status).toBe('Closed');
      const { deadlines } = await engine.status();
      expect(deadlines.stuck).toMatchObject([{ stream: 'ticket-bad' }]);
    },
  );
});

test('engine N10: a stream that newer code can read again gets its deadlines', async () => {
  const store = memoryStore();
  const before = await start({ store });
  await before.send(ticketSubsystem, 'ticket-1', openIt(), { actor: ada });
  await before.settle();
  await before.close();
  await written(store, 'ticket-1', 1, { type: 'NoteAdded', data: { text: 'n' } });
  await written(store, 'ticket-2', 0, { type: 'TicketOpened', data: { name: 't', by: 700 } });
  const blind = await start({ store });
  // What cannot be read is tried once, not every 30 seconds for years.
  await blind.runUntil(100 * 365 * 86_400_000);
  expect((await blind.status()).deadlines.stuck.map(({ stream }) => stream)).toEqual([
    'ticket-1',
    'ticket-2',
    'ticket-1',
  ]);
  await blind.close();

  const events = vocabulary(ticketEvents.payloads, {
    TicketOpened: [
      (older) => {
        const { title, name = title, answerBy: at, by = at } = older as Record<string, unknown>;
        return { title: name, answerBy: by };
      },
    ],
    NoteAdded: [
      (older) => {
        const { text = '', note = text } = older as { text?: string; note?: string };
        return { note };
      },
    ],
  });
  const mended = await start({ store, subsystems: [{ ...ticketSubsystem, events }] });
  await mended.runUntil(101 * 365 * 86_400_000);
  expect((await mended.status()).deadlines).toMatchObject({ stuck: [], nearest: undefined });
  for (const stream of ['ticket-1', 'ticket-2'] as const) {
    expect((await mended.stateAt(ticketSubsystem, stream)).state.status).toBe('Closed');
  }
});

test('engine N11: events of an older version are lifted wherever they are read', async () => {
  const store = memoryStore();
  const before = await start({ store });
  await before.close();
  await written(store, 'ticket-1', 0, { type: 'TicketOpened', data: { title: 'old', days: 1 } });
  const events = vocabulary(ticketEvents.payloads, {
    TicketOpened: [
      (older) => {
        const { title, days } = older as { title: string; days: number };
        return { title, answerBy: days * 86_400_000 };
      },
    ],
  });
  const engine = await start({ store, subsystems: [{ ...ticketSubsystem, events }] });
  expect((await engine.stateAt(ticketSubsystem, 'ticket-1')).state).toMatchObject({
    title: 'old',
    answerBy: 86_400_000,
  });
  await engine.send(ticketSubsystem, 'ticket-1', AddNote({ note: 'n' }), { actor: ada });
  await engine.settle();
  expect(await engine.query(tickets).get('1')).toEqual({ title: 'old', open: true, notes: 1 });
  await engine.send(ticketSubsystem, 'ticket-2', openIt(), { actor: ada });
  expect((await engine.history('ticket-2'))[0]?.version).toBe(2);
});

test('engine N9: the state that commands were decided on is what a fold of the history gives', async () => {
  const engine = await start();
  const send = (command: TicketCommand) =>
    engine.send(ticketSubsystem, 'ticket-1', command, { actor: ada });
  await send(openIt());
  for (let n = 0; n < 20; n += 1) await send(AddNote({ note: `${n}` }));
  await send(CloseTicket({}));
  expect(await engine.checkReplay()).toMatchObject({ streams: 1, identical: true });
});

test('engine N9: a fold in place changes neither the log nor what an earlier fold gave', async () => {
  const events = vocabulary({
    BoxMade: { box: closed({ things: listOf(t.string) }) },
    ThingAdded: {},
  });
  type BoxEvent = MessageOf<typeof events>;
  const boxMachine = machine<BoxEvent>()('None', {
    None: { BoxMade: 'Box' },
    Box: { ThingAdded: 'Box' },
  });
  type Box = StateOf<
    typeof boxMachine,
    { None: object; Box: { box: { things: readonly string[] } } }
  >;
  const evolve = evolver<typeof boxMachine, Box, BoxEvent>({
    // The state keeps the event's own data, and the next event changes it.
    BoxMade: (_, { box }) => ({ status: 'Box', box }),
    ThingAdded: (state) => {
      state.box.things.push('thing');
    },
  });
  const store = memoryStore();
  await written(
    store,
    'box-1',
    0,
    { type: 'BoxMade', data: { box: { things: [] } } },
    { type: 'ThingAdded', data: {} },
  );
  const { events: log } = await opened(store);
  const history = await log.read('box-1')();
  if (E.isLeft(history)) throw new Error(history.left.type);
  const decider = { version: 1, initial: { status: 'None' }, evolve, decide: () => E.right([]) };
  const subsystem = runnable({ ...ticketSubsystem, events, machine: boxMachine, decider });
  const folded = () => replay(subsystem, { status: 'None' }, history.right);
  const expected = E.right({ status: 'Box', box: { things: ['thing'] } });
  expect(folded()).toEqual(expected);
  expect(folded()).toEqual(expected);
  expect(history.right[0]?.data).toEqual({ box: { things: [] } });
});
