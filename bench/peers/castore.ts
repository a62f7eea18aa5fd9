import { NEVER, TITLE } from '../subjects/ticket-desk.ts';
import { peerModule, versionOf, type OpenPeer } from './peer.ts';

type EventDetail = {
  readonly aggregateId: string;
  readonly version: number;
  readonly type: string;
  readonly payload: { readonly title: string; readonly answerBy: number };
};
type Aggregate = { readonly aggregateId: string; readonly version: number };
type EventStore = {
  readonly getAggregate: (id: string) => Promise<{ readonly aggregate: Aggregate | undefined }>;
  readonly pushEvent: (event: EventDetail) => Promise<unknown>;
};
type Input = { readonly id: string; readonly title: string; readonly answerBy: number };
type Handler = (input: Input, stores: readonly [EventStore]) => Promise<void>;
type Castore = {
  readonly EventType: new (options: { readonly type: string }) => unknown;
  readonly EventStore: new (options: {
    readonly eventStoreId: string;
    readonly eventTypes: readonly unknown[];
    readonly reducer: (aggregate: Aggregate | undefined, event: EventDetail) => Aggregate;
    readonly eventStorageAdapter: unknown;
  }) => EventStore;
  readonly Command: new (options: {
    readonly commandId: string;
    readonly requiredEventStores: readonly [EventStore];
    readonly handler: Handler;
  }) => { readonly handler: Handler };
};
type InMemory = { readonly InMemoryEventStorageAdapter: new () => unknown };

/** Castore with its adapter in memory: it has none for SQLite. */
export const openCastore: OpenPeer = async () => {
  const { EventType, EventStore, Command } = await peerModule<Castore>('@castore/core');
  const adapter = '@castore/event-storage-adapter-in-memory';
  const { InMemoryEventStorageAdapter } = await peerModule<InMemory>(adapter);
  const store = new EventStore({
    eventStoreId: 'tickets',
    eventTypes: [new EventType({ type: 'TicketOpened' })],
    reducer: (_, { aggregateId, version, payload }) => ({
      aggregateId,
      version,
      status: 'Open',
      ...payload,
    }),
    eventStorageAdapter: new InMemoryEventStorageAdapter(),
  });
  const command = new Command({
    commandId: 'OpenTicket',
    requiredEventStores: [store],
    handler: async ({ id, ...payload }, [events]) => {
      const { aggregate } = await events.getAggregate(id);
      if (aggregate !== undefined) throw new Error('opened already');
      await events.pushEvent({ aggregateId: id, version: 1, type: 'TicketOpened', payload });
    },
  });
  let count = 0;
  return {
    name: 'Castore',
    about: `Castore ${versionOf('@castore/core')}, in memory`,
    open: () => {
      count += 1;
      return command.handler({ id: `ticket-${count}`, title: TITLE, answerBy: NEVER }, [store]);
    },
    close: async () => undefined,
  };
};
