import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import { NotBuiltYet } from '../../src/engine/run/live-rows.ts';
import type { ReadModelChange } from '../../src/engine/run/query.ts';
import { ada, engines, failureOf, stores } from '../support/engines.ts';
import { versioned } from '../support/generation-stores.ts';
import { ALL, builtBy1, leftIn, noted, statusOf, v2 } from '../support/generations.ts';
import { ticketCommands, ticketSubsystem, tickets, type TicketRow } from '../support/tickets.ts';

const start = engines();
const built = builtBy1(start);

describe.each(stores)('readers of generations of rows on a store in %s', (_, newStore) => {
  test('engine N14: an index that the live rows do not have is an error until the switch, and one whose meaning changes keeps the old one', async () => {
    const store = await built(newStore, 3, 4);
    const changed = versioned({
      version: 2,
      indexes: {
        open: () => 'never',
        notes: ({ notes }) => String(notes),
        title: ({ title }) => title,
      },
    });
    const engine = await start({ store, subsystems: changed });
    const query = engine.query(changed[0].projections[0]!.models[0] as typeof tickets);
    const asked = query.where({ notes: '1' }).page(ALL);
    await expect(asked).rejects.toThrow(NotBuiltYet);
    await expect(asked).rejects.toThrow('tickets has no index notes yet');
    expect(await query.where({ title: 'v1', open: 'true' }).page(ALL)).toHaveLength(3);
    await engine.settle();
    expect(await query.where({ notes: '1' }).page(ALL)).toHaveLength(2);
    expect(await query.where({ title: 'v2', open: 'true' }).page(ALL)).toEqual([]);
    expect(await query.where({ title: 'v2', open: 'never' }).page(ALL)).toHaveLength(3);
  });

  test('engine N14: a read model that the live rows do not have is an error until the switch', async () => {
    const store = await built(newStore, 3, 4);
    const [row] = v2;
    const [projection] = row.projections;
    const more = { name: 'more', indexes: {} };
    const models = [...projection!.models, more];
    const subsystems = [{ ...row, projections: [{ ...projection!, models }] }];
    const engine = await start({ store, subsystems });
    await expect(engine.query(more).page(ALL)).rejects.toThrow('more has no rows yet');
    await engine.settle();
    expect(await engine.query(more).page(ALL)).toEqual([]);
  });

  test('engine N14: who observes a read model hears that other rows took the place of all', async () => {
    const store = await built(newStore, 2, 2);
    const engine = await start({ store, subsystems: v2 });
    const heard: ReadModelChange<TicketRow>[] = [];
    engine
      .query(tickets)
      .changes()
      .subscribe((change) => heard.push(change));
    await engine.settle();
    expect(heard).toEqual([{ type: 'RowsSwitched', version: 2 }]);
    await noted(engine, '0000', 'x');
    await engine.settle();
    expect(heard.slice(1)).toMatchObject([{ type: 'RowChanged', key: '0000', row: { notes: 2 } }]);
  });

  test('engine N34: rows that stand still are facts at once, and not current', async () => {
    const store = await built(newStore, 1, 2);
    const [row] = v2;
    const { decide } = ticketSubsystem.decider;
    const asking: typeof decide = (command, state, context) => {
      const deliberation = decide(command, state, context);
      if (!('lookups' in deliberation)) return deliberation;
      return {
        ...deliberation,
        then: (facts) => {
          told.push(facts['row']);
          return deliberation.then(facts);
        },
      };
    };
    const told: unknown[] = [];
    const subsystems = [{ ...row, decider: { ...ticketSubsystem.decider, decide: asking } }];
    const linked = async (engine: Engine) =>
      engine.send(
        ticketSubsystem,
        'ticket-0000',
        ticketCommands.of.LinkTicket({ other: 'ticket-9' }),
        { actor: ada },
      );
    const engine = await start({ store, subsystems });
    await linked(engine);
    await engine.settle();
    await linked(engine);
    expect(told).toMatchObject([
      { current: false, position: '4', row: { title: 'v1', notes: 2 } },
      { current: true, row: { title: 'v2', notes: 3 } },
    ]);
  });

  test('engine N14: looking changes nothing, and cannot rebuild', async () => {
    const store = await built(newStore, 2, 2);
    const looking = await start({ store, subsystems: v2, readOnly: true });
    expect(await statusOf(looking)).toMatchObject({ version: 1, isStale: true });
    const refused = { type: 'StoreUnavailable', reason: 'it was opened read-only' };
    expect(await failureOf(looking.rebuild('tickets'))).toMatchObject(refused);
    await looking.waitFor('5');
    expect(await failureOf(looking.waitFor('6'))).toMatchObject(refused);
    expect(await leftIn(store)).toEqual({ numbers: [0], consumers: [0] });
  });

  test('engine N14: a long search during which other rows become live is answered from one generation', async () => {
    const store = await built(newStore, 600, 0);
    const engine = await start({ store, subsystems: v2 });
    const clock = virtualClock();
    let breaths = 0;
    const breathe = async () => {
      breaths += 1;
      await engine.settle();
    };
    const looking = await start({
      store,
      subsystems: v2,
      readOnly: true,
      clock: { ...clock, breathe },
    });
    const open = { open: 'true', title: 'v1' };
    expect(await looking.query(tickets).where(open).page(ALL)).toEqual([]);
    expect(breaths).toBe(2);
    const anew = await looking.query(tickets).where({ open: 'true', title: 'v2' }).page(ALL);
    expect(anew).toHaveLength(600);
    await looking.close();
  });
});
