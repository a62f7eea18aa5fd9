import { EMPTY, NEVER, defer, of, timer, map } from 'rxjs';
import * as t from 'io-ts';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import type { AnyReaction } from '../../src/engine/reaction.ts';
import type { Opening } from '../../src/engine/run/opening.ts';
import type { AnySubsystem } from '../../src/engine/subsystem.ts';
import { vocabulary } from '../../src/engine/vocabulary.ts';
import { ada, engines, failureOf, stores, written } from '../support/engines.ts';
import { faultyStore, type Faults } from '../support/faulty-store.ts';
import { handClock } from '../support/hand-clock.ts';
import { ticketCommands, ticketSubsystem, tickets, ticketsProjection } from '../support/tickets.ts';

const { OpenTicket, AddNote } = ticketCommands.of;
const start = engines();
const openIt = OpenTicket({ title: 't', answerBy: 1_000 });

describe.each(stores)('opening a store in %s', (_, newStore) => {
  test('engine N24: the instance is the first event of a new store and stays what it is', async () => {
    const store = newStore();
    const engine = await start({ store, instance: 'market-1', clock: virtualClock(5) });
    expect(engine.instance).toBe('market-1');
    const [first] = await engine.history('instance-main');
    expect(first).toMatchObject({
      type: 'InstanceCreated',
      revision: 0,
      data: { instance: 'market-1', clock: 'virtual' },
      metadata: { at: 5, actor: 'system' },
    });
    await engine.close();
    const clock = virtualClock();
    const subsystems = [ticketSubsystem];
    const again = await start({ store, clock, subsystems, instance: undefined as never });
    expect(again.instance).toBe('market-1');
    await again.close();
    expect(await failureOf(start({ store, instance: 'market-2' }))).toMatchObject({
      type: 'WrongInstance',
      recorded: 'market-1',
      asked: 'market-2',
    });
  });

  test('engine N43: a store lives by the clock it was created with', async () => {
    const store = newStore();
    await (await start({ store })).close();
    expect(await failureOf(start({ store, clock: systemClock() }))).toMatchObject({
      type: 'WrongClock',
      recorded: 'virtual time',
    });
    const looking = await start({ store, clock: systemClock(), readOnly: true });
    expect(looking.instance).toBe('test');
  });

  test('engine N24: what cannot be an instance is refused before anything is written', async () => {
    const store = newStore();
    expect(await failureOf(start({ store, instance: 'a\nb' }))).toMatchObject({
      type: 'NoInstanceId',
      asked: 'a\nb',
    });
    expect((await start({ store })).instance).toBe('test');
  });

  test('engine N44: a store that fails while the engine starts is closed again', async () => {
    const store = newStore();
    await (await start({ store })).close();
    const opened = { ...store };
    let closed = 0;
    opened.open = (options) => async () => {
      const answer = await store.open(options)();
      if (answer._tag === 'Left') return answer;
      const { events, rows, close } = answer.right;
      return {
        ...answer,
        right: {
          events,
          rows: {
            ...rows,
            checkpoint: () => ({ _tag: 'Left', left: { type: 'StoreClosed', path: 'x' } }),
          },
          close: async () => {
            closed += 1;
            await close();
          },
        },
      };
    };
    expect(await failureOf(start({ store: opened }))).toEqual({ type: 'StoreClosed', path: 'x' });
    expect(closed).toBe(1);
    await (await start({ store })).close();
  });
});

test('engine N24: a store whose first event is something else has no instance', async () => {
  const store = memoryStore();
  await written(store, 'instance-main', 0, { type: 'Nonsense', data: {} });
  expect(await failureOf(start({ store }))).toMatchObject({ type: 'NoInstance' });
  const empty = start({ store: memoryStore(), readOnly: true });
  expect(await failureOf(empty)).toMatchObject({ type: 'NoInstance' });
});

test('engine N45: production refuses a store that does not outlive the process, by name', async () => {
  expect(await failureOf(start({ production: true }))).toMatchObject({
    type: 'NotForProduction',
    what: 'memory',
  });
  await start({ production: true, store: stores[1]![1]() });
});

describe('names', () => {
  const other: AnySubsystem = {
    ...ticketSubsystem,
    category: 'invoice',
    events: vocabulary({ InvoiceSent: {} }),
    commands: vocabulary({ SendInvoice: {} }),
    projections: [],
    reactions: [],
  };
  const models = (name: string) => [
    { ...ticketsProjection, name, models: [{ name, indexes: {} }] },
  ];
  const reaction: AnyReaction = { name: 'echoWhenAsked', on: [], each: () => EMPTY };
  const twice: readonly (readonly [string, string, Partial<AnySubsystem>])[] = [
    ['category', 'ticket', { category: 'ticket' }],
    ['category', 'instance', { category: 'instance' }],
    ['event', 'NoteAdded', { events: vocabulary({ NoteAdded: { n: t.Int } }) }],
    ['event', 'InstanceCreated', { events: vocabulary({ InstanceCreated: {} }) }],
    ['command', 'AddNote', { commands: vocabulary({ AddNote: {} }) }],
    ['projection', 'tickets', { projections: models('tickets') }],
    ['read model', 'tickets', { projections: [{ ...models('tickets')[0]!, name: 'others' }] }],
    ['read model', 'deadlines', { projections: models('deadlines') }],
    ['read model', 'deadLetters', { projections: models('deadLetters') }],
    ['reaction', 'echoWhenAsked', { reactions: [reaction] }],
  ];

  test.each(twice)('engine N26: a %s is called %s once', async (what, name, row) => {
    const subsystems = [ticketSubsystem, { ...other, ...row }];
    expect(await failureOf(start({ subsystems }))).toEqual({ type: 'NamedTwice', what, name });
  });

  test('engine N26: an effect has no name of a reaction, and a projection may be listed by two subsystems', async () => {
    const subsystems = [ticketSubsystem, { ...other, projections: ticketSubsystem.projections }];
    const namesake = { ...reaction, submit: async () => [], report: () => undefined };
    await start({ subsystems });
    expect(await failureOf(start({ subsystems, effects: [namesake] }))).toEqual({
      type: 'NamedTwice',
      what: 'reaction',
      name: 'echoWhenAsked',
    });
  });

  test.each([
    ['category', { category: 'Two-Words' }],
    ['event', { events: vocabulary({ 'Invoice sent': {} }) }],
    ['command', { commands: vocabulary({ '': {} }) }],
    ['projection', { projections: models('a b') }],
  ])('engine N26: a %s has a name that people can type', async (what, row) => {
    const subsystems = [{ ...other, ...row }];
    expect(await failureOf(start({ subsystems }))).toMatchObject({ type: 'NoName', what });
  });
});

describe('closing', () => {
  test('engine: after close everything answers that it is closed, and a second close changes nothing', async () => {
    const engine = await start();
    await engine.send(ticketSubsystem, 'ticket-1', openIt, { actor: ada });
    const closing = engine.close();
    expect(engine.close()).toBe(closing);
    const late = engine.send(ticketSubsystem, 'ticket-2', openIt, { actor: ada });
    expect(await failureOf(late)).toEqual({ type: 'EngineClosed' });
    await closing;
    expect(await failureOf(engine.query(tickets).get('1'))).toMatchObject({ type: 'StoreClosed' });
    expect(await failureOf(engine.history('ticket-1'))).toMatchObject({ type: 'StoreClosed' });
    expect(await failureOf(engine.status())).toMatchObject({ type: 'StoreClosed' });
    expect(await failureOf(engine.deadLetters.list(1))).toMatchObject({ type: 'StoreClosed' });
    expect(await failureOf(engine.waitFor('99'))).toEqual({ type: 'EngineClosed' });
  });

  test('engine: commands that are under way are answered before it closes', async () => {
    const store = memoryStore();
    const engine = await start({ store });
    const sent = Array.from({ length: 20 }, (_unused, n) =>
      engine.send(ticketSubsystem, `ticket-${n % 3}`, n < 3 ? openIt : AddNote({ note: `${n}` }), {
        actor: ada,
      }),
    );
    await engine.close();
    const outcomes = await Promise.all(sent);
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['accepted']));
    const again = await start({ store });
    expect((await again.streams({ limit: 9 })).map(({ revision }) => revision + 1)).toEqual([
      1, 7, 7, 6,
    ]);
  });

  test('engine: a wait for what was never written ends with the engine', async () => {
    const engine = await start({ clock: handClock() });
    const waiting = engine.waitFor('1000');
    await engine.close();
    expect(await failureOf(waiting)).toEqual({ type: 'EngineClosed' });
  });

  test('engine: await using closes', async () => {
    const engine = await (async () => {
      await using inner = await start();
      return inner;
    })();
    expect(await failureOf(engine.status())).toMatchObject({ type: 'StoreClosed' });
  });

  test('engine: work that waits for the clock is cut, leaves no timer, and is done after the next start', async () => {
    const store = memoryStore();
    const clock = handClock();
    const slowly: AnyReaction = {
      name: 'slowly',
      on: ['TicketOpened'],
      each: (_, time) =>
        timer(60_000, time).pipe(
          map(() => ({ stream: 'ticket-1', command: AddNote({ note: 'done' }) })),
        ),
    };
    const options: Partial<Opening> = {
      store,
      clock,
      subsystems: [{ ...ticketSubsystem, reactions: [slowly] }],
    };
    const engine = await start(options);
    await engine.send(ticketSubsystem, 'ticket-1', OpenTicket({ title: 't', answerBy: 900_000 }), {
      actor: ada,
    });
    await engine.settle();
    expect(clock.timers()).toBe(2);
    await engine.close();
    expect(clock.timers()).toBe(0);
    const again = await start(options);
    await again.settle();
    clock.moveTo(120_000);
    await again.settle();
    expect((await again.stateAt(ticketSubsystem, 'ticket-1')).state).toMatchObject({
      notes: ['done'],
    });
  });

  test('engine: a reaction’s command that is under way is written before the store closes', async () => {
    const store = memoryStore();
    const follow: AnyReaction = {
      name: 'follow',
      on: ['TicketOpened'],
      each: () => of({ stream: 'ticket-1', command: AddNote({ note: 'followed' }) }),
    };
    const options = {
      store,
      clock: handClock(),
      subsystems: [{ ...ticketSubsystem, reactions: [follow] }],
    };
    const engine = await start(options);
    await engine.send(ticketSubsystem, 'ticket-1', openIt, { actor: ada });
    await engine.close();
    const again = await start(options);
    await again.settle();
    expect((await again.history('ticket-1')).map(({ type }) => type)).toEqual([
      'TicketOpened',
      'NoteAdded',
    ]);
  });

  test('engine: a follower that has failed and waits to try again leaves no timer', async () => {
    const faults: Faults = { commit: () => true };
    const clock = handClock();
    const engine = await start({ clock, store: faultyStore(memoryStore(), faults) });
    await engine.send(ticketSubsystem, 'ticket-1', openIt, { actor: ada });
    await engine.settle().catch(() => undefined);
    await clock.breathe();
    expect(clock.timers()).toBeGreaterThan(0);
    await engine.close();
    expect(clock.timers()).toBe(0);
  });

  test('engine: work that never ends is not waited for for ever', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const stuck: AnyReaction = {
      name: 'stuck',
      on: ['TicketOpened'],
      each: () => defer(() => NEVER),
    };
    const engine = await start({
      clock: handClock(),
      subsystems: [{ ...ticketSubsystem, reactions: [stuck] }],
    });
    await engine.send(ticketSubsystem, 'ticket-1', openIt, { actor: ada });
    while ((await engine.status()).reactions[0]?.unfinished === 0) await handClock().breathe();
    const closing = engine.close();
    for (let turn = 0; turn < 20; turn += 1) await handClock().breathe();
    jest.advanceTimersByTime(10_000);
    await closing;
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });
});
