import {
  EMPTY,
  Subject,
  distinctUntilChanged,
  switchMap,
  takeUntil,
  tap,
  type Observable,
} from 'rxjs';
import type { Clock, Instant } from '../../clock.ts';
import { reached } from '../wait.ts';

/** How long is waited at most before the clock is looked at, in milliseconds: a wall clock may be set, a machine may sleep. */
const LONGEST_WAIT_MS = 60_000;

/** One timer for the nearest of many instants. */
export type Waking = { readonly at: (instant: Instant | undefined) => void };

/** Calls `wake` at the instant that was last named; undefined: not at all. */
export const waking = (clock: Clock, wake: () => void, until: Observable<unknown>): Waking => {
  const instants = new Subject<Instant | undefined>();
  let named: Instant | undefined;
  const longest = clock.kind === 'wall' ? LONGEST_WAIT_MS : undefined;
  instants
    .pipe(
      distinctUntilChanged((_, instant) => instant === named),
      tap((instant) => (named = instant)),
      switchMap((instant) => (instant === undefined ? EMPTY : reached(instant, clock, longest))),
      tap(() => (named = undefined)),
      takeUntil(until),
    )
    .subscribe(wake);
  return { at: (instant) => instants.next(instant) };
};
