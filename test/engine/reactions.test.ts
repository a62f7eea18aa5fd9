import { EMPTY, defer, map, mergeMap, of, throwError, timer } from 'rxjs';
import { reactionCommandId } from '../../src/engine/ids.ts';
import type { AnyEffect } from '../../src/engine/outbox.ts';
import type { AnyReaction, Reaction } from '../../src/engine/reaction.ts';
import { ada, engines, stores, written } from '../support/engines.ts';
import { faultyStore, type Faults } from '../support/faulty-store.ts';
import { ticketSubsystem, ticketCommands } from '../support/tickets.ts';

import {
  LATER,
  opened,
  noted,
  notesOf,
  note,
  reacting,
  whenOpened,
  type Opened,
  type Noted,
} from '../support/ticket-reactions.ts';

const { OpenTicket, AddNote, CloseTicket } = ticketCommands.of;
const start = engines();

describe.each(stores)('reactions on a store in %s', (_, newStore) => {
  test('engine N6, N28: what a reaction sends has a derived id, the event as cause and its correlation', async () => {
    const engine = await start({
      store: newStore(),
      subsystems: reacting(whenOpened(() => of(note('1', 'a'), note('1', 'b')))),
    });
    await engine.send(ticketSubsystem, 'ticket-1', OpenTicket({ title: 't', answerBy: LATER }), {
      actor: ada,
      correlationId: 'case-1',
    });
    await engine.settle();
    const [first, ...rest] = await engine.history('ticket-1');
    for (const [n, event] of rest.entries()) {
      expect(event.metadata).toMatchObject({
        actor: 'system',
        commandId: reactionCommandId('test', 'whenOpened', first!.id, n),
        causationId: first!.id,
        correlationId: 'case-1',
      });
    }
    expect(await notesOf(engine, '1')).toEqual(['a', 'b']);
    expect((await engine.status()).sent).toEqual({ reactions: 2, deadlines: 0, effects: 0 });
  });

  test('engine N19: a failing command is sent again with back-off, in virtual time, under its own id', async () => {
    const faults: Faults = {};
    const engine = await start({
      store: faultyStore(newStore(), faults),
      subsystems: reacting(whenOpened(() => of(note('1', 'done')))),
    });
    const tried: (readonly [number, string | undefined])[] = [];
    await opened(engine, '1');
    faults.append = (_stream, drafts) => {
      tried.push([engine.now(), drafts[0]?.metadata.commandId]);
      return tried.length < 4 ? 'refused' : undefined;
    };
    await engine.settle();
    expect(tried).toHaveLength(1);
    await engine.runUntil(1_000_000);
    expect(tried.map(([at]) => at)).toEqual([0, 200, 600, 1_400]);
    expect(new Set(tried.map(([, id]) => id)).size).toBe(1);
    expect(await notesOf(engine, '1')).toEqual(['done']);
  });

  test('engine N19: what fails for good is a dead letter with its cause; the pipeline lives on; it can be retried or dropped', async () => {
    const faults: Faults = {};
    const engine = await start({
      store: faultyStore(newStore(), faults),
      subsystems: reacting(
        whenOpened(({ envelope }) =>
          of({ stream: envelope.stream, command: AddNote({ note: 'n' }) }),
        ),
      ),
    });
    for (const id of ['1', '2', '3']) await opened(engine, id);
    faults.append = (stream) => (stream === 'ticket-3' ? undefined : 'corrupt');
    await engine.runUntil(1_000_000);
    expect(await notesOf(engine, '3')).toEqual(['n']);
    const letters = await engine.deadLetters.list(10);
    expect(letters.map(({ row }) => row)).toMatchObject([
      {
        reaction: 'whenOpened',
        event: { stream: 'ticket-1', type: 'TicketOpened' },
        command: { stream: 'ticket-1', type: 'AddNote' },
        cause: expect.stringContaining('StoreCorrupt'),
        attempts: 8,
        at: 200 + 400 + 800 + 1_600 + 3_200 + 6_400 + 12_800,
      },
      { event: { stream: 'ticket-2' } },
    ]);
    expect(await engine.deadLetters.list(10, letters[0]!.key)).toEqual([letters[1]]);
    const [first, second] = letters.map(({ key }) => key) as [string, string];
    faults.append = () => undefined;
    expect(await engine.deadLetters.retry(first)).toBe(true);
    expect(await notesOf(engine, '1')).toEqual(['n']);
    expect(await engine.deadLetters.retry(first)).toBeUndefined();
    expect(await engine.deadLetters.drop(second)).toBe(true);
    expect(await engine.deadLetters.drop(second)).toBe(false);
    expect(await engine.deadLetters.list(10)).toEqual([]);
    await engine.runUntil(2_000_000);
    expect(await notesOf(engine, '2')).toEqual([]);
  });

  test('engine N19: a letter whose retry fails stays, with the new cause', async () => {
    const engine = await start({
      store: newStore(),
      subsystems: reacting(whenOpened(() => of(note('later', 'n')))),
    });
    await opened(engine, '1');
    await engine.settle();
    const [letter] = await engine.deadLetters.list(1);
    expect(letter?.row).toMatchObject({
      cause: 'refused: {"type":"StatusForbids","status":"Unopened"}',
      attempts: 1,
    });
    await engine.send(
      ticketSubsystem,
      'ticket-later',
      OpenTicket({ title: 'echo', answerBy: LATER }),
      {
        actor: ada,
      },
    );
    await engine.send(ticketSubsystem, 'ticket-later', CloseTicket({}), { actor: ada });
    await engine.settle();
    expect(await engine.deadLetters.retry(letter!.key)).toBe(false);
    const again = (await engine.deadLetters.list(9)).find(({ key }) => key === letter!.key);
    expect(again?.row.cause).toContain('"status":"Closed"');
  });

  test('engine N19: events with the same key are worked on in their order, others at once', async () => {
    const log: string[] = [];
    const slow: Reaction<Noted> = {
      name: 'slow',
      on: ['NoteAdded'],
      each: ({ data, envelope }, time) =>
        timer(data.note === 'first' ? 500 : 10, time).pipe(
          mergeMap(() => {
            log.push(`${envelope.stream} ${data.note}`);
            return EMPTY;
          }),
        ),
    };
    const engine = await start({ store: newStore(), subsystems: reacting(slow) });
    for (const id of ['1', '2']) await opened(engine, id);
    await noted(engine, '1', 'first');
    await noted(engine, '1', 'second');
    await noted(engine, '2', 'only');
    await engine.settle();
    expect((await engine.status()).reactions[0]?.unfinished).toBe(3);
    await engine.runUntil(10_000);
    expect(log).toEqual(['ticket-2 only', 'ticket-1 first', 'ticket-1 second']);
    expect((await engine.status()).reactions[0]?.unfinished).toBe(0);
  });

  test('engine N35: a constant key is one total order', async () => {
    const log: string[] = [];
    const each: Reaction<Opened>['each'] = ({ envelope }, time) =>
      timer(envelope.stream === 'ticket-1' ? 500 : 10, time).pipe(
        mergeMap(() => {
          log.push(envelope.stream);
          return EMPTY;
        }),
      );
    const engine = await start({
      store: newStore(),
      subsystems: reacting(whenOpened(each, { key: () => 'all' })),
    });
    for (const id of ['1', '2', '3']) await opened(engine, id);
    await engine.runUntil(10_000);
    expect(log).toEqual(['ticket-1', 'ticket-2', 'ticket-3']);
  });

  test('engine N19: what is finished above the checkpoint is not delivered again after a restart, what is not is', async () => {
    const store = newStore();
    const seen: string[] = [];
    const isStuck = { value: true };
    const each: Reaction<Opened>['each'] = ({ envelope }, time) =>
      defer(() => {
        seen.push(envelope.stream);
        const waits = isStuck.value && envelope.stream === 'ticket-1';
        return (waits ? timer(10_000, time) : of(0)).pipe(
          map(() => ({ stream: envelope.stream, command: AddNote({ note: 'n' }) })),
        );
      });
    const subsystems = reacting(whenOpened(each));
    const first = await start({ store, subsystems });
    for (const id of ['1', '2', '3']) await opened(first, id);
    await first.settle();
    expect(await notesOf(first, '2')).toEqual(['n']);
    await first.close();
    expect(seen.splice(0)).toEqual(['ticket-1', 'ticket-2', 'ticket-3']);
    isStuck.value = false;
    const second = await start({ store, subsystems });
    await opened(second, '4');
    await second.settle();
    expect(seen.splice(0)).toEqual(['ticket-1', 'ticket-4']);
    expect(await notesOf(second, '1')).toEqual(['n']);
    await second.close();
    const third = await start({ store, subsystems });
    await third.settle();
    expect(seen).toEqual([]);
    expect((await third.status()).reactions).toMatchObject([{ unfinished: 0 }]);
  });

  test('engine N19: a crash between the effect and its note repeats the delivery, not the effect', async () => {
    const faults: Faults = {};
    const store = faultyStore(newStore(), faults);
    const subsystems = reacting(whenOpened(() => of(note('1', 'once'))));
    const first = await start({ store, subsystems });
    await opened(first, '1');
    faults.commit = ({ checkpoint }) => checkpoint?.consumer === 'reaction:whenOpened';
    await first.settle();
    expect(await notesOf(first, '1')).toEqual(['once']);
    await first.close();
    delete faults.commit;
    const second = await start({ store, subsystems });
    await second.settle();
    expect(await notesOf(second, '1')).toEqual(['once']);
    expect((await second.status()).sent.reactions).toBe(1);
  });

  test('engine N19: progress that a store refused is stored once it takes it again', async () => {
    const faults: Faults = {};
    const store = faultyStore(newStore(), faults);
    const seen: string[] = [];
    const each: Reaction<Opened>['each'] = ({ envelope }) => {
      seen.push(envelope.stream);
      return EMPTY;
    };
    const subsystems = reacting(whenOpened(each));
    const first = await start({ store, subsystems });
    for (const id of ['1', '2']) await opened(first, id);
    faults.commit = ({ checkpoint }) => checkpoint?.consumer === 'reaction:whenOpened';
    await first.settle();
    expect((await first.status()).reactions[0]?.unfinished).toBe(2);
    delete faults.commit;
    await first.runUntil(1_000);
    expect((await first.status()).reactions[0]?.unfinished).toBe(0);
    await first.close();
    const second = await start({ store, subsystems });
    await second.settle();
    expect(seen).toEqual(['ticket-1', 'ticket-2']);
  });
});

test('engine N20: neither a rebuild nor a replay lets a reaction or an effect run again', async () => {
  let runs = 0;
  const counted = (name: string): AnyReaction => ({
    name,
    on: ['TicketOpened'],
    each: () => {
      runs += 1;
      return EMPTY;
    },
  });
  const effect: AnyEffect = {
    name: 'effect',
    on: ['TicketOpened'],
    submit: async () => [(runs += 1)],
    report: () => undefined,
  };
  const engine = await start({
    subsystems: reacting(counted('counted')),
    effects: [effect],
  });
  await opened(engine, '1');
  await engine.settle();
  expect(runs).toBe(2);
  await engine.rebuild('tickets');
  expect((await engine.checkReplay()).identical).toBe(true);
  await engine.stateAt(ticketSubsystem, 'ticket-1', { revision: 0 });
  await engine.settle();
  expect(runs).toBe(2);
});

test('engine N20: an engine that only looks reacts to nothing', async () => {
  const store = stores[0]![1]();
  const before = await start({ store, subsystems: reacting() });
  await opened(before, '1');
  await before.close();
  let runs = 0;
  const each = () => {
    runs += 1;
    return EMPTY;
  };
  const looking = await start({ store, readOnly: true, subsystems: reacting(whenOpened(each)) });
  await looking.settle();
  await expect(looking.runUntil(1)).rejects.toThrow('read-only');
  expect((await looking.stateAt(ticketSubsystem, 'ticket-1')).state.status).toBe('Open');
  expect(runs).toBe(0);
});

test('engine N19: whatever a handler does wrong, its event is a dead letter and the next one is served', async () => {
  const thrown = { value: 0 };
  const each: Reaction<Opened>['each'] = ({ data, envelope }) => {
    if (data.title === 'throws') {
      thrown.value += 1;
      throw new Error('at once');
    }
    if (data.title === 'errors') return throwError(() => new Error('later'));
    if (data.title === 'nonsense') {
      return of({ stream: 'nowhere', command: { type: 'Eat', data: {} } });
    }
    return of({ stream: envelope.stream, command: AddNote({ note: 'ok' }) });
  };
  const key = ({ data }: { readonly data: { readonly title: string } }) => {
    if (data.title === 'keyless') throw new Error('no key');
    return data.title;
  };
  const engine = await start({ subsystems: reacting(whenOpened(each, { key })) });
  const titles = ['throws', 'errors', 'nonsense', 'keyless', 'fine'];
  for (const title of titles) await opened(engine, title, title);
  await engine.runUntil(1_000_000);
  expect(await notesOf(engine, 'fine')).toEqual(['ok']);
  expect(thrown.value).toBe(8);
  const letters = await engine.deadLetters.list(10);
  const causes = letters.map(({ row }) => [row.event.stream, row.cause, row.attempts]);
  expect(causes).toEqual([
    ['ticket-throws', 'Error: at once', 8],
    ['ticket-errors', 'Error: later', 8],
    ['ticket-nonsense', expect.stringContaining('ticket-<id>'), 1],
    ['ticket-keyless', 'Error: no key', 1],
  ]);
});

test('engine N10: an event that a reaction cannot read is a dead letter', async () => {
  const store = stores[0]![1]();
  const before = await start({ store });
  await before.close();
  await written(store, 'ticket-1', 0, { type: 'TicketOpened', data: { title: 5 } });
  const engine = await start({ store, subsystems: reacting(whenOpened(() => EMPTY)) });
  await engine.settle();
  expect((await engine.deadLetters.list(2)).map(({ row }) => row.cause)).toEqual([
    expect.stringContaining('UndecodableEvent'),
  ]);
});
