import {
  eventStoreDb,
  type EventStoreDbOptions,
} from '../../../src/adapters/eventstoredb/event-store-db.ts';
import { memoryStore } from '../../../src/adapters/memory/memory-store.ts';
import type { OpenStore } from '../../../src/engine/rows.ts';
import { right } from '../drafts.ts';
import { startStandIn, type StandIn, type StandInOptions } from './stand-in.ts';

/** A store on a server, its rows in memory. */
export const storeOn = (connection: string, options: Partial<EventStoreDbOptions> = {}) =>
  eventStoreDb(connection, { rows: memoryStore(), ...options });

/** Runs a test on a stand-in and a store on it. */
export const onStandIn =
  (
    test: (opened: OpenStore, server: StandIn) => Promise<void>,
    options: Partial<EventStoreDbOptions> & StandInOptions = {},
  ) =>
  async () => {
    const server = await startStandIn(options);
    const store = storeOn(server.connectionString, options);
    const opened = await right(store.open({ readOnly: false }));
    try {
      await test(opened, server);
    } finally {
      await opened.close();
      await server.stop('kill');
    }
  };
