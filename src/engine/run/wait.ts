import { defer, first, map, repeat, timer, type Observable } from 'rxjs';
import type { Clock, Instant } from '../clock.ts';

/** The longest time for which one timer can wait on every platform, in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Emits once the clock has reached an instant, never before, however far away it is; looks at it at least every `longestMs`. */
export const reached = (
  instant: Instant,
  { now, scheduler }: Pick<Clock, 'now' | 'scheduler'>,
  longestMs = LONGEST_TIMER_MS,
): Observable<void> =>
  defer(() => timer(Math.min(Math.max(instant - now(), 0), longestMs), scheduler)).pipe(
    repeat(),
    first(() => now() >= instant),
    map(() => undefined),
  );
