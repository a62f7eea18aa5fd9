import { randomUUID } from 'node:crypto';
import { connectWriter } from '../../src/adapters/sqlite/connection.ts';
import { EVENT_COLUMNS } from '../../src/adapters/sqlite/event-rows.ts';
import { TITLE } from './ticket-desk.ts';

const HASH = 'f'.repeat(64);

/** Texts of the size of a ticket's event, so that only the database has work to do. */
const metadata = JSON.stringify({
  actor: 'bench',
  at: 1_800_000_000_000,
  commandId: 'command-abcdef-100000',
  correlationId: 'command-abcdef-100000',
  payloadHash: HASH,
});
const data = JSON.stringify({ answerBy: 4_000_000_000_000, title: TITLE });

/** The event table of a store, with the store's own file settings, written by nothing but single inserts. */
export type BareInserts = {
  /** One event of a new stream, in a transaction of its own. */
  readonly insert: () => void;
  readonly close: () => void;
};

export const bareInserts = (path: string): BareInserts => {
  const db = connectWriter(path);
  const statement = db.prepare<
    [number, string, number, string, string, number, string, string, string]
  >(`INSERT INTO events (${EVENT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const run = randomUUID().slice(0, 6);
  let position = 0;
  return {
    insert: () => {
      position += 1;
      const stream = `ticket-${run}-${position}`;
      const id = `${run}00-0000-8000-8000-${String(position).padStart(12, '0')}`;
      statement.run(position, stream, 0, id, 'TicketOpened', 1, HASH, metadata, data);
    },
    close: () => db.close(),
  };
};

/** So many inserts one after another; gives up the event loop as rarely as it may. */
export const insertMany = (bare: BareInserts, count: number): number => {
  for (let index = 0; index < count; index += 1) bare.insert();
  return count;
};
