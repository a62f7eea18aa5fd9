/** A process that writes a journal until it is killed: `node journal-process.ts PATH` prints the number of each entry once it is put. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { createEngine } from '../../src/create-engine.ts';
import { ticketSubsystem } from './tickets.ts';

const [path = ''] = process.argv.slice(2);
const engine = await createEngine({ store: sqliteStore(path), subsystems: [ticketSubsystem] });
const notes = engine.journal<{ readonly number: number }>('notes');
const from = notes.get('last')?.number ?? -1;
for (let number = from + 1; ; number += 1) {
  notes.put(`${number}`, { number });
  notes.put('last', { number });
  process.stdout.write(`${number}\n`);
  await nextTurn();
}
