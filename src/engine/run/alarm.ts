import {
  EMPTY,
  Subject,
  defer,
  exhaustMap,
  expand,
  startWith,
  switchMap,
  takeUntil,
  timer,
  type Observable,
} from 'rxjs';
import type { Clock, Instant } from '../clock.ts';

/** The longest time one timer can wait on every platform, in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Emits once, at an instant, however far away it is. */
const at = (instant: Instant, clock: Clock): Observable<0> => {
  const wait = () =>
    timer(Math.min(Math.max(instant - clock.now(), 0), LONGEST_TIMER_MS), clock.scheduler);
  return defer(wait).pipe(
    expand(() => (clock.now() < instant ? wait() : EMPTY), 1),
    // Only the last of a chain of timers is the alarm.
    switchMap(() => (clock.now() < instant ? EMPTY : [0 as const])),
  );
};

export type Alarm = {
  /** The nearest instant may be another one now. */
  readonly reset: () => void;
  readonly stop: () => void;
};

/** One timer for the nearest of many instants: when it rings, `fire` runs until nothing is due, then the next is awaited. */
export const alarm = (
  clock: Clock,
  nearest: () => Instant | undefined,
  fire: () => Promise<void>,
): Alarm => {
  const resets = new Subject<void>();
  const stopped = new Subject<void>();
  resets
    .pipe(
      startWith(undefined),
      switchMap(() => {
        const instant = nearest();
        return instant === undefined ? EMPTY : at(instant, clock);
      }),
      exhaustMap(fire),
      takeUntil(stopped),
    )
    .subscribe(() => resets.next());
  return { reset: () => resets.next(), stop: () => stopped.next() };
};
