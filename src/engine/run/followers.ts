import { ReplaySubject, takeUntil, timer } from 'rxjs';
import { alarm } from './alarm.ts';
import type { Wiring } from './wiring.ts';

/** How long a follower pauses after the store has failed it, in milliseconds. */
const FOLLOW_AGAIN_MS = 1_000;

type Follower = { readonly follow: (failed: (cause: unknown) => void) => void };

/** Everything that runs by itself on a wall clock. */
export type Followers = {
  /** Starts nothing more by itself; resolves when the deadlines that were being sent are answered. */
  readonly stop: () => Promise<void>;
};

/** Starts projections, then what acts on them: the outbox, deadlines, reactions. */
export const followers = (wiring: Wiring): Followers => {
  const { clock, projections, outbox, reactions, deadlines, companions, deadlinesChanged } = wiring;
  const all = [...projections, ...outbox, deadlines, ...reactions, ...companions];
  // Whoever fails after the stop is not followed again either.
  const stopped = new ReplaySubject<void>(1);
  const follow = (follower: Follower): void => {
    let isPausing = false;
    // A follower of several parts fails as often as they do; one pause is enough for all of them.
    const failed = (): void => {
      if (isPausing) return;
      isPausing = true;
      timer(FOLLOW_AGAIN_MS, clock.scheduler).pipe(takeUntil(stopped)).subscribe(begin);
    };
    const begin = (): void => {
      isPausing = false;
      follower.follow(failed);
    };
    begin();
  };
  for (const follower of all) follow(follower);
  const rings = alarm(clock, deadlines.nearest, deadlines.fire);
  deadlinesChanged.pipe(takeUntil(stopped)).subscribe(rings.reset);
  return {
    stop: async () => {
      stopped.next();
      stopped.complete();
      await rings.stop();
    },
  };
};
