import { VirtualAction, VirtualTimeScheduler } from 'rxjs';
import type { Instant, VirtualClock } from '../engine/clock.ts';

/** A clock that stands still until it is moved; its timers run, in order, as it passes their instants. */
export const virtualClock = (start: Instant = 0): VirtualClock => {
  const scheduler = new VirtualTimeScheduler(VirtualAction, start);
  scheduler.frame = start;
  return {
    kind: 'virtual',
    now: () => scheduler.frame,
    monotonic: () => scheduler.frame,
    scheduler,
    // Waits for what really happens, I/O included, with the clock standing.
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
    nextTimer: () => scheduler.actions[0]?.delay,
    moveTo: (instant) => {
      if (instant < scheduler.frame) return;
      scheduler.maxFrames = instant;
      scheduler.flush();
      scheduler.frame = instant;
    },
  };
};
