import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { accept, ask, type Context } from '../../src/engine/decider.ts';
import { answerOf, rowOf, settingsOf, type Lookups } from '../../src/engine/facts.ts';
import { E } from '../../src/engine/fp.ts';
import type { Store } from '../../src/engine/rows.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import type { AnySubsystem } from '../../src/engine/subsystem.ts';
import { ada, engines, failureOf, opened, stores, written } from '../support/engines.ts';
import { faultyStore, unavailable, type Faults } from '../support/faulty-store.ts';
import {
  ticket,
  ticketCommands,
  ticketEvents,
  ticketSubsystem,
  ticketsProjection,
  type Ticket,
  type TicketCommand,
} from '../support/tickets.ts';

const { OpenTicket, AddNote, LinkTicket } = ticketCommands.of;
const { NoteAdded } = ticketEvents.of;
const start = engines();

/** Tickets whose LinkTicket notes down what it is told. */
const asking = (
  lookups: (other: string, self: string) => Lookups,
  more: Partial<AnySubsystem> = {},
): AnySubsystem => ({
  ...ticketSubsystem,
  decider: {
    ...ticket,
    decide: (command: TicketCommand, state: Ticket, context: Context) =>
      command.type === 'LinkTicket'
        ? ask(lookups(command.data.other, context.self.id), (facts) =>
            accept(NoteAdded({ note: JSON.stringify(facts) })),
          )
        : ticket.decide(command, state, context),
  },
  ...more,
});

const openedIn = (engine: Engine, id: string, answerBy = 1_000) =>
  engine.send(ticketSubsystem, `ticket-${id}`, OpenTicket({ title: `t${id}`, answerBy }), {
    actor: ada,
  });
const told = async (engine: Engine, other = 'ticket-2', id = '1'): Promise<unknown> => {
  const outcome = await engine.send(ticketSubsystem, `ticket-${id}`, LinkTicket({ other }), {
    actor: ada,
  });
  if (outcome.outcome !== 'accepted') throw new Error(JSON.stringify(outcome));
  const { note } = outcome.events.at(-1)!.data as { note: string };
  return JSON.parse(note);
};

test('engine N33: a decision is told what another stream says of itself, an event, its settings', async () => {
  const subsystem = asking((other) => ({
    status: answerOf(other, 'status'),
    none: answerOf('ticket-9', 'status'),
    unknown: answerOf(other, 'colour'),
    nowhere: answerOf('house-1', 'status'),
    event: { kind: 'event', stream: 'ticket-2', revision: 0 },
    later: { kind: 'event', stream: 'ticket-2', revision: 7 },
    settings: settingsOf('support'),
  }));
  const engine = await start({ subsystems: [subsystem], settings: { support: { limit: 3 } } });
  await openedIn(engine, '1');
  await openedIn(engine, '2');
  expect(await told(engine)).toEqual({
    status: 'Open',
    none: 'Unopened',
    event: expect.objectContaining({ stream: 'ticket-2', revision: 0, type: 'TicketOpened' }),
    settings: { limit: 3 },
  });
});

test('engine N33: an answer is over recorded events, and is told whether time has caused more', async () => {
  const answers = {
    standing: ({ status }: Ticket, argument: string | undefined, lapsing: boolean) =>
      `${status} ${argument} ${lapsing}`,
  };
  const subsystem = asking((other) => ({ of: answerOf(other, 'standing', 'x') }), {
    answers: answers,
  });
  const clock = virtualClock();
  const engine = await start({ subsystems: [subsystem], clock });
  await openedIn(engine, '1', 90_000);
  await openedIn(engine, '2', 1_000);
  expect(await told(engine)).toEqual({ of: 'Open x false' });
  clock.moveTo(1_000);
  expect(await told(engine)).toEqual({ of: 'Open x true' });
});

test('engine N33: facts are looked up only once status and permission allow', async () => {
  const faults: Faults = {};
  const engine = await start({ store: faultyStore(stores[0]![1](), faults) });
  await openedIn(engine, '1');
  faults.commit = () => true;
  const sent = (id: string) =>
    engine.send(ticketSubsystem, `ticket-${id}`, LinkTicket({ other: 'ticket-1' }), { actor: ada });
  expect(await sent('2')).toMatchObject({ refusal: { type: 'StatusForbids' } });
  expect(await failureOf(sent('1'))).toEqual(unavailable);
});

test('engine N33, N10: a fact in a damaged stream fails the command that asks for it', async () => {
  const store = stores[0]![1]();
  const before = await start({ store });
  await before.close();
  await written(store, 'ticket-2', 0, { type: 'TicketEaten', data: {} });
  const engine = await start({ store });
  await openedIn(engine, '1');
  const sent = engine.send(ticketSubsystem, 'ticket-1', LinkTicket({ other: 'ticket-2' }), {
    actor: ada,
  });
  expect(await failureOf(sent)).toMatchObject({ type: 'UndecodableEvent', stream: 'ticket-2' });
});

test('engine N33: a conflict looks facts up again', async () => {
  const log = stores[0]![1]();
  const shared = await opened(log);
  const open: Store['open'] = () => async () =>
    E.right({ ...shared, close: async () => undefined });
  const other = await start({ store: { ...log, open } });
  await openedIn(other, '1');
  await openedIn(other, '2');
  const faults: Faults = {};
  const lookups: string[] = [];
  const answers = {
    notes: (state: Ticket) => {
      const count = 'notes' in state ? state.notes.length : 0;
      lookups.push(`${count}`);
      return count;
    },
  };
  const subsystem = asking((stream) => ({ notes: answerOf(stream, 'notes') }), {
    answers: answers,
  });
  const hooked: Store = {
    ...log,
    open: () => async () =>
      E.right({
        ...shared,
        close: async () => undefined,
        events: {
          ...shared.events,
          append: (stream, expected, drafts) => async () => {
            // Somebody else is faster, once, and changes the fact too.
            if (faults.append === undefined && drafts[0]?.type === 'NoteAdded') {
              faults.append = () => undefined;
              for (const name of ['ticket-1', 'ticket-2']) {
                await other.send(ticketSubsystem, name, AddNote({ note: 'in between' }), {
                  actor: ada,
                });
              }
            }
            return shared.events.append(stream, expected, drafts)();
          },
        },
      }),
  };
  const engine = await start({ store: hooked, subsystems: [subsystem] });
  expect(await told(engine)).toEqual({ notes: 1 });
  expect(lookups).toEqual(['0', '1']);
  expect((await engine.history('ticket-1')).map(({ type }) => type)).toEqual([
    'TicketOpened',
    'NoteAdded',
    'NoteAdded',
  ]);
});

describe.each(stores)('rows as facts on a store in %s', (_, newStore) => {
  const rows = asking((_other, self) => ({
    row: rowOf('tickets', self),
    none: rowOf('tickets', 'x'),
  }));

  test('engine N34: a row is as of the head when the command arrived, and names its position', async () => {
    const engine = await start({ store: newStore(), subsystems: [rows] });
    await openedIn(engine, '1');
    const { head } = await engine.status();
    const row = { title: 't1', open: true, notes: 0 };
    expect(await told(engine)).toEqual({
      row: { row, position: head, current: true },
      none: { position: head, current: true },
    });
  });

  test('engine N34: a broken projection answers at once with what it has, and says that it is not current', async () => {
    const broken = {
      ...ticketsProjection,
      on: {
        ...ticketsProjection.on,
        NoteAdded: () => {
          throw new Error('broken');
        },
      },
    };
    const engine = await start({
      store: newStore(),
      subsystems: [{ ...rows, projections: [broken] }],
    });
    await openedIn(engine, '1');
    const { head } = await engine.status();
    await engine.send(ticketSubsystem, 'ticket-1', AddNote({ note: 'breaks it' }), { actor: ada });
    const row = { title: 't1', open: true, notes: 0 };
    expect(await told(engine)).toEqual({
      row: { row, position: head, current: false },
      none: { position: head, current: false },
    });
  });
});

test('engine N33: a row of a read model that is not there is a bug', async () => {
  const engine = await start({ subsystems: [asking(() => ({ row: rowOf('nothing', 'x') }))] });
  await openedIn(engine, '1');
  await expect(told(engine)).rejects.toThrow('there is no read model nothing');
});
