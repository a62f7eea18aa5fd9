// A library that builds on Chancery and declares its own types: whatever the package gives must have a name to say it by.
import * as chancery from 'chancery';
import { given } from 'chancery/testing';

const { accept, escrowSubsystem, memoryStore, readModel, statusForbids, subsystems } = chancery;

export const greeting = chancery.vocabulary({ Greet: { name: chancery.text('a name') } });
export const refusing = [statusForbids('Gone'), chancery.refuse({ type: 'Never' as const })];
export const asking = chancery.ask({ of: chancery.answerOf<string>('a-1', 'b') }, () => accept());
export const greetings = readModel<{ name: string }>('greetings', { name: ({ name }) => name });
export const stores = {
  memory: memoryStore(),
  file: chancery.sqliteStore,
  server: chancery.eventStoreDb('esdb://localhost?tls=false'),
};
export const clocks = { virtual: chancery.virtualClock, system: chancery.systemClock };
export const everything = { ...chancery, given };

// Its client is an optional package, which nobody has installed here.
const opened = await stores.server.open({ readOnly: false })();
if (opened._tag === 'Right' || opened.left.type !== 'AdapterUnavailable')
  throw new Error('a client');

export const engine = await chancery.createEngine({ store: memoryStore(), subsystems });
export const balances = engine.query(chancery.balances);
export const firstPage = await balances.page({ limit: 1 });
export const changes = balances.changes();
export const command = engine.sendTE(
  'escrow-1',
  { type: 'Greet', data: {} },
  { actor: { id: 'a', roles: [] } },
);
export const history = await engine.history('escrow-1');
export const state = await engine.stateAt(escrowSubsystem, 'escrow-1');
export const status = await engine.status();
export const letters = engine.deadLetters.list(1);
export const deadlines = engine.deadlines(1);
export const journal = engine.journal<{ line: number }>('lines');
export const log = engine.log;
export const replay = engine.checkReplay;
await engine.close();
