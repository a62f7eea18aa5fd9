import {
  EMPTY,
  Subject,
  catchError,
  concatMap,
  defer,
  of,
  repeat,
  startWith,
  switchMap,
  take,
  takeUntil,
  timer,
} from 'rxjs';
import type { Clock, Instant } from '../clock.ts';
import { reached } from './wait.ts';

/** How long an alarm waits at most before it looks at the clock, in milliseconds: a clock may be set, a machine may sleep. */
const LONGEST_WAIT_MS = 60_000;

/** The pause after a failure of the store, in milliseconds. */
const TRY_AGAIN_MS = 1_000;

export type Alarm = {
  /** The nearest instant may be another one now. */
  readonly reset: () => void;
  /** Rings no more; resolves when what it has rung for has ended. */
  readonly stop: () => Promise<void>;
};

/** One timer for the nearest of many instants: when it rings, `fire` runs to its end, then the next nearest is awaited. */
export const alarm = (
  clock: Clock,
  nearest: () => Instant | undefined,
  fire: () => Promise<unknown>,
): Alarm => {
  const resets = new Subject<void>();
  const stopped = new Subject<void>();
  let firing: Promise<unknown> = Promise.resolve();
  const later = () => timer(TRY_AGAIN_MS, clock.scheduler);
  const ring = defer(() => {
    const instant = nearest();
    if (instant === undefined) return EMPTY;
    // At once, without a timer that the next reset would begin anew.
    return instant <= clock.now() ? of(undefined) : reached(instant, clock, LONGEST_WAIT_MS);
  });
  const round = defer(() => (firing = fire().then(clock.breathe)));
  resets
    .pipe(
      startWith(undefined),
      switchMap(() => ring.pipe(catchError(later))),
      take(1),
      concatMap(() => round.pipe(catchError(later))),
      repeat(),
      takeUntil(stopped),
    )
    .subscribe();
  return {
    reset: () => resets.next(),
    stop: async () => {
      stopped.next();
      await firing.catch(() => undefined);
    },
  };
};
