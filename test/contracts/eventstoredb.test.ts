import { startStandIn } from '../support/esdb/stand-in.ts';
import { storeOn } from '../support/esdb/store-on.ts';
import { eventStoreContract } from './event-store.contract.ts';

const onStandIn = async () => {
  const server = await startStandIn();
  return {
    store: storeOn(server.connectionString),
    cleanup: () => server.stop('kill'),
  };
};

eventStoreContract('on the EventStoreDB stand-in', onStandIn);

const real = process.env['ESDB_URL'];
if (real !== undefined) {
  eventStoreContract('on a real EventStoreDB server', async () => ({
    store: storeOn(real),
    cleanup: async () => undefined,
  }));
}
