import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Outcome } from '../../src/engine/outcome.ts';
import { temporary } from '../support/cli.ts';
import { chance } from '../support/command-lines.ts';
import { drain, expectRight, sendAgain } from '../support/crash-checks.ts';
import type { Line } from '../support/crash-deals.ts';
import { crashEngine } from '../support/crash-engine.ts';
import { expectAllThere, memory, type Memory } from '../support/crash-memory.ts';
import { fastClock, stoppedClock } from '../support/fast-clock.ts';

const KILLS = Number(process.env['CHANCERY_CRASHES'] ?? 20);
/** After so many kills the next store begins, so that looking at the whole log after each of them stays affordable. */
const KILLS_PER_LIFE = 5;
const LINES = { least: 100, most: 400 };
/** A kill strikes so much later than its line at most: in the middle of whatever goes on then. */
const MOST_AFTER_MS = 10;
/** Answered commands that are sent again after a kill; at the end of a life all are. */
const RECENT = 60;
/** What reactions, deadlines and the bank bring about: a run without one of them has shown nothing. */
const HAPPENED = ['FundsLocked', 'HoldTaken', 'WithdrawalPaid', 'EscrowCancelled', 'EscrowExpired'];
const TWO_HOURS_MS = 7_200_000;
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const next = chance(seed);
/** Compiled code is kept from process to process: most of a short life is its start. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'chancery-test-compiled') };
const children = new Set<ChildProcess>();
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});
const place = temporary();

type Printed = {
  readonly asked?: Line;
  readonly id?: string;
  readonly outcome?: Outcome;
  readonly failure?: unknown;
};

type Life = {
  readonly directory: string;
  readonly startedAt: number;
  readonly memory: Memory;
  /** From which its deals are drawn. */
  readonly seed: number;
};

/** Runs the engine under load until it is killed after some line that it prints; resolves to how many there were. */
const killed = async (life: Life, run: number) => {
  const { directory, startedAt, memory: known } = life;
  const script = join(__dirname, '..', 'support', 'crash-process.ts');
  // Some kills strike while it opens or has just opened; never the first.
  const isEarly = next() < 0.15 && run > 0;
  const last = isEarly
    ? Math.ceil(next() * 2)
    : LINES.least + Math.floor(next() * (LINES.most - LINES.least));
  const afterMs = next() * MOST_AFTER_MS;
  const args = [script, directory, startedAt, run, life.seed, last, afterMs].map(String);
  const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  children.add(child);
  const exited = once(child, 'exit').finally(() => children.delete(child));
  child.stdin.on('error', () => undefined); // it may be dead before it has read
  child.stdin.write(`${JSON.stringify(known.recent(RECENT / 2))}\n`);
  const failures: unknown[] = [];
  let lines = 0;
  for await (const text of createInterface(child.stdout)) {
    if (!text.endsWith('}')) break; // cut by the kill
    lines += 1;
    const { asked, id = '', outcome, failure } = JSON.parse(text) as Printed;
    if (asked !== undefined) known.ask(asked);
    if (outcome !== undefined) known.answer(id, outcome);
    if (failure !== undefined) failures.push(failure);
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  expect(failures).toEqual([]);
  return lines;
};

/** Opens what lies there, sends again what is given, lets it come to rest, and looks at it once more behind a clock that stands. */
const looked = async (
  { directory, startedAt, memory: known }: Life,
  again: readonly Line[],
  ahead = 0,
) => {
  const clock = fastClock(startedAt, ahead);
  const live = await crashEngine(directory, clock);
  await sendAgain(live, known, again);
  await drain(live, clock);
  await live.engine.close();
  live.bank.close();
  const standing = stoppedClock(clock.now());
  const market = await crashEngine(directory, standing);
  await drain(market, standing);
  const books = await expectRight(market);
  const deadlines = market.engine.deadlines(10);
  await market.engine.close();
  market.bank.close();
  return { books, deadlines };
};

/** Checks a copy of the files as a kill has left them: at once as SQL sees them, then as an engine does. */
const copyOf = (life: Life, kill: number) => {
  const directory = `${life.directory}-${kill}`;
  const copy: Life = { ...life, directory, memory: life.memory.copy() };
  cpSync(life.directory, copy.directory, { recursive: true });
  const events = expectAllThere(join(copy.directory, 'chancery.db'), copy.memory);
  const look = async (): Promise<void> => {
    await looked(copy, copy.memory.recent(RECENT));
    rmSync(copy.directory, { recursive: true });
  };
  return { events, look };
};

/** One store, killed again and again; while the next process runs, what the last one has left is looked at. */
const lifeOf = async (number: number, kills: number) => {
  const life: Life = {
    directory: place(`life-${number}`),
    startedAt: Date.now(),
    memory: memory(),
    seed: seed + number,
  };
  mkdirSync(life.directory);
  const struck: string[] = [];
  let look = (): Promise<void> => Promise.resolve();
  for (let kill = 0; kill < kills; kill += 1) {
    const [lines] = await Promise.all([killed(life, kill), look()]);
    const left = copyOf(life, kill);
    struck.push(`${lines}/${left.events}`);
    look = left.look;
  }
  await look();
  await looked(life, [...life.memory.asked.values()]);
  const { books, deadlines } = await looked(life, [], TWO_HOURS_MS);
  expect(deadlines).toEqual([]);
  const open = [...books.deals.values()].filter(({ closedBy }) => closedBy === undefined);
  expect(open).toEqual([]);
  rmSync(life.directory, { recursive: true });
  return { struck, types: books.types };
};

describe('a live engine under load that is killed and started again', () => {
  test(
    'engine N2 N8 N13 N17 N19: loses nothing, does nothing twice, and its tables are right, wherever kill -9 strikes',
    async () => {
      process.stdout.write(`crash/kill.test: SEED=${seed} CHANCERY_CRASHES=${KILLS}\n`);
      const happened = new Set<string>();
      for (let number = 0, left = KILLS; left > 0; number += 1, left -= KILLS_PER_LIFE) {
        const { struck, types } = await lifeOf(number, Math.min(left, KILLS_PER_LIFE));
        for (const type of types) happened.add(type);
        expect(struck).toHaveLength(Math.min(left, KILLS_PER_LIFE));
        process.stdout.write(`crash/kill.test: killed after lines/events ${struck.join(', ')}\n`);
      }
      expect([...happened]).toEqual(expect.arrayContaining(HAPPENED));
    },
    60_000 + KILLS * 10_000,
  );
});
