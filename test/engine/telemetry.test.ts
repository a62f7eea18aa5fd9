import type { AnyEffect } from '../../src/engine/outbox.ts';
import type { Store } from '../../src/engine/rows.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import type { Telemetry } from '../../src/engine/telemetry.ts';
import { ada, engines, stores } from '../support/engines.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { handClock } from '../support/hand-clock.ts';
import { ticketCommands, ticketSubsystem, type TicketCommand } from '../support/tickets.ts';

const { OpenTicket, AddNote, LinkTicket } = ticketCommands.of;
const start = engines();
const newStore = stores[0]![1];

/** Keeps a line for each span that has ended, for each count and for each lateness. */
const notes = () => {
  const [lines, open]: [string[], Set<object>] = [[], new Set()];
  const telemetry: Telemetry = {
    span: (name, attributes) => {
      const span = {};
      open.add(span);
      return ({ result }) => {
        if (!open.delete(span)) lines.push(`${name} ended twice`);
        const { commandId: _, correlationId: __, position: ___, ...told } = attributes;
        lines.push([name, ...Object.values(told), result].join(' '));
      };
    },
    count: (name, by, attributes) => lines.push([name, by, ...Object.values(attributes)].join(' ')),
    deadlineLate: (lateMs, { stream, command }) =>
      lines.push(`${stream} ${command} late by ${lateMs}`),
  };
  return { telemetry, lines, open };
};

/** A day in which everything happens that a telemetry can hear of. */
const lived = async (engine: Engine): Promise<void> => {
  const send = (stream: string, command: TicketCommand, n: number) =>
    engine.send(ticketSubsystem, stream, command, { actor: ada, commandId: `c${n}` });
  await send('ticket-1', OpenTicket({ title: 'echo', answerBy: 1_000 }), 1);
  await engine.settle();
  await send('ticket-1', LinkTicket({ other: 'ticket-2' }), 2);
  await send('ticket-2', AddNote({ note: 'too early' }), 3);
  await engine.runUntil(2_000);
};

const announce: AnyEffect = {
  name: 'announce',
  on: ['TicketClosed'],
  submit: async () => ['heard'],
  report: () => undefined,
};
const wholeLog = async (engine: Engine) =>
  (await engine.history('ticket-1')).map(({ hash }) => hash);

test('engine N48: a telemetry hears of every command, load, lookup, decision, append, page, reaction and effect', async () => {
  const { telemetry, lines, open } = notes();
  const engine = await start({ store: newStore(), telemetry, effects: [announce] });
  await lived(engine);
  expect(open.size).toBe(0);
  expect([...new Set(lines)].toSorted()).toEqual([
    'append ticket-1 1 done',
    'command ticket-1 AddNote accepted',
    'command ticket-1 ExpireTicket granted',
    'command ticket-1 LinkTicket accepted',
    'command ticket-1 OpenTicket accepted',
    'command ticket-2 AddNote refused',
    'decide ticket AddNote accepts',
    'decide ticket AddNote refuses',
    'decide ticket ExpireTicket accepts',
    'decide ticket LinkTicket accepts',
    'decide ticket LinkTicket asks',
    'decide ticket OpenTicket accepts',
    'effect announce ticket-1 done',
    'events.appended 1 ticket-1',
    'events.projected 1 tickets',
    'facts 2 done',
    'load ticket-1 done',
    'load ticket-2 done',
    'projection tickets 1 done',
    'reaction echoWhenAsked ticket-1 done',
    'ticket-1 ExpireTicket late by 0',
  ]);
});

test('engine N48: how late a deadline is sent is told', async () => {
  const store = newStore();
  const before = await start({ store, clock: handClock() });
  await before.send(ticketSubsystem, 'ticket-1', OpenTicket({ title: 'plain', answerBy: 1_000 }), {
    actor: ada,
  });
  await before.close();
  const { telemetry, lines } = notes();
  const clock = handClock(5_000);
  const engine = await start({ store, clock, telemetry });
  while ((await engine.status()).sent.deadlines < 1) await clock.breathe();
  expect(lines).toContain('ticket-1 ExpireTicket late by 4000');
});

test('engine N48: a failure of the store is the result of the spans that it ends', async () => {
  const { telemetry, lines } = notes();
  const refusing: Store = faultyStore(newStore(), {
    append: (stream) => (stream === 'ticket-1' ? 'refused' : undefined),
  });
  const engine = await start({ store: refusing, telemetry });
  const sending = engine.send(
    ticketSubsystem,
    'ticket-1',
    OpenTicket({ title: 'plain', answerBy: 1_000 }),
    { actor: ada },
  );
  await expect(sending).rejects.toThrow('StoreUnavailable');
  expect(lines).toContain('append ticket-1 1 StoreUnavailable');
  expect(lines).toContain('command ticket-1 OpenTicket StoreUnavailable');
});

test('engine N48: what happens is the same without a telemetry, with one, and with one that throws', async () => {
  const broken = (): never => {
    throw new Error('a bug of the telemetry');
  };
  const logs: (readonly string[])[] = [];
  for (const telemetry of [
    undefined,
    notes().telemetry,
    { span: broken, count: broken, deadlineLate: broken },
    { span: () => broken, count: broken, deadlineLate: broken },
  ]) {
    const engine = await start({
      store: newStore(),
      effects: [announce],
      ...(telemetry === undefined ? {} : { telemetry }),
    });
    await lived(engine);
    logs.push(await wholeLog(engine));
  }
  expect(logs[0]).toHaveLength(4);
  expect(new Set(logs.map((log) => log.join(' '))).size).toBe(1);
});
