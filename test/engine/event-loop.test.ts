import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { ada, appended, engines, opened, stores } from '../support/engines.ts';
import { ticketCommands, ticketSubsystem, tickets } from '../support/tickets.ts';

const { AddNote } = ticketCommands.of;
const start = engines();
const EVENTS = 10_000;

/** The longest time, in milliseconds of this thread, for which a piece of work kept the event loop from turning. */
const longestTurnOf = async (work: () => Promise<unknown>): Promise<number> => {
  const used = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let [longest, last, isOver] = [0, used(), false];
  const turn = () => {
    const now = used();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(turn);
  };
  turn();
  await work();
  isOver = true;
  turn();
  return longest;
};

/** One turn for all the events would take several times as long. */
const BOUND_MS = 50;

test.each(stores)(
  'engine N50: a stream of 10,000 events and its rows hold the event loop of %s only shortly',
  async (_, newStore) => {
    const store = newStore();
    const clock = systemClock();
    await (await start({ store, clock })).close();
    const { events, close } = await opened(store);
    for (let first = 0; first < EVENTS; first += 1_000) {
      const drafts = Array.from({ length: 1_000 }, (_unused, n) => ({
        id: `e${first + n}`,
        version: 1,
        ...(first + n === 0
          ? { type: 'TicketOpened', data: { title: 't', answerBy: 9e14 } }
          : { type: 'NoteAdded', data: { note: `note ${first + n}` } }),
        metadata: {
          at: 0,
          actor: 'ada',
          commandId: `c${first + n}`,
          payloadHash: '',
          correlationId: 'c',
        },
      }));
      await events.append('ticket-1', first === 0 ? 'none' : first - 1, drafts)();
    }
    await close();
    const engine = await start({ store, clock });
    const sent = () =>
      engine.send(ticketSubsystem, 'ticket-1', AddNote({ note: 'cold' }), { actor: ada });
    const longest = {
      followed: await longestTurnOf(() => engine.settle()),
      loaded: await longestTurnOf(sent),
      folded: await longestTurnOf(() => engine.stateAt(ticketSubsystem, 'ticket-1')),
      read: await longestTurnOf(() => engine.history('ticket-1')),
      rebuilt: await longestTurnOf(() => engine.rebuild('tickets')),
    };
    expect(await engine.query(tickets).get('1')).toMatchObject({ notes: EVENTS });
    const late = Object.entries(longest).filter(([, ms]) => ms > BOUND_MS);
    expect(late).toEqual([]);
  },
);

const STREAMS = 2_000;

test('engine N49 N50: digest and replay check let others run between pages of rows and between streams', async () => {
  const store = memoryStore();
  let breaths = 0;
  const system = systemClock();
  const breathe = () => {
    breaths += 1;
    return system.breathe();
  };
  const clock = { ...virtualClock(), breathe };
  await (await start({ store, clock })).close();
  const open = await opened(store);
  const opening = { type: 'TicketOpened', data: { title: 't', answerBy: 9e14 } };
  for (let n = 0; n < STREAMS; n += 1) await appended(open, `ticket-${n}`, 0, opening);
  await open.close();
  const engine = await start({ store, clock });
  await engine.settle();
  const { head } = await engine.status();
  breaths = 0;
  await engine.digest('tickets', head ?? '');
  expect(breaths).toBe(STREAMS / 500);
  breaths = 0;
  await engine.checkReplay();
  // Streams, then rows before and after.
  expect(breaths).toBeGreaterThanOrEqual(Math.floor(STREAMS / 64) + 2 * (STREAMS / 500));
});
