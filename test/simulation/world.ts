import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { EngineFailed, type Engine } from '../../src/engine/run/engine.ts';
import { chanceOf } from '../oracle/chance.ts';
import { callersOf, type Call, type Callers } from './callers.ts';
import { decisionsOf, type Decisions } from './decisions.ts';
import { START, placeOf, type Place, type Running } from './engines.ts';
import { faultsOf, type Faults } from './faults.ts';
import { logOf, type Log } from './log.ts';
import { wrongRows } from './projections.ts';
import { schedulerOf, type Scheduler } from './scheduler.ts';
import type { Workload } from './workload.ts';

/** Everything that there is in one simulation. */
export type World = {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly workload: Workload;
  readonly log: Log;
  readonly decisions: Decisions;
  readonly callers: Callers;
  readonly places: readonly Place[];
  readonly running: () => readonly Running[];
  /** The latest that any clock has said. */
  readonly now: () => number;
  /** Time passes for all alike. */
  readonly pass: (ms: number) => void;
  /** A clock says something else from now on; no time passes. */
  readonly jump: (running: Running, ms: number) => void;
  /** Closes an engine; whoever waits for an answer of it has got one then. */
  readonly close: (place: Place) => Promise<void>;
  /** What must not have happened. */
  readonly bugs: readonly unknown[];
  readonly bug: (cause: unknown) => void;
};

export const worldOf = async (
  seed: number,
  workloads: readonly (() => Workload)[],
): Promise<World> => {
  const chance = chanceOf(seed);
  const scheduler = schedulerOf(chance);
  const faults = faultsOf(chance);
  const workload = chance.pick(workloads)();
  const log = logOf(workload.subsystems);
  const decisions = decisionsOf(() => now());
  const bugs: unknown[] = [];
  const bug = (cause: unknown) => void bugs.push(cause);
  const parts = { scheduler, faults, decisions, workload, log, bug };
  const stored = { stored: memoryStore(), finds: chance.percent(50) };
  const places: Place[] = [];
  let latest = START;
  const now = (): number => {
    const clocks = places.flatMap(({ process }) => process()?.clock.now() ?? []);
    latest = Math.max(latest, ...clocks);
    return latest;
  };
  for (const name of chance.percent(35) ? ['p', 'q'] : ['p']) {
    places.push(await placeOf(name, { ...parts, ...stored }));
  }
  const running = () => places.flatMap((place) => place.running() ?? []);
  const callers = callersOf(
    scheduler,
    () => log.events.length,
    (call, engine) => {
      if (!chance.percent(25)) return;
      const place = places.find(({ process }) => process() === call.process)!;
      readsOwnWrites(call, engine, place, log, workload).catch(bug);
    },
  );
  scheduler.note(`${workload.name}, ${places.length} engines`);
  return {
    ...parts,
    callers,
    places,
    running,
    now,
    bugs,
    close: async (place) => {
      const process = place.process();
      await place.close();
      const left = callers.calls.find(
        (call) =>
          call.process === process && call.outcome === undefined && call.failure === undefined,
      );
      if (left !== undefined) bug(new Error(`closing leaves ${left.line.id} without an answer`));
    },
    pass: (ms) => {
      scheduler.note(`${ms} ms pass`);
      for (const place of places) {
        const process = place.process();
        if (process?.isDead() === false) process.clock.moveTo(process.clock.now() + ms);
      }
      now();
    },
    jump: ({ process }, ms) => {
      scheduler.note(`the clock of ${process.name} jumps by ${ms} ms`);
      process.clock.set(Math.max(process.clock.now() + ms, 0));
      now();
    },
  };
};

/** Once an engine has waited for what it has answered, every projection shows it, and just what the log says (N13). */
const readsOwnWrites = async (
  { outcome }: Call,
  engine: Engine,
  place: Place,
  log: Log,
  { subsystems }: Workload,
): Promise<void> => {
  if (outcome?.outcome !== 'accepted') return;
  try {
    await engine.waitFor(outcome.position);
  } catch (cause) {
    if (cause instanceof EngineFailed) return;
    throw cause;
  }
  for (const projection of new Set(subsystems.flatMap((row) => row.projections))) {
    const seen = log.events
      .slice(0, Number(outcome.position))
      .filter(({ type }) => Object.hasOwn(projection.on, type)).length;
    const stored = place.rows.checkpoint(`projection:${projection.name}`);
    const events = stored._tag === 'Right' ? (stored.right?.events ?? 0) : 0;
    if (events < seen) {
      throw new Error(`N13: ${projection.name} has ${events} of ${seen} events after waitFor`);
    }
    const wrong = wrongRows(projection, place.rows, log.events);
    if (wrong !== undefined) throw new Error(`N13: ${wrong}`);
  }
};
