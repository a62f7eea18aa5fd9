import {
  EMPTY,
  concat,
  concatMap,
  delay,
  from,
  interval,
  map,
  mergeMap,
  of,
  take,
  timer,
} from 'rxjs';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { E } from '../../src/engine/fp.ts';
import type { Reaction } from '../../src/engine/reaction.ts';
import { MOST_UNFINISHED } from '../../src/engine/run/reaction-runner.ts';
import type { StreamName } from '../../src/engine/store.ts';
import type { AnySubsystem } from '../../src/engine/subsystem.ts';
import { ada, engines, stores } from '../support/engines.ts';
import {
  ticket,
  ticketSubsystem,
  ticketsProjection,
  type Ticket,
  ticketCommands,
} from '../support/tickets.ts';

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

const { OpenTicket, AddNote } = ticketCommands.of;
const start = engines();

test('engine N35: an outcome, granted or refused, may be followed by a next command before the event counts as done', async () => {
  const outcomes: string[] = [];
  const each: Reaction<Opened>['each'] = ({ data }) =>
    data.title === 'start'
      ? of(
          note('unopened', 'refused', (first) => {
            outcomes.push(first.outcome);
            return note('1', 'after refusal', (second) => {
              outcomes.push(second.outcome);
              return note('1', 'after grant');
            });
          }),
        )
      : EMPTY;
  const engine = await start({ subsystems: reacting(whenOpened(each)) });
  await opened(engine, '1', 'start');
  await engine.settle();
  expect(outcomes).toEqual(['refused', 'accepted']);
  expect(await notesOf(engine, '1')).toEqual(['after refusal', 'after grant']);
  expect(await engine.deadLetters.list(1)).toEqual([]);
});

test('engine N35: named refusals end the work', async () => {
  const subsystems = reacting(
    whenOpened(() => of(note('unopened', 'x')), { ends: ['StatusForbids'] }),
  );
  const engine = await start({ subsystems });
  await opened(engine, '1');
  await engine.settle();
  expect(await engine.deadLetters.list(1)).toEqual([]);
});

/** Tickets whose notes are refused until an instant. */
const busyUntil = (until: number, told = until): AnySubsystem => ({
  ...ticketSubsystem,
  decider: {
    ...ticket,
    decide: (command: never, state: Ticket, context: { readonly at: number }) =>
      (command as { type: string }).type === 'AddNote' && context.at < until
        ? E.left({ type: 'RateLimited', until: told })
        : ticket.decide(command, state, context as never),
  },
});

test('engine N35: a refusal that says when to ask again is asked again then, however far away', async () => {
  const YEAR = 365 * 86_400_000;
  const tried: number[] = [];
  const store = stores[0]![1]();
  const reactions = [
    whenOpened(() => of(note('1', 'at last')), { asksAgain: { RateLimited: 'until' } }),
  ];
  const busy = busyUntil(YEAR);
  const { decide } = busy.decider;
  const timed: typeof decide = (command, state, context) => {
    if ((command as { type: string }).type === 'AddNote') tried.push(engine.now());
    return decide(command, state, context);
  };
  const decider = { ...busy.decider, decide: timed };
  const engine = await start({
    store,
    subsystems: [{ ...busy, decider, reactions, due: () => [] }],
  });
  await engine.send(ticketSubsystem, 'ticket-1', OpenTicket({ title: 't', answerBy: 9 * YEAR }), {
    actor: ada,
  });
  await engine.runUntil(YEAR - 1);
  expect(tried).toEqual([0]);
  await engine.runUntil(YEAR);
  expect(tried).toEqual([0, YEAR]);
  expect(await notesOf(engine, '1')).toEqual(['at last']);
});

test('engine N35: an instant that has passed is no reason to ask for ever', async () => {
  const reactions = [whenOpened(() => of(note('1', 'x')), { asksAgain: { RateLimited: 'until' } })];
  const engine = await start({ subsystems: [{ ...busyUntil(LATER, 0), reactions }] });
  await opened(engine, '1');
  await engine.runUntil(100_000);
  expect(await engine.deadLetters.list(1)).toMatchObject([{ row: { attempts: 8 } }]);
});

test('engine N35: a reaction reads rows once their projection has passed the event', async () => {
  const each: Reaction<Noted>['each'] = ({ data, envelope }, _time, reader) =>
    data.note === 'count'
      ? reader.rows('tickets', { title: 'plain' }).pipe(
          concatMap((rows) => from(rows)),
          map(({ row }) => ({
            stream: envelope.stream,
            command: AddNote({ note: `there are ${(row as { notes: number }).notes}` }),
          })),
        )
      : EMPTY;
  const reaction: Reaction<Noted> = { name: 'count', on: ['NoteAdded'], each };
  const engine = await start({ subsystems: reacting(reaction) });
  await opened(engine, '1');
  await noted(engine, '1', 'x');
  await noted(engine, '1', 'count');
  await engine.settle();
  expect(await notesOf(engine, '1')).toEqual(['x', 'count', 'there are 2']);
});

test('engine N35: rows of a projection that cannot pass the event are no answer', async () => {
  const broken = {
    ...ticketsProjection,
    on: {
      ...ticketsProjection.on,
      NoteAdded: () => {
        throw new Error('broken');
      },
    },
  };
  const each: Reaction<Noted>['each'] = (_event, _time, reader) =>
    reader.rows('tickets', {}).pipe(concatMap(() => EMPTY));
  const reaction: Reaction<Noted> = { name: 'reads', on: ['NoteAdded'], each };
  const engine = await start({
    subsystems: [{ ...ticketSubsystem, projections: [broken], reactions: [reaction] }],
  });
  await opened(engine, '1');
  await engine.settle();
  await noted(engine, '1', 'breaks it');
  await engine.runUntil(1_000_000);
  expect(await engine.deadLetters.list(1)).toMatchObject([
    { row: { cause: 'Error: projection tickets has not passed the event' } },
  ]);
});

test('engine N43: settled is an engine whose work only waits for the clock, whatever timers it uses', async () => {
  const log: number[] = [];
  const each: Reaction<Opened>['each'] = (_event, time) =>
    concat(interval(100, time).pipe(take(3)), of(0).pipe(delay(50, time))).pipe(
      mergeMap(() => {
        log.push(engine.now());
        return EMPTY;
      }),
    );
  const engine = await start({ subsystems: reacting(whenOpened(each)) });
  await opened(engine, '1');
  await engine.settle();
  expect(log).toEqual([]);
  await engine.runUntil(1_000);
  expect(log).toEqual([100, 200, 300, 350]);
  expect((await engine.status()).reactions[0]?.unfinished).toBe(0);
});

test('engine N43: a command that is under way beside a timer is waited for', async () => {
  const each: Reaction<Opened>['each'] = (_event, time) =>
    concat(of(note('1', 'now')), timer(5_000, time).pipe(map(() => note('1', 'later'))));
  const both: Reaction<Opened>['each'] = (event, time, reader) =>
    from([timer(9_000, time).pipe(mergeMap(() => EMPTY)), each(event, time, reader)]).pipe(
      mergeMap((work) => work),
    );
  const engine = await start({ subsystems: reacting(whenOpened(both)) });
  await opened(engine, '1');
  await engine.settle();
  expect(await notesOf(engine, '1')).toEqual(['now']);
});

test('engine N19: more events than may be unfinished at once wait outside, and time goes on', async () => {
  const clock = virtualClock();
  const each: Reaction<Opened>['each'] = (_event, time) =>
    timer(1_000, time).pipe(mergeMap(() => EMPTY));
  const engine = await start({ clock, subsystems: reacting(whenOpened(each)) });
  const many = MOST_UNFINISHED + 10;
  await Promise.all(Array.from({ length: many }, (_unused, n) => opened(engine, `${n}`)));
  await engine.settle();
  expect((await engine.status()).reactions[0]?.unfinished).toBe(MOST_UNFINISHED);
  await engine.runUntil(1_000);
  expect((await engine.status()).reactions[0]?.unfinished).toBe(10);
  await engine.runUntil(2_000);
  expect((await engine.status()).reactions[0]?.unfinished).toBe(0);
});

test('engine N19: events that wait outside are no reason not to close', async () => {
  const each: Reaction<Opened>['each'] = (_event, time) =>
    timer(1_000, time).pipe(mergeMap(() => EMPTY));
  const store = stores[0]![1]();
  const engine = await start({ store, subsystems: reacting(whenOpened(each)) });
  const many = MOST_UNFINISHED + 10;
  await Promise.all(Array.from({ length: many }, (_unused, n) => opened(engine, `${n}`)));
  await engine.settle();
  await engine.close();
  const seen = new Set<StreamName>();
  const again = await start({
    store,
    subsystems: reacting(
      whenOpened(({ envelope }) => {
        seen.add(envelope.stream);
        return EMPTY;
      }),
    ),
  });
  await again.settle();
  expect(seen.size).toBe(many);
});
