import { filter, firstValueFrom, of } from 'rxjs';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { TE, pipe } from '../../src/engine/fp.ts';
import type { AnyReaction } from '../../src/engine/reaction.ts';
import type { Store } from '../../src/engine/rows.ts';
import { alarm } from '../../src/engine/run/alarm.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import type { EventStore } from '../../src/engine/store.ts';
import { ada, engines, stores } from '../support/engines.ts';
import { faultyStore, type Faults } from '../support/faulty-store.ts';
import { handClock } from '../support/hand-clock.ts';
import { ticketCommands, ticketSubsystem, tickets, type TicketRow } from '../support/tickets.ts';

const { OpenTicket, AddNote } = ticketCommands.of;
const start = engines();

/** Resolves once a ticket's row is as wanted: told by the changes, not by a clock. */
const rowOf = (engine: Engine, id: string, isWanted: (row: TicketRow) => boolean) =>
  firstValueFrom(
    engine
      .query(tickets)
      .changes()
      .pipe(
        filter((change) => change.type === 'RowChanged'),
        filter(({ key, row }) => key === id && row !== undefined && isWanted(row)),
      ),
  );
const opened = (engine: Engine, id: string, title: string, answerBy: number) =>
  engine.send(ticketSubsystem, `ticket-${id}`, OpenTicket({ title, answerBy }), { actor: ada });

describe.each(stores)('an engine that lives on the wall clock, on a store in %s', (_, newStore) => {
  test('engine N17, N19: projections follow, a reaction reacts and a deadline fires, all by themselves', async () => {
    const engine = await start({ store: newStore(), clock: systemClock() });
    const echoed = rowOf(engine, '1', ({ notes }) => notes === 1);
    const closed = rowOf(engine, '1', ({ open }) => !open);
    const answerBy = engine.now() + 150;
    await opened(engine, '1', 'echo', answerBy);
    await echoed;
    await closed;
    const [, note, end] = await engine.history('ticket-1');
    expect(note?.metadata.actor).toBe('system');
    expect(end?.metadata.at).toBeGreaterThanOrEqual(answerBy);
    expect(end!.metadata.at - answerBy).toBeLessThan(1_000);
  });

  test('engine N17: what fell due while nobody ran fires at the start', async () => {
    const store = newStore();
    const before = await start({ store, clock: systemClock() });
    const seen = rowOf(before, '1', () => true);
    await opened(before, '1', 'plain', before.now() + 30_000);
    await seen;
    await before.settle();
    await before.close();
    // Later than the deadline, without waiting for it.
    const late = { ...systemClock(), now: () => Date.now() + 60_000 };
    const engine = await start({ store, clock: late });
    await rowOf(engine, '1', ({ open }) => !open);
    expect((await engine.stateAt(ticketSubsystem, 'ticket-1')).state.status).toBe('Closed');
  });

  test('engine N21: a caller has its answer before read models take in what it has changed', async () => {
    const clock = systemClock();
    const engine = await start({ store: newStore(), clock });
    await engine.settle();
    // Until all who follow the log wait for its next event.
    for (let turn = 0; turn < 100; turn += 1) await clock.breathe();
    const seen: string[] = [];
    const row = rowOf(engine, '1', () => true).then(() => seen.push('row'));
    await opened(engine, '1', 'plain', engine.now() + 3_600_000);
    seen.push('answer');
    await row;
    expect(seen).toEqual(['answer', 'row']);
  });

  test('engine N4: many commands for one stream at once are answered one after the other', async () => {
    const engine = await start({ store: newStore(), clock: systemClock() });
    await opened(engine, '1', 'plain', engine.now() + 3_600_000);
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_unused, n) =>
        engine.send(ticketSubsystem, 'ticket-1', AddNote({ note: `${n}` }), { actor: ada }),
      ),
    );
    expect(outcomes.map((outcome) => 'revision' in outcome && outcome.revision)).toEqual(
      Array.from({ length: 100 }, (_unused, n) => n + 1),
    );
  });

  test('engine N13: a projection that is rebuilt goes on following', async () => {
    const engine = await start({ store: newStore(), clock: systemClock() });
    const there = rowOf(engine, '1', () => true);
    await opened(engine, '1', 'plain', engine.now() + 3_600_000);
    await there;
    await engine.rebuild('tickets');
    const noted = rowOf(engine, '1', ({ notes }) => notes === 1);
    await engine.send(ticketSubsystem, 'ticket-1', AddNote({ note: 'n' }), { actor: ada });
    expect((await noted).row).toMatchObject({ notes: 1 });
  });
});

test('engine N17: of overdue deadlines at most 64 are in flight, one per target', async () => {
  const store = stores[0]![1]();
  const before = await start({ store, clock: handClock() });
  for (let n = 0; n < 150; n += 1) await opened(before, `${n}`, 'plain', 1_000);
  await before.settle();
  await before.close();
  const clock = handClock(5_000);
  const flying = new Map<string, number>();
  let [most, mostOfOne] = [0, 0];
  const slow: Store = {
    ...store,
    open: (options) =>
      pipe(
        store.open(options),
        TE.map((inner) => {
          const append: EventStore['append'] = (stream, expected, drafts) => async () => {
            flying.set(stream, (flying.get(stream) ?? 0) + 1);
            most = Math.max(most, flying.size);
            mostOfOne = Math.max(mostOfOne, ...flying.values());
            await clock.breathe();
            flying.delete(stream);
            return inner.events.append(stream, expected, drafts)();
          };
          return { ...inner, events: { ...inner.events, append } };
        }),
      ),
  };
  const engine = await start({ store: slow, clock });
  while ((await engine.status()).sent.deadlines < 150) await clock.breathe();
  expect([most, mostOfOne]).toEqual([64, 1]);
  expect((await engine.status()).deadlines.nearest).toBeUndefined();
});

test('engine N17: an alarm rings under load, however often the nearest deadline may have changed', async () => {
  const clock = handClock(5_000);
  const fired: number[] = [];
  const left = { rings: 3 };
  const rings = alarm(
    clock,
    () => (left.rings > 0 ? 1_000 : undefined),
    async () => {
      left.rings -= 1;
      fired.push(left.rings);
    },
  );
  // Not one timer of this clock ever runs.
  while (left.rings > 0) {
    rings.reset();
    await clock.breathe();
  }
  await rings.stop();
  expect(fired).toEqual([2, 1, 0]);
});

test('engine N19: a follower that the store has failed tries again and catches up', async () => {
  const faults: Faults = { commit: () => true };
  const clock = handClock();
  const greeting: AnyReaction = {
    name: 'greeting',
    on: ['TicketOpened'],
    each: () => of({ stream: 'ticket-1', command: AddNote({ note: 'hello' }) }),
  };
  const engine = await start({
    clock,
    store: faultyStore(stores[0]![1](), faults),
    subsystems: [{ ...ticketSubsystem, reactions: [greeting] }],
  });
  await opened(engine, '1', 'plain', 1_000_000);
  while ((await engine.status()).projections[0]?.failure === undefined) await clock.breathe();
  delete faults.commit;
  const caughtUp = rowOf(engine, '1', ({ notes }) => notes === 1);
  clock.moveTo(1_500);
  await clock.breathe();
  clock.moveTo(3_000);
  expect((await caughtUp).row).toMatchObject({ title: 'plain' });
});
