import type { DeadLetter } from '../../src/engine/run/dead-letters.ts';
import { batchesOf, checkAnswers, checkDecisions, checkFollowing } from './checks.ts';
import { driven, live, settleDown } from './drive.ts';
import { wrongRows } from './projections.ts';
import { remindersWorkload } from './reminders-workload.ts';
import { ticketsWorkload } from './tickets-workload.ts';
import { marketWorkload } from './market-workload.ts';
import { worldOf, type World } from './world.ts';

const workloads = [ticketsWorkload, remindersWorkload, marketWorkload];

/** What a seed has brought: its trace, and what was wrong. */
export type Simulation = {
  readonly seed: number;
  readonly digest: string;
  readonly trace: readonly string[];
  readonly steps: number;
  readonly events: number;
  readonly types: readonly string[];
  readonly failure?: unknown;
};

/** Rows as stored are what the log makes them, before and after a rebuild (N13, N14). */
const checkRows = async (world: World): Promise<void> => {
  const { workload, places, log } = world;
  for (const projection of new Set(workload.subsystems.flatMap((row) => row.projections))) {
    for (const place of places) {
      const check = (when: string) => {
        const wrong = wrongRows(projection, place.rows, log.events);
        if (wrong !== undefined) throw new Error(`N13: ${when}, ${wrong}`);
      };
      const { engine } = place.running()!;
      check('at rest');
      const status = await driven(world, 'rebuild', engine.rebuild(projection.name));
      if (status.broken !== undefined) throw new Error(`N15: broken, ${status.broken.cause}`);
      check('after a rebuild');
    }
  }
};

const lettersOf = async ({ running }: World): Promise<readonly DeadLetter[]> => {
  const pages = await Promise.all(running().map(({ engine }) => engine.deadLetters.list(1_000)));
  return pages.flat().map(({ row }) => row);
};

/** Work that was given up while everything failed can be done now (N19). */
const retryLetters = async (world: World): Promise<void> => {
  const { workload, running } = world;
  for (const { engine } of running()) {
    for (const { key, row } of await engine.deadLetters.list(1_000)) {
      const isDone = await driven(world, 'retry', engine.deadLetters.retry(key));
      const isHopeless = workload.hopeless.includes(row.reaction);
      if (isDone === isHopeless) throw new Error(`N19: ${row.reaction}, retried: ${isDone}`);
    }
  }
  await settleDown(world);
};

/** All that has to be true of a world at rest. */
const judge = async (world: World): Promise<void> => {
  const { log, callers, decisions, workload, running } = world;
  if (callers.open() > 0) throw new Error(`liveness: ${callers.open()} commands have no answer`);
  const engines = running().map(({ engine }) => engine);
  const batches = batchesOf(log);
  checkAnswers(callers.calls, batches);
  checkDecisions(batches, log, decisions);
  const letters = await lettersOf(world);
  checkFollowing(workload, log, batches, decisions, letters);
  await workload.check({ log, engines, decisions, letters });
  await checkStatus(world);
  await checkRows(world);
};

/** Nothing is unfinished, stuck, broken or behind (N15, N17, N19). */
const checkStatus = async (world: World): Promise<void> => {
  for (const { engine } of world.running()) {
    const { projections, reactions, deadlines } = await driven(world, 'status', engine.status());
    const wrong = [
      ...projections.filter(({ broken, failure }) => (broken ?? failure) !== undefined),
      ...reactions.filter(({ unfinished, failure }) => unfinished > 0 || failure !== undefined),
      ...deadlines.stuck,
    ];
    if (wrong.length > 0) throw new Error(`at rest, but ${JSON.stringify(wrong[0])}`);
  }
};

const closeAll = async (world: World): Promise<void> => {
  for (const place of world.places) await driven(world, 'close', world.close(place));
  if (!world.scheduler.isIdle()) throw new Error('something goes on after all have closed');
};

const lived = async (world: World): Promise<void> => {
  const unhandled = (cause: unknown) => world.bug(cause);
  process.on('unhandledRejection', unhandled);
  try {
    await live(world);
    await settleDown(world);
    await retryLetters(world);
    await judge(world);
    await closeAll(world);
    if (world.bugs.length > 0) throw world.bugs[0];
  } finally {
    process.off('unhandledRejection', unhandled);
  }
};

/** Lives through one seed. The same seed is the same world, step by step. */
export const simulate = async (seed: number): Promise<Simulation> => {
  const world = await worldOf(seed, workloads);
  const { scheduler, log } = world;
  const failure = await lived(world).then(
    () => ({}),
    (cause: unknown) => ({ failure: cause }),
  );
  return {
    seed,
    digest: scheduler.digest(),
    trace: scheduler.trace,
    steps: scheduler.steps(),
    events: log.events.length,
    types: [...new Set(log.events.map(({ type }) => type))],
    ...failure,
  };
};
