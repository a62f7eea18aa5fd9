import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { createEngine } from '../../src/create-engine.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import { temporary } from '../support/cli.ts';
import { ada, engines } from '../support/engines.ts';
import { ticketCommands, ticketSubsystem, tickets } from '../support/tickets.ts';

const place = temporary();
const start = engines();
const script = join(__dirname, '..', 'support', 'journal-process.ts');

type Note = { readonly number: number };
const notesOf = (engine: Engine) => engine.journal<Note>('notes');

/** Lets a process write until it has told of so many entries more, and kills it; resolves to the last that it told of. */
const killedAfter = async (path: string, count: number): Promise<number> => {
  const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  let [told, last] = [0, -1];
  for await (const line of createInterface(child.stdout)) {
    told += 1;
    last = Number(line);
    if (told === count) child.kill('SIGKILL');
  }
  expect((await gone)[1]).toBe('SIGKILL');
  return last;
};

describe('engine N39: a journal', () => {
  it('has all that was put before a kill -9, wherever it strikes, and goes on from there', async () => {
    const path = place('killed', 'store.db');
    let before = -1;
    for (const count of [1, 7, 40, 3, 111]) {
      const last = await killedAfter(path, count);
      expect(last).toBeGreaterThanOrEqual(before + count);
      const engine = await createEngine({
        store: sqliteStore(path),
        subsystems: [ticketSubsystem],
      });
      const notes = notesOf(engine);
      for (let number = 0; number <= last; number += 1) {
        expect(notes.get(`${number}`)).toEqual({ number });
      }
      before = notes.get('last')?.number ?? -1;
      // What was put and not told of any more may be there.
      expect(before).toBeGreaterThanOrEqual(last);
      await engine.close();
    }
  });

  it('shares nothing with another, and neither rebuild nor replay reads or loses it', async () => {
    const engine = await start({ store: sqliteStore(place('beside', 'store.db')) });
    notesOf(engine).put('a', { number: 1 });
    engine.journal<Note>('others').put('a', { number: 2 });
    const { OpenTicket } = ticketCommands.of;
    const command = OpenTicket({ title: 'plain', answerBy: engine.now() + 1_000_000 });
    await engine.send(ticketSubsystem, 'ticket-1', command, { actor: ada });
    await engine.rebuild('tickets');
    expect(await engine.checkReplay()).toMatchObject({ identical: true });
    expect(notesOf(engine).get('a')).toEqual({ number: 1 });
    expect(engine.journal<Note>('others').get('a')).toEqual({ number: 2 });
    expect(notesOf(engine).get('b')).toBeUndefined();
    expect(await engine.query(tickets).page({ limit: 10 })).toHaveLength(1);
    // A stream of the journal's name has nothing to do with it.
    expect((await engine.streams({ limit: 10 })).map(({ stream }) => stream)).toEqual([
      'instance-main',
      'ticket-1',
    ]);
  });
});
