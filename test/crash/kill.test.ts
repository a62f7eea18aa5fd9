import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
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

const KILLS = Number(process.env['CHANCERY_CRASHES'] ?? 12);
/** After so many kills the next store begins, so that looking at the whole log after each of them stays affordable. */
const KILLS_PER_LIFE = 12;
const MOST_LINES = 600;
/** What reactions, deadlines and the bank bring about: a life without one of them has shown nothing. */
const HAPPENED = ['FundsLocked', 'HoldTaken', 'WithdrawalPaid', 'EscrowCancelled', 'EscrowExpired'];
const TWO_HOURS_MS = 7_200_000;
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const next = chance(seed);
const place = temporary();

type Printed = {
  readonly asked?: Line;
  readonly id?: string;
  readonly outcome?: Outcome;
  readonly failure?: unknown;
};

/** Lets the process run on for a while that is counted, not timed. */
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((done) => setImmediate(done));
};

type Life = { readonly directory: string; readonly startedAt: number; readonly memory: Memory };

/** Runs the engine under load and kills it after some line that it prints; resolves to how many there were. */
const killed = async ({ directory, startedAt, memory: known }: Life, run: number) => {
  const script = join(__dirname, '..', 'support', 'crash-process.ts');
  const args = [script, directory, `${startedAt}`, `${run}`, `${seed}`];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  // What nobody has answered, and as much of what somebody has.
  const again = [...known.unanswered(), ...[...known.asked.values()].slice(-50)];
  child.stdin.on('error', () => undefined); // it may be dead before it has read
  child.stdin.write(`${JSON.stringify(again)}\n`);
  // Some kills strike while it opens or has just opened; never the first.
  const isEarly = next() < 0.15 && run > 0;
  const last = isEarly ? Math.ceil(next() * 2) : 200 + Math.floor(next() * MOST_LINES);
  const after = Math.floor(next() * 200);
  const failures: unknown[] = [];
  let lines = 0;
  for await (const text of createInterface(child.stdout)) {
    if (!text.endsWith('}')) break; // cut by the kill
    lines += 1;
    const { asked, id = '', outcome, failure } = JSON.parse(text) as Printed;
    if (asked !== undefined) known.ask(asked);
    if (outcome !== undefined) known.answer(id, outcome);
    if (failure !== undefined) failures.push(failure);
    if (lines === last) void turns(after).then(() => child.kill('SIGKILL'));
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  expect(failures).toEqual([]);
  return lines;
};

/** Opens what lies there, sends all again, lets it come to rest, and looks at it once more behind a clock that stands. */
const looked = async (directory: string, { startedAt, memory: known }: Life, ahead = 0) => {
  const clock = fastClock(startedAt, ahead);
  const live = await crashEngine(directory, clock);
  await sendAgain(live, known);
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

const lifeOf = async (number: number, kills: number): Promise<readonly string[]> => {
  const directory = place(`life-${number}`);
  mkdirSync(directory);
  const life: Life = { directory, startedAt: Date.now(), memory: memory() };
  const struck: string[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    const lines = await killed(life, kill);
    const copy = place('copy');
    cpSync(directory, copy, { recursive: true });
    const events = expectAllThere(join(copy, 'chancery.db'), life.memory);
    struck.push(`${lines}/${events}`);
    await looked(copy, { ...life, memory: life.memory.copy() });
    rmSync(copy, { recursive: true });
  }
  await looked(directory, life);
  const { books, deadlines } = await looked(directory, life, TWO_HOURS_MS);
  expect(deadlines).toEqual([]);
  const open = [...books.deals.values()].filter(({ closedBy }) => closedBy === undefined);
  expect(open).toEqual([]);
  expect([...books.types]).toEqual(expect.arrayContaining(HAPPENED));
  return struck;
};

describe('a live engine under load that is killed and started again', () => {
  test(
    'engine N2 N8 N13 N17 N19: loses nothing, does nothing twice, and its tables are right, wherever kill -9 strikes',
    async () => {
      process.stdout.write(`crash/kill.test: SEED=${seed} CHANCERY_CRASHES=${KILLS}\n`);
      for (let number = 0, left = KILLS; left > 0; number += 1, left -= KILLS_PER_LIFE) {
        const struck = await lifeOf(number, Math.min(left, KILLS_PER_LIFE));
        expect(struck).toHaveLength(Math.min(left, KILLS_PER_LIFE));
        process.stdout.write(`crash/kill.test: killed after lines/events ${struck.join(', ')}\n`);
      }
    },
    60_000 * Math.ceil(KILLS / KILLS_PER_LIFE),
  );
});
