import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { nativeSha256 } from '../../src/adapters/native-sha256.ts';
import { sqliteScratch } from '../../src/adapters/sqlite/scratch.ts';
import { E } from '../../src/engine/fp.ts';
import type { RowStore, Store } from '../../src/engine/rows.ts';
import { EngineFailed, type Engine } from '../../src/engine/run/engine.ts';
import { startEngine } from '../../src/engine/run/start-engine.ts';
import { defaultSettings } from '../../src/settings.ts';
import type { Decisions } from './decisions.ts';
import type { Faults } from './faults.ts';
import type { Log } from './log.ts';
import { processOf, type Process } from './process.ts';
import type { Scheduler } from './scheduler.ts';
import { simulatedStore } from './store.ts';
import type { Workload } from './workload.ts';

export const START = 1_700_000_000_000;

/** An engine that runs now, in its process. */
export type Running = { readonly process: Process; readonly engine: Engine };

/** One place in which an engine runs, is killed, closes and is started again; its rows outlive all that. */
export type Place = {
  readonly process: () => Process | undefined;
  readonly running: () => Running | undefined;
  /** Neither running nor about to. */
  readonly isDown: () => boolean;
  readonly start: (at: number) => void;
  readonly close: () => Promise<void>;
  /** Its rows as they are stored, read past all faults. */
  readonly rows: RowStore;
};

export type PlaceParts = {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly decisions: Decisions;
  readonly workload: Workload;
  readonly log: Log;
  readonly stored: Store;
  readonly finds: boolean;
  /** Hears of what must not happen. */
  readonly bug: (cause: unknown) => void;
};

const opened = async (store: Store) => {
  const answer = await store.open({ readOnly: false })();
  if (E.isLeft(answer)) throw new Error(answer.left.type);
  return answer.right;
};

export const placeOf = async (name: string, parts: PlaceParts): Promise<Place> => {
  const { scheduler, log, bug, workload } = parts;
  const beside = memoryStore();
  const { rows } = await opened(beside);
  const subsystems = workload.subsystems.map(parts.decisions.noting);
  let starts = 0;
  let [process, engine, isBusy]: [Process | undefined, Engine | undefined, boolean] = [
    undefined,
    undefined,
    false,
  ];
  const isDead = () => process?.isDead() ?? true;

  const started = async (begun: Process): Promise<void> => {
    const store = simulatedStore(parts.stored, beside, {
      ...parts,
      process: begun,
      written: log.write,
      head: log.head,
    });
    let ids = 0;
    const options = {
      store,
      subsystems,
      effects: workload.effects({ ...parts, process: begun }),
      clock: begun.clock,
      instance: 'simulation',
      newId: () => `${begun.name}-${(ids += 1)}`,
      newSeed: () => new Uint8Array(32).fill(starts % 256),
      sha256: nativeSha256,
      scratch: sqliteScratch,
      settings: defaultSettings,
    };
    try {
      engine = await startEngine(options);
      scheduler.note(`${begun.name} is open`);
    } catch (cause) {
      if (!(cause instanceof EngineFailed)) return bug(cause);
      begun.kill(`because it does not open: ${cause.message}`);
    }
  };

  return {
    rows,
    process: () => process,
    running: () =>
      process === undefined || engine === undefined || isDead() || isBusy
        ? undefined
        : { process, engine },
    isDown: () => isDead() && !isBusy,
    start: (at) => {
      starts += 1;
      engine = undefined;
      process = processOf(`${name}.${starts}`, at, scheduler);
      scheduler.note(`${process.name} starts at ${at - START}`);
      void started(process);
    },
    close: async () => {
      if (process === undefined || engine === undefined) return;
      isBusy = true;
      process.spare();
      scheduler.note(`${process.name} closes`);
      await engine.close();
      const timers = process.clock.timers();
      if (timers > 0) bug(new Error(`${process.name} has closed and left ${timers} timers`));
      process.kill('after it has closed');
      isBusy = false;
    },
  };
};
