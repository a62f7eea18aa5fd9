import { asyncScheduler, type SchedulerAction, type SchedulerLike } from 'rxjs';
import type { Clock } from '../../src/engine/clock.ts';

/** A minute of the market, the shortest term there is, takes 300 ms. */
const SPEED = 200;

/** A wall clock that runs faster than the machine's, alike in every process that knows when it was started; `ahead`: by milliseconds. */
export const fastClock = (startedAt: number, ahead = 0): Clock =>
  clockOf(() => startedAt + ahead + Math.floor((Date.now() - startedAt) * SPEED));

/** A wall clock that has stopped: nothing more falls due. Pauses end all the same. */
export const stoppedClock = (at: number): Clock => clockOf(() => at);

const clockOf = (now: () => number): Clock => {
  const scheduler: SchedulerLike = {
    now,
    schedule: <T>(work: (this: SchedulerAction<T>, state?: T) => void, delay?: number, state?: T) =>
      asyncScheduler.schedule<T>(work, (delay ?? 0) / SPEED, state),
  };
  return {
    kind: 'wall',
    now,
    monotonic: () => performance.now(),
    scheduler,
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
  };
};
