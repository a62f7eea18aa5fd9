import type { SchedulerLike } from 'rxjs';
import * as t from 'io-ts';

/** Milliseconds since the Unix epoch, a non-negative safe integer. */
export const Instant = t.refinement(
  t.number,
  (n) => Number.isSafeInteger(n) && n >= 0,
  'an instant (whole milliseconds since 1970)',
);
export type Instant = number;

/**
 * Where time comes from. `now` is wall or virtual time, `monotonic` never goes back (for leases inside one process),
 * `scheduler` is what every timer of the engine runs on. A virtual clock stands still until it is told to move.
 */
export type Clock = {
  readonly kind: 'wall' | 'virtual';
  readonly now: () => Instant;
  readonly monotonic: () => number;
  readonly scheduler: SchedulerLike;
  /** Lets everything that is ready to run go first. */
  readonly breathe: () => Promise<void>;
};

/** A clock that a test or a command file moves. Timers run when it is moved to or past their instant. */
export type VirtualClock = Clock & {
  readonly kind: 'virtual';
  /** The instant of the earliest timer that waits, or undefined. */
  readonly nextTimer: () => Instant | undefined;
  /** Moves to `instant`, running every timer up to it in order; never moves back. */
  readonly moveTo: (instant: Instant) => void;
};
