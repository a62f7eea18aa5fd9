import { firstValueFrom, take, toArray } from 'rxjs';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import type { AnyProjection, Tables } from '../../src/engine/projection.ts';
import { UnknownIndex } from '../../src/engine/run/query.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import { ada, engines, failureOf, stores } from '../support/engines.ts';
import { faultyStore, unavailable, type Faults } from '../support/faulty-store.ts';
import {
  ticketCommands,
  ticketSubsystem,
  tickets,
  ticketsProjection,
  type TicketRow,
} from '../support/tickets.ts';

const { OpenTicket, AddNote, CloseTicket } = ticketCommands.of;
const start = engines();

const opened = (engine: Engine, id: string, title = `title of ${id}`) =>
  engine.send(ticketSubsystem, `ticket-${id}`, OpenTicket({ title, answerBy: 1_000 }), {
    actor: ada,
  });
const noted = (engine: Engine, id: string, note = 'n') =>
  engine.send(ticketSubsystem, `ticket-${id}`, AddNote({ note }), { actor: ada });

/** Tickets with a projection that does something else first. */
const withProjection = (
  before: (note: string, tables: Tables) => void,
  version = 1,
): readonly [typeof ticketSubsystem] => {
  const NoteAdded = ticketsProjection.on.NoteAdded!;
  const projection: AnyProjection = {
    ...ticketsProjection,
    version,
    on: {
      ...ticketsProjection.on,
      NoteAdded: (tables: Tables, recorded: Parameters<typeof NoteAdded>[1]) => {
        before(recorded.data.note, tables);
        NoteAdded(tables, recorded);
      },
    },
  };
  return [{ ...ticketSubsystem, projections: [projection] }];
};
const openTickets: AnyProjection = {
  name: 'openTickets',
  version: 1,
  models: [{ name: 'openTickets', indexes: {} }],
  on: {
    TicketOpened: (tables: Tables) => tables<TicketRow>({ name: 'openTickets', indexes: {} }),
  },
};

describe.each(stores)('projections on a store in %s', (_, newStore) => {
  test('engine N13: whichever commit fails, every event counts exactly once', async () => {
    for (let failing = 1; failing <= 4; failing += 1) {
      const faults: Faults = {};
      const store = faultyStore(newStore(), faults);
      const engine = await start({ store });
      let commits = 0;
      faults.commit = () => (commits += 1) === failing;
      await opened(engine, '1');
      for (let n = 0; n < 3; n += 1) {
        await noted(engine, '1');
        await engine.settle().catch(() => undefined);
      }
      await engine.close();
      delete faults.commit;
      const after = await start({ store });
      await after.settle();
      expect(await after.query(tickets).get('1')).toMatchObject({ notes: 3 });
      const { projections } = await after.status();
      expect(projections).toMatchObject([{ projection: 'tickets', events: 4 }]);
    }
  });

  test('engine N13: a failing store is told, and the projection goes on from where it was', async () => {
    const faults: Faults = {
      commit: ({ checkpoint }) => checkpoint?.consumer === 'projection:tickets',
    };
    const engine = await start({ store: faultyStore(newStore(), faults) });
    const { position } = (await opened(engine, '1')) as { position: string };
    expect(await failureOf(engine.waitFor(position))).toEqual(unavailable);
    const [status] = (await engine.status()).projections;
    expect(status).toMatchObject({
      position: undefined,
      failure: expect.stringContaining('wants'),
    });
    delete faults.commit;
    await engine.waitFor(position);
    expect(await engine.query(tickets).get('1')).toMatchObject({ title: 'title of 1' });
    expect((await engine.status()).projections[0]).not.toHaveProperty('failure');
  });

  test('engine N15: an event that breaks a projection stops it alone, with the rows before it kept, until it is mended', async () => {
    const store = newStore();
    const breaking = withProjection((note) => {
      if (note === 'poison') throw new Error('cannot take poison');
    });
    const both = [{ ...breaking[0], projections: [...breaking[0].projections, openTickets] }];
    const engine = await start({ store, subsystems: both });
    await opened(engine, '1');
    await noted(engine, '1', 'fine');
    const poison = await noted(engine, '1', 'poison');
    await noted(engine, '1', 'after');
    await engine.settle();
    const { head, projections } = await engine.status();
    expect(projections).toMatchObject([
      {
        projection: 'tickets',
        events: 2,
        broken: {
          position: 'position' in poison && poison.position,
          cause: 'Error: cannot take poison',
        },
      },
      { projection: 'openTickets', position: head },
    ]);
    expect(projections[1]).not.toHaveProperty('broken');
    expect(await engine.query(tickets).get('1')).toMatchObject({ notes: 1 });
    await engine.close();

    const mended = await start({ store });
    await mended.settle();
    expect(await mended.query(tickets).get('1')).toMatchObject({ notes: 3 });
    expect((await mended.status()).projections[0]).not.toHaveProperty('broken');
  });

  test.each([
    ['a row that is no JSON', (tables: Tables) => tables(tickets).set('x', { notes: 1n } as never)],
    [
      'a row that its index cannot read',
      (tables: Tables) => tables(tickets).set('x', null as never),
    ],
    [
      'a key that is no text',
      (tables: Tables) => tables(tickets).set('\ud800', { title: '', open: true, notes: 0 }),
    ],
    ['a read model of another', (tables: Tables) => void tables({ name: 'other', indexes: {} })],
  ])('engine N15: %s breaks the projection at its event', async (_what, harm) => {
    const subsystems = withProjection((note, tables) => {
      if (note === 'poison') harm(tables);
    });
    const engine = await start({ store: newStore(), subsystems });
    await opened(engine, '1');
    await noted(engine, '1', 'fine');
    const poison = await noted(engine, '1', 'poison');
    await engine.settle();
    const [status] = (await engine.status()).projections;
    expect(status?.broken?.position).toBe('position' in poison && poison.position);
    expect(await engine.query(tickets).get('1')).toMatchObject({ notes: 1 });
  });

  test('engine N13: a projection of another version is built anew, whichever way the version goes', async () => {
    const store = newStore();
    const row = { title: 'left over', open: false, notes: 0 };
    const leaving = withProjection((_note, tables) => tables(tickets).set('left', row), 2);
    const shown = async (subsystems: readonly [typeof ticketSubsystem]) => {
      const engine = await start({ store, subsystems });
      await engine.settle();
      const keys = (await engine.query(tickets).page({ limit: 9 })).map(({ key }) => key);
      const { version, events } = (await engine.status()).projections[0]!;
      await engine.close();
      return { keys, version, events };
    };
    const first = await start({ store });
    await opened(first, '1');
    await noted(first, '1');
    await first.settle();
    await first.close();
    expect(await shown(leaving)).toEqual({ keys: ['1', 'left'], version: 2, events: 2 });
    expect(await shown([ticketSubsystem])).toEqual({ keys: ['1'], version: 1, events: 2 });
    expect(await shown(leaving)).toEqual({ keys: ['1', 'left'], version: 2, events: 2 });
  });

  test('engine N13: rows that are rebuilt are the rows that were there, with the digest of the same events', async () => {
    const engine = await start({ store: newStore() });
    for (const id of ['1', '2', '3']) {
      await opened(engine, id);
      await noted(engine, id);
    }
    await engine.send(ticketSubsystem, 'ticket-2', CloseTicket({}), { actor: ada });
    await engine.settle();
    const before = await engine.query(tickets).page({ limit: 10 });
    const [status] = (await engine.status()).projections;
    expect(await engine.rebuild('tickets')).toEqual(status);
    expect(await engine.query(tickets).page({ limit: 10 })).toEqual(before);
    expect(status).toMatchObject({ events: 7, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    await expect(engine.rebuild('nothing')).rejects.toThrow('there are tickets');
  });

  test('engine N13: a position that has been waited for can be read', async () => {
    const engine = await start({ store: newStore() });
    const outcome = await opened(engine, '7');
    await engine.waitFor('position' in outcome ? outcome.position : '');
    expect(await engine.query(tickets).get('7')).toEqual({
      title: 'title of 7',
      open: true,
      notes: 0,
    });
  });

  test('engine N13: queries page through keys in byte order and find rows by declared indexes', async () => {
    const engine = await start({ store: newStore() });
    for (const id of ['b', 'a', 'é', 'c', 'd']) await opened(engine, id, id < 'c' ? 'x' : 'y');
    await engine.send(ticketSubsystem, 'ticket-d', CloseTicket({}), { actor: ada });
    await engine.settle();
    const query = engine.query(tickets);
    const keys = async (page: ReturnType<typeof query.page>) => (await page).map(({ key }) => key);
    expect(await keys(query.page({ limit: 3 }))).toEqual(['a', 'b', 'c']);
    expect(await keys(query.page({ limit: 3, after: 'c' }))).toEqual(['d', 'é']);
    expect(await keys(query.where({ title: 'y' }).page({ limit: 9 }))).toEqual(['c', 'd', 'é']);
    expect(await keys(query.where({ title: 'y' }).page({ limit: 1, after: 'c' }))).toEqual(['d']);
    const openY = query.where({ title: 'y', open: 'true' });
    expect(await keys(openY.page({ limit: 9 }))).toEqual(['c', 'é']);
    expect(await keys(openY.page({ limit: 1 }))).toEqual(['c']);
    expect(await keys(openY.page({ limit: 1, after: 'c' }))).toEqual(['é']);
    expect(await keys(query.where({ title: 'z' }).page({ limit: 9 }))).toEqual([]);
    expect(await keys(query.where({}).page({ limit: 2 }))).toEqual(['a', 'b']);
    await expect(query.where({ notes: '0' }).page({ limit: 1 })).rejects.toThrow(UnknownIndex);
    await expect(query.where({ notes: '0' }).page({ limit: 1 })).rejects.toThrow(
      'tickets has no index notes; it has title, open',
    );
  });
});

test('engine N13: changes are told as they are stored, and end with the engine', async () => {
  const engine = await start();
  const told = firstValueFrom(engine.query(tickets).changes().pipe(take(2), toArray()));
  const all = firstValueFrom(engine.query(tickets).changes().pipe(toArray()));
  await opened(engine, '1');
  await engine.settle();
  await noted(engine, '1');
  await engine.settle();
  expect(await told).toMatchObject([
    { type: 'RowChanged', key: '1', row: { notes: 0 } },
    { type: 'RowChanged', key: '1', row: { notes: 1 } },
  ]);
  await engine.close();
  expect(await all).toHaveLength(2);
});

test('engine N34: a waiter on a broken projection is answered at once', async () => {
  const subsystems = withProjection(() => {
    throw new Error('always');
  });
  const engine = await start({ subsystems, store: memoryStore() });
  await opened(engine, '1');
  const outcome = await noted(engine, '1');
  await engine.waitFor('position' in outcome ? outcome.position : '');
  expect((await engine.status()).projections[0]?.broken).toBeDefined();
});
