import { NEVER, TITLE } from '../subjects/ticket-desk.ts';
import { peerModule, versionOf, type OpenPeer } from './peer.ts';

type Connection = { readonly close: () => void };
type Store = { readonly schema: { readonly migrate: () => Promise<void> } };
type Message = { readonly type: string; readonly data: { title: string; answerBy: number } };
type State = { readonly status: 'Unopened' | 'Open' };
type Decider = {
  readonly decide: (command: Message, state: State) => Message;
  readonly evolve: (state: State, event: Message) => State;
  readonly initialState: () => State;
};
type Emmett = {
  readonly DeciderCommandHandler: (
    decider: Decider,
  ) => (store: Store, id: string, command: Message) => Promise<unknown>;
};
type EmmettSqlite = {
  readonly sqliteConnection: (options: { readonly fileName: string }) => Connection;
  readonly getSQLiteEventStore: (options: {
    readonly fileName: string;
    readonly connectionOptions: { readonly singleton: true; readonly connection: Connection };
  }) => Store;
};

const decider: Decider = {
  decide: ({ data }, { status }) => {
    if (status !== 'Unopened') throw new Error('opened already');
    return { type: 'TicketOpened', data };
  },
  evolve: (state, { type, data }) =>
    type === 'TicketOpened' ? { ...state, ...data, status: 'Open' } : state,
  initialState: () => ({ status: 'Unopened' }),
};

/** Emmett on SQLite, with one connection for all: opening one per command, its default, is about three times slower and locks itself out. */
export const openEmmett: OpenPeer = async (path) => {
  const { DeciderCommandHandler } = await peerModule<Emmett>('@event-driven-io/emmett');
  const sqlite = await peerModule<EmmettSqlite>('@event-driven-io/emmett-sqlite');
  const connection = sqlite.sqliteConnection({ fileName: path });
  const store = sqlite.getSQLiteEventStore({
    fileName: path,
    connectionOptions: { singleton: true, connection },
  });
  await store.schema.migrate();
  const handle = DeciderCommandHandler(decider);
  let count = 0;
  return {
    name: 'Emmett',
    about:
      `Emmett ${versionOf('@event-driven-io/emmett')}, emmett-sqlite ` +
      `${versionOf('@event-driven-io/emmett-sqlite')}, one connection, WAL/FULL; commands at once ` +
      `nest in one transaction there and are acknowledged before it commits`,
    open: () => {
      count += 1;
      const data = { title: TITLE, answerBy: NEVER };
      return handle(store, `ticket-${count}`, { type: 'OpenTicket', data });
    },
    close: async () => connection.close(),
  };
};
