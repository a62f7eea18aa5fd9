import { handClock, type HandClock } from '../support/hand-clock.ts';
import type { Scheduler } from './scheduler.ts';

/** What an engine runs in, until it is killed: then nothing of it happens any more. */
export type Process = {
  readonly name: string;
  readonly clock: HandClock;
  readonly isDead: () => boolean;
  readonly kill: (when: string) => void;
  /** Lets it live until it is killed from outside: no fault kills it any more. */
  readonly spare: () => void;
  readonly isSpared: () => boolean;
  /** Kills it and never answers. */
  readonly die: (when: string) => Promise<never>;
};

export const processOf = (name: string, startedAt: number, scheduler: Scheduler): Process => {
  let [isDead, isSpared] = [false, false];
  let breathing: (() => void)[] = [];
  const breathe = (): Promise<void> =>
    new Promise((resolve) => {
      breathing.push(resolve);
      if (breathing.length > 1 || isDead) return;
      const run = () => {
        const woken = breathing;
        breathing = [];
        for (const wake of woken) wake();
      };
      scheduler.add({ owner: process, name: `${name}: turn`, run });
    });
  const process: Process = {
    name,
    clock: { ...handClock(startedAt), breathe },
    isDead: () => isDead,
    spare: () => {
      isSpared = true;
    },
    isSpared: () => isSpared,
    kill: (when) => {
      isDead = true;
      scheduler.forget(process);
      scheduler.note(`${name} is killed ${when}`);
    },
    die: (when) => {
      process.kill(when);
      return new Promise(() => undefined);
    },
  };
  return process;
};
