import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { sqliteScratch } from '../../src/adapters/sqlite/scratch.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import type { Actor } from '../../src/engine/decider.ts';
import { E } from '../../src/engine/fp.ts';
import type { OpenStore, Store } from '../../src/engine/rows.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import type { Opening } from '../../src/engine/run/opening.ts';
import { startEngine } from '../../src/engine/run/start-engine.ts';
import type { Draft, Metadata, StreamName } from '../../src/engine/store.ts';
import { ticketSubsystem } from './tickets.ts';

/** Someone without roles. */
export const ada: Actor = { id: 'ada', roles: [] };
export const bob: Actor = { id: 'bob', roles: [] };

let ids = 0;
const newId = () => `new-${(ids += 1)}`;

/** Starts engines that are closed after each test; what is left out is a new memory store, virtual time, and tickets. */
export const engines = () => {
  const open: Engine[] = [];
  afterEach(async () => {
    for (const engine of open.splice(0)) await engine.close();
  });
  return async (options: Partial<Opening> = {}): Promise<Engine> => {
    const defaults = {
      store: memoryStore(),
      subsystems: [ticketSubsystem],
      clock: virtualClock(),
      scratch: sqliteScratch,
      newSeed: () => new Uint8Array(32).fill(7),
    };
    const engine = await startEngine({ newId, instance: 'test', ...defaults, ...options });
    open.push(engine);
    return engine;
  };
};

/** The stores on which every test of a rule about stored things runs. */
export const stores: readonly (readonly [string, () => Store])[] = [
  ['memory', memoryStore],
  ['sqlite', () => sqliteStore(join(directory(), 'chancery.db'))],
];

const directories: string[] = [];
const directory = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'chancery-engine-'));
  directories.push(path);
  return path;
};
afterAll(() => {
  for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** Opens a store without an engine. */
export const opened = async (store: Store): Promise<OpenStore> => {
  const answer = await store.open({ readOnly: false })();
  if (E.isLeft(answer)) throw new Error(answer.left.type);
  return answer.right;
};

type Told = Pick<Draft, 'type' | 'data'> & { readonly version?: number };

/** Puts events into an open store as nobody's engine would: whatever they are. */
export const appended = async (
  { events: log }: OpenStore,
  stream: StreamName,
  from: number,
  ...events: readonly Told[]
): Promise<void> => {
  const drafts = events.map(({ type, data, version = 1 }, index) => ({
    type,
    data,
    version,
    id: `written-${stream}-${from + index}`,
    metadata: metadata(`written-${from}`),
  }));
  const answer = await log.append(stream, from === 0 ? 'none' : from - 1, drafts)();
  if (E.isLeft(answer)) throw new Error(JSON.stringify(answer.left));
};

/** The same with a store that is opened for it. */
export const written = async (
  store: Store,
  stream: StreamName,
  from: number,
  ...events: readonly Told[]
): Promise<void> => {
  const open = await opened(store);
  try {
    await appended(open, stream, from, ...events);
  } finally {
    await open.close();
  }
};

const metadata = (commandId: string): Metadata => ({
  at: 0,
  actor: 'ada',
  commandId,
  payloadHash: 'none',
  correlationId: commandId,
});

/** The failure with which a promise rejects. */
export const failureOf = async (promise: Promise<unknown>): Promise<unknown> => {
  const cause: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (cause instanceof Error && 'failure' in cause) return cause.failure;
  throw cause;
};
