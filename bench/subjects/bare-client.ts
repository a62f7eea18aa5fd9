import { randomUUID } from 'node:crypto';
import { EventStoreDBClient, jsonEvent } from '@eventstore/db-client';
import { NEVER, TITLE } from './ticket-desk.ts';

const HASH = 'f'.repeat(64);

/** Texts of the size of a ticket's event, so that only the client and the server have work to do. */
const data = { answerBy: NEVER, title: TITLE };
const metadata = {
  actor: 'bench',
  at: 1_800_000_000_000,
  commandId: 'command-abcdef-100000',
  $correlationId: 'command-abcdef-100000',
  payloadHash: HASH,
  hash: HASH,
};

/** The unmodified client with nothing around it. */
export type BareClient = {
  /** One event of a new stream. */
  readonly append: () => Promise<void>;
  /** Reads the whole log: how many events it has. */
  readonly readAll: () => Promise<number>;
  readonly close: () => Promise<void>;
};

export const bareClient = (url: string): BareClient => {
  const client = EventStoreDBClient.connectionString(url);
  const run = randomUUID().slice(0, 6);
  let count = 0;
  return {
    append: async () => {
      count += 1;
      const event = jsonEvent({ id: randomUUID(), type: 'TicketOpened', data, metadata });
      await client.appendToStream(`bare-${run}.${count}`, event, { expectedRevision: 'no_stream' });
    },
    readAll: async () => {
      let events = 0;
      for await (const _ of client.readAll()) events += 1;
      return events;
    },
    close: () => client.dispose(),
  };
};
