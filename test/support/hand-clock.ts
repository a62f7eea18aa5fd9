import { VirtualAction, VirtualTimeScheduler } from 'rxjs';
import type { Clock, Instant } from '../../src/engine/clock.ts';

/** A wall clock for the engine, which therefore runs by itself, but moved by hand. */
export type HandClock = Clock & {
  readonly moveTo: (instant: Instant) => void;
  /** Sets what the clock says without letting time pass: its timers stay where they are. */
  readonly set: (instant: Instant) => void;
  readonly timers: () => number;
  /** In how many milliseconds the earliest timer runs, if time passes; undefined: none waits. */
  readonly nextTimerIn: () => number | undefined;
};

export const handClock = (start: Instant = 0): HandClock => {
  const scheduler = new VirtualTimeScheduler(VirtualAction, start);
  scheduler.frame = start;
  let shift = 0;
  return {
    kind: 'wall',
    now: () => scheduler.frame + shift,
    monotonic: () => scheduler.frame,
    scheduler,
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    moveTo: (instant) => {
      scheduler.maxFrames = instant - shift;
      scheduler.flush();
      scheduler.frame = instant - shift;
    },
    set: (instant) => {
      shift = instant - scheduler.frame;
    },
    timers: () => scheduler.actions.length,
    nextTimerIn: () => {
      const next = scheduler.actions[0];
      return next && Math.max(next.delay - scheduler.frame, 0);
    },
  };
};
