import { NEVER, TITLE } from '../subjects/ticket-desk.ts';
import { peerModule, versionOf, type OpenPeer } from './peer.ts';

type Ticket = { readonly title: string; readonly answerBy: number };
type Schema = { readonly parse: (value: unknown) => unknown };
type Zod = {
  readonly z: {
    readonly object: (fields: Readonly<Record<string, Schema>>) => Schema;
    readonly string: () => Schema;
    readonly number: () => Schema;
  };
};
type Target = {
  readonly stream: string;
  readonly actor: { readonly id: string; readonly name: string };
};
type App = { readonly do: (action: string, target: Target, payload: Ticket) => Promise<unknown> };
type StateBuilder = {
  readonly init: (initial: () => unknown) => StateBuilder;
  readonly emits: (events: Readonly<Record<string, Schema>>) => StateBuilder;
  readonly patch: (
    patches: Readonly<Record<string, (event: { readonly data: Ticket }) => unknown>>,
  ) => StateBuilder;
  readonly on: (actions: Readonly<Record<string, Schema>>) => StateBuilder;
  readonly emit: (decide: (action: Ticket) => readonly [string, Ticket]) => StateBuilder;
  readonly build: () => unknown;
};
type AppBuilder = {
  readonly withState: (state: unknown) => AppBuilder;
  readonly build: () => App;
};
type Store = { readonly seed: () => Promise<void>; readonly dispose: () => Promise<void> };
type Act = {
  readonly act: () => AppBuilder;
  readonly state: (named: Readonly<Record<string, Schema>>) => StateBuilder;
  readonly store: (store: Store) => Store;
};
type ActSqlite = { readonly SqliteStore: new (options: { readonly url: string }) => Store };

/** Act on SQLite, as its README sets it up. Its store is one per process: a second one would not be taken. */
export const openAct: OpenPeer = async (path) => {
  // It reports every rollback otherwise.
  process.env['LOG_LEVEL'] = 'fatal';
  const { act, state, store } = await peerModule<Act>('@rotorsoft/act');
  const { SqliteStore } = await peerModule<ActSqlite>('@rotorsoft/act-sqlite');
  const { z } = await peerModule<Zod>('zod');
  const sqlite = store(new SqliteStore({ url: `file:${path}` }));
  await sqlite.seed();
  const opened = { title: z.string(), answerBy: z.number() };
  const ticket = state({ Ticket: z.object({ status: z.string(), ...opened }) })
    .init(() => ({ status: 'Unopened', title: '', answerBy: 0 }))
    .emits({ TicketOpened: z.object(opened) })
    .patch({ TicketOpened: ({ data }) => ({ status: 'Open', ...data }) })
    .on({ OpenTicket: z.object(opened) })
    .emit((action) => ['TicketOpened', action])
    .build();
  const app = act().withState(ticket).build();
  let count = 0;
  return {
    name: 'Act',
    about: `Act ${versionOf('@rotorsoft/act')}, act-sqlite ${versionOf('@rotorsoft/act-sqlite')}, WAL/FULL`,
    open: () => {
      count += 1;
      const target = { stream: `ticket-${count}`, actor: { id: 'bench', name: 'bench' } };
      return app.do('OpenTicket', target, { title: TITLE, answerBy: NEVER });
    },
    close: () => sqlite.dispose(),
  };
};
