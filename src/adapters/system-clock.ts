import { asyncScheduler } from 'rxjs';
import type { Clock } from '../engine/clock.ts';

/** The machine's own time. */
export const systemClock = (): Clock => ({
  kind: 'wall',
  now: () => Date.now(),
  monotonic: () => performance.now(),
  scheduler: asyncScheduler,
  breathe: () => new Promise((resolve) => setImmediate(resolve)),
});
