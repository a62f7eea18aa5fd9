/**
 * A process of its own with a live engine: `node disk-process.ts PATH`. For every line of its input it does something and prints one
 * line of JSON; whatever happens to its disk, it is to answer. `[send, FROM, COUNT, SIZE]` opens tickets, all at once: those with an
 * even number get an echo by a reaction, the others are closed by a deadline that is near. `[look]` reads; `[rest]` waits until the
 * followers have come to rest by themselves; `[status]` tells how they are; `[close]` closes the engine, after which the process is to
 * end by itself.
 */
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { createEngine } from '../../src/create-engine.ts';
import { E } from '../../src/engine/fp.ts';
import { EngineFailed, type Engine } from '../../src/engine/run/engine.ts';
import { ticketCommands, ticketSubsystem, tickets, type TicketRow } from './tickets.ts';

/** How long followers may take to come to rest: after an outage their next try may be as far away as that was long. */
const PATIENCE_MS = 40_000;
const NEAR_MS = 300;
const FAR_MS = 365 * 86_400_000;

const [path = ''] = process.argv.slice(2);
const ada = { id: 'ada', roles: [] };
const say = (what: unknown): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

const send = (engine: Engine, from: number, count: number, size: number) =>
  Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const number = from + index;
      const name = `ticket-${number}`;
      const [word, withinMs] = number % 2 === 0 ? ['echo', FAR_MS] : ['plain', NEAR_MS];
      const title = `${word} ${'x'.repeat(size)}`;
      const command = ticketCommands.of.OpenTicket({ title, answerBy: engine.now() + withinMs });
      const answer = await engine.sendTE(name, command, { actor: ada, commandId: name })();
      if (E.isLeft(answer)) return { name, failure: answer.left };
      return { name, outcome: answer.right.outcome };
    }),
  );

/** Whether all has happened to a ticket that is to happen. */
const isDone = ({ title, open, notes }: TicketRow): boolean =>
  title.startsWith('echo') ? open && notes === 1 : !open && notes === 0;

/** Everything that only reads: the streams, their events and states, the rows. */
const look = async (engine: Engine) => {
  const streams = await engine.streams({ category: 'ticket', limit: 100_000 });
  let events = 0;
  for (const { stream } of streams) {
    events += (await engine.history(stream)).length;
    await engine.stateAt(ticketSubsystem, stream);
  }
  const rows = await engine.query(tickets).page({ limit: 100_000 });
  return {
    streams: streams.map(({ stream }) => stream),
    events,
    rows: rows.length,
    undone: rows.filter(({ row }) => !isDone(row)).map(({ key }) => key),
  };
};

/** Whether all that follows the log is at its head by itself, well, and with nothing to do. */
const isAtRest = async (engine: Engine): Promise<boolean> => {
  const { head, projections, reactions, deadlines } = await engine.status();
  const followers = [...projections, ...reactions, deadlines];
  return (
    followers.every(({ position, failure }) => position === head && failure === undefined) &&
    reactions.every(({ unfinished }) => unfinished === 0) &&
    (deadlines.nearest ?? Infinity) > engine.now() + FAR_MS / 2
  );
};
const rest = async (engine: Engine) => {
  const patience = performance.now() + PATIENCE_MS;
  while (!(await isAtRest(engine))) {
    if (performance.now() > patience) return { restless: await engine.status() };
    await nextTurn();
  }
  return { letters: (await engine.deadLetters.list(10)).map(({ row }) => row.cause) };
};

const failed = (cause: unknown): unknown => {
  if (cause instanceof EngineFailed) return { failure: cause.failure };
  return { bug: String(cause) };
};

const working = async (engine: Engine): Promise<void> => {
  for await (const line of createInterface(process.stdin)) {
    const [wish, ...numbers] = JSON.parse(line) as [string, number, number, number];
    if (wish === 'send') say(await send(engine, ...numbers));
    if (wish === 'look') say(await look(engine).catch(failed));
    if (wish === 'rest') say(await rest(engine).catch(failed));
    if (wish === 'status') say(await engine.status().catch(failed));
    if (wish === 'close') {
      say(await engine.close().then(() => ({ closed: true }), failed));
      return;
    }
  }
};

const opened = await createEngine({
  store: sqliteStore(path),
  subsystems: [ticketSubsystem],
}).catch(failed);
const isEngine = (it: unknown): it is Engine =>
  typeof it === 'object' && it !== null && 'sendTE' in it;
say(isEngine(opened) ? { opened: true } : opened);
if (isEngine(opened)) await working(opened);
process.stdin.destroy();
