import { registerHooks } from 'node:module';
import { eventStoreDb } from '../../../src/adapters/eventstoredb/event-store-db.ts';

/** A process in which the client of EventStoreDB cannot be found; prints how opening the store fails. */
registerHooks({
  resolve: (specifier, context, next) => {
    if (!specifier.startsWith('@eventstore/')) return next(specifier, context);
    return next(
      specifier.replace('@eventstore/db-client', '@eventstore/db-client-that-is-not-there'),
      context,
    );
  },
});
const store = eventStoreDb('esdb://localhost?tls=false');
const opened = await store.open({ readOnly: false })();
process.stdout.write(JSON.stringify(opened._tag === 'Left' ? opened.left : 'it is open'));
