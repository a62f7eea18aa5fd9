import { eventStoreDb } from '../../src/adapters/eventstoredb/event-store-db.ts';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { startStandIn } from '../support/esdb/stand-in.ts';
import { eventStoreContract } from './event-store.contract.ts';
import { rowStoreContract } from './row-store.contract.ts';

const onStandIn = async () => {
  const server = await startStandIn();
  return {
    store: eventStoreDb(server.connectionString, { rows: memoryStore() }),
    cleanup: () => server.stop('kill'),
  };
};

eventStoreContract('on the EventStoreDB stand-in', onStandIn);
rowStoreContract('beside the EventStoreDB stand-in', onStandIn);

const real = process.env['ESDB_URL'];
if (real !== undefined) {
  eventStoreContract('on a real EventStoreDB server', async () => ({
    store: eventStoreDb(real, { rows: memoryStore() }),
    cleanup: async () => undefined,
  }));
}
