import type { SchedulerLike } from 'rxjs';
import type { Clock } from '../clock.ts';
import { countingScheduler } from './counting-scheduler.ts';

/** A piece of work that is under way until it ends, but for the time in which it only waits for the clock. */
type Working = {
  /** The clock's scheduler, which tells when the work does nothing but wait. */
  readonly scheduler: SchedulerLike;
  readonly end: () => void;
};

/** Knows whether anything is under way, so that a settled engine can be told from one that still works. */
export type Activity = {
  readonly begin: () => Working;
  /** Counts as under way until the promise is settled, whatever timers wait beside it. */
  readonly during: <T>(work: () => Promise<T>) => Promise<T>;
  /** Resolves when nothing is under way but waiting for the clock. */
  readonly idle: () => Promise<void>;
};

export const activity = ({ scheduler, breathe }: Clock): Activity => {
  let underWay = 0;
  let waiting: (() => void)[] = [];
  const changeBy = (change: 1 | -1): void => {
    underWay += change;
    if (underWay > 0) return;
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };
  const begin = (): Working => {
    changeBy(1);
    const counting = { asleep: () => changeBy(-1), awake: () => changeBy(1) };
    return { scheduler: countingScheduler(scheduler, counting), end: () => changeBy(-1) };
  };
  const isBusy = () => underWay > 0;
  return {
    begin,
    during: (work) => {
      changeBy(1);
      return work().finally(() => changeBy(-1));
    },
    idle: async () => {
      do {
        while (isBusy()) await new Promise<void>((resolve) => waiting.push(resolve));
        await breathe();
      } while (isBusy());
    },
  };
};
