import {
  eventStoreDb,
  type EventStoreDbOptions,
} from '../../../src/adapters/eventstoredb/event-store-db.ts';
import { memoryStore } from '../../../src/adapters/memory/memory-store.ts';
import { E } from '../../../src/engine/fp.ts';
import type { Log, OpenStore, Store } from '../../../src/engine/rows.ts';
import { right } from '../drafts.ts';
import { startStandIn, type StandIn, type StandInOptions } from './stand-in.ts';

/** A log with its rows in memory, which outlive closing it. */
const withMemoryRows = (log: Log, memory: Store): Store => {
  return {
    name: log.name,
    durable: memory.durable,
    open: (options) => async () => {
      const beside = await memory.open(options)();
      if (E.isLeft(beside)) return beside;
      const opened = await log.open(options)();
      if (E.isLeft(opened)) {
        await beside.right.close();
        return opened;
      }
      return E.right({
        ...opened.right,
        rows: beside.right.rows,
        close: async () => {
          await opened.right.close();
          await beside.right.close();
        },
      });
    },
  };
};

/** A store on a server, its rows in memory: in those that are given, or in its own. */
export const storeOn = (
  connection: string,
  options: EventStoreDbOptions = {},
  rows: Store = memoryStore(),
): Store => withMemoryRows(eventStoreDb(connection, options), rows);

/** Runs a test on a stand-in and a store on it. */
export const onStandIn =
  (
    test: (opened: OpenStore, server: StandIn) => Promise<void>,
    options: EventStoreDbOptions & StandInOptions = {},
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
