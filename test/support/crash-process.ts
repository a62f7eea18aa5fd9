/**
 * A process of its own that is meant to be killed: `node crash-process.ts DIRECTORY CLOCK-START RUN SEED LINES
 * AFTER-MS`. It opens a live engine, sends again what the first line of its input lists, and has workers make deals until it dies: a
 * thread kills it so long after so many lines. Each command is printed before it is sent, and each answer before its worker sends the
 * next.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Worker } from 'node:worker_threads';
import { E } from '../../src/engine/fp.ts';
import { chance } from './command-lines.ts';
import { deal, type Draw, type Line } from './crash-deals.ts';
import { crashEngine } from './crash-engine.ts';
import { fastClock } from './fast-clock.ts';

const WORKERS = 24;

const [directory = '', startedAt = '', run = '', seed = '', last = '', afterMs = ''] =
  process.argv.slice(2);

/** Kills the process from beside, whatever it is doing: within a transaction, a sync, a fold. */
const KILLER = `
  const { bell, afterMs } = require('node:worker_threads').workerData;
  Atomics.wait(bell, 0, 0);
  Atomics.wait(bell, 1, 0, afterMs);
  process.kill(process.pid, 'SIGKILL');`;
const bell = new Int32Array(new SharedArrayBuffer(8));
const killer = new Worker(KILLER, { eval: true, workerData: { bell, afterMs: Number(afterMs) } });
killer.on('error', (error) => {
  throw error;
});
let said = 0;

/** To a pipe this is synchronous: what was printed outlives a kill. */
const say = (what: unknown): void => {
  process.stdout.write(`${JSON.stringify(what)}\n`);
  said += 1;
  if (said !== Number(last)) return;
  Atomics.store(bell, 0, 1);
  Atomics.notify(bell, 0);
};

const [again] = (await once(createInterface(process.stdin), 'line')) as [string];
say({ opening: true });
const { engine } = await crashEngine(directory, fastClock(Number(startedAt)));
say({ opened: true });

const sent = async (line: Line): Promise<void> => {
  const { id, stream, command, actor } = line;
  const answer = await engine.sendTE(stream, command, { actor, commandId: id })();
  say(E.isRight(answer) ? { id, outcome: answer.right } : { id, failure: answer.left });
};

const worker = async (number: number): Promise<void> => {
  const next = chance(Number(seed) * 1_000 + number);
  const draw: Draw = (...choices) => choices[Math.floor(next() * choices.length)]!;
  const locking: (readonly Line[])[] = [[], []];
  for (let count = 0; ; count += 1) {
    const { begun, ended } = deal(`${run}x${number}x${count}`, draw);
    locking.push(ended);
    for (const line of [...begun, ...locking.shift()!]) {
      say({ asked: line });
      await sent(line);
    }
  }
};

const lines = JSON.parse(again) as readonly Line[];
await Promise.all([
  ...lines.map(sent),
  ...Array.from({ length: WORKERS }, (_, number) => worker(number)),
]);
