/**
 * A process of its own that builds rows of version 2 and is killed: `node build-process.ts PATH WRITES`. It dies by SIGKILL before the
 * write of that number to its rows, and prints each note that it takes in.
 */
import { sqliteScratch } from '../../src/adapters/sqlite/scratch.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { startEngine } from '../../src/engine/run/start-engine.ts';
import { faultyStore } from './faulty-store.ts';
import { inPages, versioned } from './generation-stores.ts';

const [path = '', fatal = ''] = process.argv.slice(2);

let writes = 0;
const dying = (): boolean => {
  writes += 1;
  if (writes === Number(fatal)) process.kill(process.pid, 'SIGKILL');
  return false;
};

/** To a pipe this is synchronous: what was printed outlives a kill. */
const note = (text: string): void => void process.stdout.write(`${text}\n`);

const engine = await startEngine({
  store: faultyStore(inPages(sqliteStore(path), 4), { commit: dying, clear: dying }),
  subsystems: versioned({ version: 2, note }),
  clock: virtualClock(),
  scratch: sqliteScratch,
  newId: () => 'none',
  newSeed: () => new Uint8Array(32),
});
await engine.settle();
await engine.close();
