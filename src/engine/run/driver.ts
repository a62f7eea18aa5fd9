import { timer } from 'rxjs';
import { alarm, type Alarm } from './alarm.ts';
import type { Instant, VirtualClock } from '../clock.ts';
import { orFailed } from './consumer.ts';
import type { Position } from '../store.ts';
import type { Wiring } from './wiring.ts';

/** How long a follower pauses after the store has failed it, in milliseconds. */
const FOLLOW_AGAIN_MS = 1_000;

export const headOf = async ({ store }: Pick<Wiring, 'store'>): Promise<Position | undefined> =>
  orFailed(await store.events.head()());

/** Lets projections, deadlines' table and reactions go to the head of the log, again and again until nothing more is appended. */
export const settled = async (wiring: Wiring): Promise<void> => {
  const { projections, deadlines, reactions, activity } = wiring;
  for (;;) {
    const head = await headOf(wiring);
    if (head === undefined) return;
    for (const projection of projections) await projection.advance(head);
    await deadlines.advance(head);
    for (const reaction of reactions) await reaction.advance(head);
    await activity.idle();
    if ((await headOf(wiring)) === head) return;
  }
};

const earliest = (...instants: readonly (Instant | undefined)[]): Instant | undefined =>
  instants.reduce((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a), undefined);

/**
 * Moves a virtual clock to `until`, stopping at every timer and deadline on the way: its commands are sent one at a time and all
 * settles before the clock moves on.
 */
export const runUntil = async (
  wiring: Wiring,
  clock: VirtualClock,
  until: Instant,
): Promise<void> => {
  for (;;) {
    await settled(wiring);
    const next = earliest(wiring.deadlines.nearest(), clock.nextTimer());
    if (next === undefined || next > until) break;
    clock.moveTo(next);
    await wiring.activity.idle();
    await wiring.deadlines.fire();
  }
  clock.moveTo(until);
};

/** Everything that runs by itself on a wall clock; ends with `stop`. */
export type Followers = {
  readonly stop: () => Promise<void>;
  readonly follow: (follower: Follower) => void;
};
type Follower = { readonly follow: (failed: (cause: unknown) => void) => void };

export const followers = (wiring: Wiring): Followers => {
  const { clock, projections, reactions, deadlines } = wiring;
  let isStopped = false;
  const follow = (follower: Follower): void => {
    follower.follow(() => {
      if (isStopped) return;
      timer(FOLLOW_AGAIN_MS, clock.scheduler).subscribe(() => {
        if (!isStopped) follow(follower);
      });
    });
  };
  for (const projection of projections) follow(projection);
  follow(deadlines);
  const rings: Alarm = alarm(clock, deadlines.nearest, () => fireAll(wiring));
  const changed = wiring.deadlinesChanged.subscribe(rings.reset);
  for (const reaction of reactions) follow(reaction);
  return {
    follow,
    stop: async () => {
      isStopped = true;
      changed.unsubscribe();
      rings.stop();
      await Promise.all([...projections, deadlines, ...reactions].map((runner) => runner.stop()));
    },
  };
};

/** Sends all that is due; a failing store ends the round, and the next alarm tries again. */
const fireAll = async ({ deadlines, clock }: Wiring): Promise<void> => {
  const round = async (): Promise<void> => {
    while ((await deadlines.fire()) > 0) await clock.breathe();
  };
  await round().catch(
    () => new Promise((resolve) => timer(FOLLOW_AGAIN_MS, clock.scheduler).subscribe(resolve)),
  );
};
