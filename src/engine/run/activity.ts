import type { SchedulerLike, SchedulerAction, Subscription } from 'rxjs';
import type { Clock } from '../clock.ts';

/** A piece of work that is under way until it ends, but for the time in which it only waits for the clock. */
export type Working = {
  /** The clock's scheduler, which tells when the work does nothing but wait. */
  readonly scheduler: SchedulerLike;
  readonly end: () => void;
};

/** Knows whether anything is under way, so that a settled engine can be told from one that still works. */
export type Activity = {
  readonly begin: () => Working;
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
  return {
    begin: () => {
      changeBy(1);
      return {
        scheduler: counting(
          scheduler,
          () => changeBy(-1),
          () => changeBy(1),
        ),
        end: () => changeBy(-1),
      };
    },
    idle: async () => {
      do {
        while (underWay > 0) await new Promise<void>((resolve) => waiting.push(resolve));
        await breathe();
      } while (underWay > 0);
    },
  };
};

/** A scheduler that tells when the first timer begins to wait and when the last has stopped waiting. */
const counting = (
  scheduler: SchedulerLike,
  asleep: () => void,
  awake: () => void,
): SchedulerLike => {
  let timers = 0;
  const began = (): (() => void) => {
    let isOver = false;
    timers += 1;
    if (timers === 1) asleep();
    return () => {
      if (isOver) return;
      isOver = true;
      timers -= 1;
      if (timers === 0) awake();
    };
  };
  return {
    now: () => scheduler.now(),
    schedule<T>(
      work: (this: SchedulerAction<T>, state?: T) => void,
      delay?: number,
      state?: T,
    ): Subscription {
      const over = began();
      const timed = function timed(this: SchedulerAction<T>, given?: T): void {
        over();
        work.call(this, given);
      };
      const subscription = scheduler.schedule<T>(timed, delay ?? 0, state as T);
      subscription.add(over);
      return subscription;
    },
  };
};
