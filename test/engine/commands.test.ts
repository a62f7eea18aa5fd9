import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { E } from '../../src/engine/fp.ts';
import { canonicalJson } from '../../src/engine/json.ts';
import { digestOfText, eventId } from '../../src/engine/ids.ts';
import type { OpenStore, Store } from '../../src/engine/rows.ts';
import type { EventStore } from '../../src/engine/store.ts';
import { ada, bob, engines, failureOf, opened, stores } from '../support/engines.ts';
import { faultyStore, unavailable, type Faults } from '../support/faulty-store.ts';
import { ticket, ticketCommands, ticketSubsystem } from '../support/tickets.ts';

const { OpenTicket, AddNote, CloseTicket, ExpireTicket } = ticketCommands.of;
const openIt = OpenTicket({ title: 'broken', answerBy: 1_000 });
const start = engines();

/** An open store that several engines may write to at once, as on a server: none of them is the sole writer. */
const shareable = ({ events, rows }: OpenStore): Store['open'] => {
  const { isSoleWriter: _, ...shared } = events;
  return () => async () => E.right({ events: shared, rows, close: async () => undefined });
};

describe.each(stores)('commands on a store in %s', (_, newStore) => {
  test('engine N1: an outcome holds events, revision, position and whether it is a repeat', async () => {
    const engine = await start({ store: newStore() });
    const by = { actor: ada, commandId: 'c1' };
    const accepted = await engine.send(ticketSubsystem, 'ticket-1', openIt, by);
    expect(accepted).toEqual({
      outcome: 'accepted',
      events: [{ type: 'TicketOpened', data: { title: 'broken', answerBy: 1_000 } }],
      revision: 0,
      position: expect.any(String),
      repeated: false,
    });
    expect(Object.isFrozen(accepted)).toBe(true);
    const again = await engine.send(ticketSubsystem, 'ticket-1', openIt, { actor: ada });
    expect(again).toEqual({ outcome: 'granted', lapsed: [], repeated: false });
    const other = OpenTicket({ title: 'other', answerBy: 1_000 });
    expect(await engine.send(ticketSubsystem, 'ticket-1', other, { actor: ada })).toEqual({
      outcome: 'refused',
      refusal: { type: 'TicketAlreadyOpened', title: 'broken' },
    });
    expect(await engine.history('ticket-1')).toHaveLength(1);
  });

  test('engine N2: the same command id gives the first outcome, also after a restart', async () => {
    const store = newStore();
    const first = await start({ store });
    await first.send(ticketSubsystem, 'ticket-1', openIt, { actor: ada });
    const by = { actor: ada, commandId: 'note' };
    const outcome = await first.send(ticketSubsystem, 'ticket-1', AddNote({ note: 'n' }), by);
    expect(await first.send(ticketSubsystem, 'ticket-1', AddNote({ note: 'n' }), by)).toEqual({
      ...outcome,
      repeated: true,
    });
    await first.close();
    const second = await start({ store });
    expect(await second.send(ticketSubsystem, 'ticket-1', AddNote({ note: 'n' }), by)).toEqual({
      ...outcome,
      repeated: true,
    });
    expect(await second.history('ticket-1')).toHaveLength(2);
  });

  test('engine N2: after an unknown outcome the same id finds what was written, and nothing is written twice', async () => {
    const faults: Faults = {};
    const store = faultyStore(newStore(), faults);
    const engine = await start({ store });
    const by = { actor: ada, commandId: 'c1' };
    faults.append = () => 'refused';
    const sent = () => engine.send(ticketSubsystem, 'ticket-1', openIt, by);
    expect(await failureOf(sent())).toEqual(unavailable);
    faults.append = () => 'lost';
    expect(await failureOf(sent())).toEqual(unavailable);
    delete faults.append;
    expect(await sent()).toMatchObject({ outcome: 'accepted', repeated: true, revision: 0 });
    expect(await engine.history('ticket-1')).toHaveLength(1);
  });

  test('engine N2: a command of more than 1,000 commands ago is found by its event id', async () => {
    const engine = await start({ store: newStore() });
    const by = { actor: ada, commandId: 'first' };
    await engine.send(ticketSubsystem, 'ticket-1', openIt, { actor: bob });
    const first = await engine.send(ticketSubsystem, 'ticket-1', AddNote({ note: 'first' }), by);
    await Promise.all(
      Array.from({ length: 1_001 }, (_unused, n) =>
        engine.send(ticketSubsystem, 'ticket-1', AddNote({ note: 'n' }), {
          actor: ada,
          commandId: `later-${n}`,
        }),
      ),
    );
    const sent = (note: string) => engine.send(ticketSubsystem, 'ticket-1', AddNote({ note }), by);
    expect(await sent('first')).toEqual({ ...first, repeated: true });
    expect(await sent('other')).toEqual({
      outcome: 'refused',
      refusal: { type: 'CommandIdReused', commandId: 'first' },
    });
    expect((await engine.history('ticket-1', 1_002)).at(-1)?.revision).toBe(1_002);
  });

  test('engine N3: the same id with another payload is refused, the same id of another actor is another command', async () => {
    const engine = await start({ store: newStore() });
    const sent = (note: string, actor = ada) =>
      engine.send(ticketSubsystem, 'ticket-1', AddNote({ note }), { actor, commandId: 'n' });
    await engine.send(ticketSubsystem, 'ticket-1', openIt, { actor: ada });
    await sent('one');
    expect(await sent('two')).toEqual({
      outcome: 'refused',
      refusal: { type: 'CommandIdReused', commandId: 'n' },
    });
    expect(await sent('two', bob)).toMatchObject({ outcome: 'accepted', repeated: false });
    expect(await sent('two', bob)).toMatchObject({ outcome: 'accepted', repeated: true });
    expect(await engine.history('ticket-1')).toHaveLength(3);
  });

  test('engine N3: another type with the same data is another payload', async () => {
    const engine = await start({ store: newStore() });
    const by = { actor: ada, commandId: 'c' };
    await engine.send(ticketSubsystem, 'ticket-1', openIt, { actor: ada });
    await engine.send(ticketSubsystem, 'ticket-1', CloseTicket({}), by);
    expect(await engine.send(ticketSubsystem, 'ticket-1', ExpireTicket({}), by)).toMatchObject({
      refusal: { type: 'CommandIdReused' },
    });
  });

  test('engine N3: refusals and grants without events are not remembered', async () => {
    const engine = await start({ store: newStore() });
    const by = { actor: ada, commandId: 'note' };
    const note = AddNote({ note: 'n' });
    expect(await engine.send(ticketSubsystem, 'ticket-1', note, by)).toEqual({
      outcome: 'refused',
      refusal: { type: 'StatusForbids', status: 'Unopened' },
    });
    await engine.send(ticketSubsystem, 'ticket-1', openIt, { actor: ada });
    const granted = { actor: ada, commandId: 'open' };
    await engine.send(ticketSubsystem, 'ticket-1', openIt, granted);
    expect(await engine.send(ticketSubsystem, 'ticket-1', note, by)).toMatchObject({
      outcome: 'accepted',
      repeated: false,
    });
    const other = OpenTicket({ title: 'other', answerBy: 9 });
    expect(await engine.send(ticketSubsystem, 'ticket-1', other, granted)).toMatchObject({
      refusal: { type: 'TicketAlreadyOpened' },
    });
  });

  test('engine N4: concurrent commands are each decided on the state they extend', async () => {
    const engine = await start({ store: newStore() });
    const titles = ['a', 'b', 'c', 'd', 'e'];
    const outcomes = await Promise.all(
      titles.map((title) =>
        engine.send(ticketSubsystem, 'ticket-1', OpenTicket({ title, answerBy: 1 }), {
          actor: ada,
        }),
      ),
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      'accepted',
      ...Array(4).fill('refused'),
    ]);
  });

  test('engine N4: two engines on one log agree, and count no revision twice', async () => {
    const log = newStore();
    const shared = await opened(log);
    const open = shareable(shared);
    const both = [
      await start({ store: { ...log, open } }),
      await start({ store: { ...log, open } }),
    ];
    await both[0]!.send(ticketSubsystem, 'ticket-1', openIt, { actor: ada });
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_unused, n) =>
        both[n % 2]!.send(ticketSubsystem, 'ticket-1', AddNote({ note: `${n}` }), {
          actor: ada,
          commandId: `n${n}`,
        }),
      ),
    );
    const revisions = outcomes.map((outcome) => 'revision' in outcome && outcome.revision);
    expect(new Set(revisions).size).toBe(20);
    expect(await both[0]!.stateAt(ticketSubsystem, 'ticket-1')).toEqual(
      await both[1]!.stateAt(ticketSubsystem, 'ticket-1'),
    );
    for (const engine of both) await engine.close();
    await shared.close();
  });

  test('engine N2: the same command at once by two engines is written once and answered alike', async () => {
    const log = newStore();
    const shared = await opened(log);
    const clocks = [virtualClock(5), virtualClock(7)];
    const open = shareable(shared);
    const both = [
      await start({ store: { ...log, open }, clock: clocks[0]! }),
      await start({ store: { ...log, open }, clock: clocks[1]! }),
    ];
    await both[0]!.send(ticketSubsystem, 'ticket-1', openIt, { actor: ada });
    await both[1]!.send(ticketSubsystem, 'ticket-1', AddNote({ note: 'warm' }), { actor: ada });
    const outcomes = await Promise.all(
      both.map((engine) =>
        engine.send(ticketSubsystem, 'ticket-1', CloseTicket({}), { actor: ada, commandId: 'c' }),
      ),
    );
    expect(new Set(outcomes.map((outcome) => 'repeated' in outcome && outcome.repeated))).toEqual(
      new Set([false, true]),
    );
    expect({ ...outcomes[0], repeated: true }).toEqual({ ...outcomes[1], repeated: true });
    for (const engine of both) {
      expect(
        await engine.send(ticketSubsystem, 'ticket-1', CloseTicket({}), { actor: bob }),
      ).toMatchObject({ outcome: 'granted' });
      await engine.close();
    }
    await shared.close();
  });

  test('engine N32: what time has caused begins an accepted batch, and a repeat of it is told the same', async () => {
    const store = newStore();
    const clock = virtualClock();
    const engine = await start({ store, clock });
    await engine.send(ticketSubsystem, 'ticket-1', openIt, { actor: ada });
    clock.moveTo(1_000);
    const note = await engine.send(ticketSubsystem, 'ticket-1', AddNote({ note: 'n' }), {
      actor: ada,
    });
    expect(note).toEqual({
      outcome: 'refused',
      refusal: { type: 'StatusForbids', status: 'Closed' },
    });
    expect(await engine.history('ticket-1')).toHaveLength(1);
    const by = { actor: bob, commandId: 'close' };
    const granted = await engine.send(ticketSubsystem, 'ticket-1', CloseTicket({}), by);
    expect(granted).toEqual({
      outcome: 'granted',
      lapsed: [{ type: 'TicketClosed', data: { cause: 'silence', closedAt: 1_000 } }],
      repeated: false,
    });
    const repeated = { ...granted, repeated: true };
    expect(await engine.send(ticketSubsystem, 'ticket-1', CloseTicket({}), by)).toEqual(repeated);
    const [, closed] = await engine.history('ticket-1');
    expect(closed?.metadata).toMatchObject({ actor: 'clock', sender: 'bob', at: 1_000 });
    await engine.close();
    const after = await start({ store });
    expect(await after.send(ticketSubsystem, 'ticket-1', CloseTicket({}), by)).toEqual(repeated);
    expect(await after.send(ticketSubsystem, 'ticket-1', ExpireTicket({}), by)).toMatchObject({
      refusal: { type: 'CommandIdReused' },
    });
  });

  test('engine N6, N8: an event says who, when, why, and lies there as RFC 8785 text under its derived id', async () => {
    const store = newStore();
    const clock = virtualClock(77);
    const engine = await start({ store, clock });
    await engine.send(ticketSubsystem, 'ticket-1', openIt, {
      actor: ada,
      commandId: 'c1',
      correlationId: 'case-9',
    });
    const [event] = await engine.history('ticket-1');
    expect(event).toMatchObject({
      id: eventId('test', 'ticket-1', { actor: 'ada', commandId: 'c1' }, 0),
      revision: 0,
      version: 1,
      metadata: {
        at: 77,
        actor: 'ada',
        commandId: 'c1',
        correlationId: 'case-9',
        payloadHash: digestOfText(canonicalJson({ type: openIt.type, data: openIt.data })),
      },
    });
    expect(event?.metadata).not.toHaveProperty('causationId');
    expect(event?.metadata).not.toHaveProperty('skewMs');
  });

  test('engine N7: a clock that went back does not take an event back, and the skew is told', async () => {
    const store = newStore();
    const late = await start({ store, clock: virtualClock(500) });
    await late.send(ticketSubsystem, 'ticket-1', openIt, { actor: ada });
    await late.close();
    const early = await start({ store, clock: virtualClock(200) });
    await early.send(ticketSubsystem, 'ticket-1', AddNote({ note: 'n' }), { actor: ada });
    const [, note] = await early.history('ticket-1');
    expect(note?.metadata).toMatchObject({ at: 500, skewMs: 300 });
  });
});

/** A store to whose appends somebody else is `times` times faster. */
const contended = (times: () => number): Store => {
  const memory = memoryStore();
  let conflicts = 0;
  return {
    ...memory,
    open: (options) => async () => {
      const inner = await memory.open(options)();
      if (E.isLeft(inner)) return inner;
      const append: EventStore['append'] = (stream, expected, drafts) => {
        if (conflicts >= times()) conflicts = 0;
        else if ((conflicts += 1) > 0) {
          return async () => E.left({ type: 'RevisionConflict', stream, expected, actual: 0 });
        }
        return inner.right.events.append(stream, expected, drafts);
      };
      return E.right({ ...inner.right, events: { ...inner.right.events, append } });
    },
  };
};

test('engine N4: after 10 retries a stream is too contended', async () => {
  let times = 0;
  const engine = await start({ store: contended(() => times) });
  times = 10;
  expect(await engine.send(ticketSubsystem, 'ticket-1', openIt, { actor: ada })).toMatchObject({
    outcome: 'accepted',
  });
  times = 11;
  const failed = engine.send(ticketSubsystem, 'ticket-1', AddNote({ note: 'n' }), { actor: ada });
  expect(await failureOf(failed)).toEqual({
    type: 'TooContended',
    stream: 'ticket-1',
    attempts: 11,
  });
});

test('engine N9: a decision that no replay could read is a bug, and nothing is written', async () => {
  const wrong = [
    { type: 'TicketClosed', data: { cause: 'answered', closedAt: 1 } },
    { type: 'TicketOpened', data: { title: 1, answerBy: 1 } },
    { type: 'TicketLost', data: {} },
  ];
  for (const event of wrong) {
    const decider = { ...ticket, decide: () => E.right([event as never]) };
    const engine = await start({ subsystems: [{ ...ticketSubsystem, decider }] });
    await expect(
      engine.send(ticketSubsystem, 'ticket-1', CloseTicket({}), { actor: ada }),
    ).rejects.toThrow(/CloseTicket on ticket-1/);
    expect(await engine.history('ticket-1')).toEqual([]);
  }
});

test('engine N1: a failure names the reason of the store', async () => {
  const directory = sqliteStore('/dev/null/chancery.db');
  expect(await failureOf(start({ store: directory }))).toMatchObject({
    type: expect.stringMatching(/^Store/),
    path: expect.stringContaining('/dev/null'),
  });
});
