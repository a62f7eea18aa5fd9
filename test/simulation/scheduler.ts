import { createHash } from 'node:crypto';
import type { Chance } from '../oracle/chance.ts';

/** Something that can happen next. It happens when it is chosen, if it is ready then. */
type Task = {
  /** Whose it is: it goes with its owner. */
  readonly owner: object;
  readonly name: string;
  readonly isReady?: () => boolean;
  readonly run: () => void;
};

/** Lets one thing happen at a time, in an order that follows from a seed, and keeps a trace of what happened. */
export type Scheduler = {
  readonly chance: Chance;
  readonly add: (task: Task) => { readonly remove: () => void };
  /** Forgets all that an owner has under way. */
  readonly forget: (owner: object) => void;
  /** Lets the next thing happen and all that follows from it at once; false: nothing is ready. */
  readonly step: () => Promise<boolean>;
  readonly steps: () => number;
  readonly isIdle: () => boolean;
  /** Lets what has been caused without a step come to its end. */
  readonly rest: () => Promise<void>;
  readonly note: (line: string) => void;
  readonly trace: readonly string[];
  /** SHA-256, as hex, of the trace. */
  readonly digest: () => string;
};

/** Every promise that can be settled is settled when the event loop comes round. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const isReady = (task: Task): boolean => task.isReady?.() ?? true;

export const schedulerOf = (chance: Chance): Scheduler => {
  const tasks = new Set<Task>();
  const trace: string[] = [];
  let steps = 0;
  // Some worlds hurry what is new and starve what is old, others the other way round.
  const [newest, oldest] = chance.pick<readonly [number, number]>([
    [0, 0],
    [40, 0],
    [0, 40],
    [25, 25],
  ]);
  const chosen = (ready: readonly Task[]): Task => {
    if (chance.percent(newest)) return ready.at(-1)!;
    if (chance.percent(oldest)) return ready[0]!;
    return chance.pick(ready);
  };
  return {
    chance,
    trace,
    steps: () => steps,
    rest: turn,
    isIdle: () => ![...tasks].some(isReady),
    note: (line) => void trace.push(`${steps} ${line}`),
    digest: () => createHash('sha256').update(trace.join('\n')).digest('hex'),
    add: (task) => {
      tasks.add(task);
      return { remove: () => void tasks.delete(task) };
    },
    forget: (owner) => {
      for (const task of tasks) if (task.owner === owner) tasks.delete(task);
    },
    step: async () => {
      const ready = [...tasks].filter(isReady);
      if (ready.length === 0) return false;
      const task = chosen(ready);
      tasks.delete(task);
      steps += 1;
      trace.push(`${steps} ${task.name}`);
      task.run();
      await turn();
      return true;
    },
  };
};
