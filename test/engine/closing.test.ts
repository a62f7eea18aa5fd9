import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createEngine } from '../../src/create-engine.ts';
import { ada, failureOf, stores } from '../support/engines.ts';
import { ticketCommands, ticketSubsystem, tickets } from '../support/tickets.ts';

const { OpenTicket } = ticketCommands.of;
const ticket = OpenTicket({ title: 'plain', answerBy: 9e14 });

/** How long a process may live on after its engine has closed. */
const EXIT_WITHIN_MS = 10_000;

const directory = mkdtempSync(join(tmpdir(), 'chancery-closing-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs `closing-process.ts` to its end, or kills it when it has outlived its engine for too long. */
const closingProcess = async (args: readonly string[]) => {
  const script = join(__dirname, '..', 'support', 'closing-process.ts');
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const said: string[] = [];
  let patience: NodeJS.Timeout | undefined;
  for await (const line of createInterface(child.stdout)) {
    said.push(line);
    patience ??= setTimeout(() => child.kill('SIGKILL'), EXIT_WITHIN_MS);
  }
  const [code, signal] = (await exited) as [number | null, string | null];
  clearTimeout(patience);
  return { code, signal, closed: JSON.parse(said[0] ?? 'null'), reader: said[1] };
};

test.each([
  ['memory', []],
  ['sqlite', [join(directory, 'chancery.db')]],
])(
  'an engine on %s that is closed leaves nothing open: its process ends by itself',
  async (_, args) => {
    expect(await closingProcess(args)).toEqual({
      code: 0,
      signal: null,
      // The changes have been completed, and the command that was under way was answered.
      closed: { pending: 1, outcome: 'accepted', hasFollowed: true, isComplete: true },
      reader: 'StoreClosed',
    });
  },
);

describe.each(stores)('an engine on %s that is held by `await using`', (_, newStore) => {
  test('is closed at the end of the block, and its store can be opened again', async () => {
    const store = newStore();
    const useOnce = async () => {
      await using engine = await createEngine({ store, subsystems: [ticketSubsystem] });
      await engine.send(ticketSubsystem, 'ticket-1', ticket, { actor: ada });
      return engine;
    };
    const closed = await useOnce();
    const late = closed.send(ticketSubsystem, 'ticket-2', ticket, { actor: ada });
    expect(await failureOf(late)).toEqual({ type: 'EngineClosed' });
    await using again = await createEngine({ store, subsystems: [ticketSubsystem] });
    await again.settle();
    expect(await again.query(tickets).get('1')).toMatchObject({ title: 'plain' });
  });

  test('is closed when the block throws, and what was thrown comes through', async () => {
    const store = newStore();
    const thrown = new Error('in the middle');
    const failing = async () => {
      await using engine = await createEngine({ store, subsystems: [ticketSubsystem] });
      await engine.send(ticketSubsystem, 'ticket-1', ticket, { actor: ada });
      throw thrown;
    };
    await expect(failing()).rejects.toBe(thrown);
    await using again = await createEngine({ store, subsystems: [ticketSubsystem] });
    expect((await again.stateAt(ticketSubsystem, 'ticket-1')).state.status).toBe('Open');
  });

  test('may be closed by hand before', async () => {
    await using engine = await createEngine({ store: newStore(), subsystems: [ticketSubsystem] });
    await Promise.all([engine.close(), engine.close()]);
    await engine.close();
    const late = engine.send(ticketSubsystem, 'ticket-1', ticket, { actor: ada });
    expect(await failureOf(late)).toEqual({ type: 'EngineClosed' });
  });
});
