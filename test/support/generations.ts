import type { Store } from '../../src/engine/rows.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import type { StreamName } from '../../src/engine/store.ts';
import { ada, appended, opened as openedStore, type engines } from './engines.ts';
import { versioned } from './generation-stores.ts';
import { ticketCommands, ticketSubsystem, tickets } from './tickets.ts';

/** Puts tickets into a store whose instance is there: one event each, then notes, so that the events of tickets lie among each other. */
export const filled = async (store: Store, count: number, notes: number): Promise<void> => {
  const open = await openedStore(store);
  for (let n = 0; n < count; n += 1) {
    const data = { title: `t${n}`, answerBy: 9e14 };
    await appended(open, streamOf(n), 0, { type: 'TicketOpened', data });
  }
  for (let n = 0; n < notes; n += 1) {
    const note = { type: 'NoteAdded', data: { note: `n${n}` } };
    await appended(open, streamOf(n % count), 1 + Math.floor(n / count), note);
  }
  await open.close();
};

const streamOf = (n: number): StreamName => `ticket-${String(n).padStart(4, '0')}`;

/** All rows in a page. */
export const ALL = { limit: 10_000 };

export const v1 = versioned({ version: 1 });
export const v2 = versioned({ version: 2 });

type Start = ReturnType<typeof engines>;

/** A store with tickets and notes, and rows of version 1 up to its head. */
export const builtBy1 =
  (start: Start) =>
  async (newStore: () => Store, count = 5, notes = 15): Promise<Store> => {
    const store = newStore();
    await (await start({ store, subsystems: v1 })).close();
    await filled(store, count, notes);
    const engine = await start({ store, subsystems: v1 });
    await engine.settle();
    await engine.close();
    return store;
  };

/** By which versions the rows were built that a reader sees, how many there are, and how many notes they count. */
export const seenBy = async (engine: Engine) => {
  const rows = await engine.query(tickets).page(ALL);
  const versions = [...new Set(rows.map(({ row }) => row.title))];
  return { versions, rows: rows.length, notes: rows.reduce((sum, { row }) => sum + row.notes, 0) };
};
export const statusOf = async (engine: Engine) => (await engine.status()).projections[0]!;
export const noted = (engine: Engine, id: string, note: string) =>
  engine.send(ticketSubsystem, `ticket-${id}`, ticketCommands.of.AddNote({ note }), { actor: ada });

/** The generations of which there are rows of tickets, and those that have come somewhere. */
export const leftIn = async (store: Store) => {
  const { rows, close } = await openedStore(store);
  const numbers = [0, 1, 2, 3, 4].filter((n) => {
    const page = rows.page(n === 0 ? 'tickets' : `tickets@${n}`, { limit: 1 });
    return 'right' in page && page.right.length > 0;
  });
  const consumers = [0, 1, 2, 3, 4].filter((n) => {
    const found = rows.checkpoint(n === 0 ? 'projection:tickets' : `projection:tickets@${n}`);
    return 'right' in found && found.right !== undefined;
  });
  await close();
  return { numbers, consumers };
};
