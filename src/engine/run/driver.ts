import type { Instant, VirtualClock } from '../clock.ts';
import { orFailed } from './consumer.ts';
import type { Position } from '../store.ts';
import type { Wiring } from './wiring.ts';

export const headOf = async ({
  store,
}: {
  readonly store: Pick<Wiring['store'], 'events'>;
}): Promise<Position | undefined> => orFailed(await store.events.head()());

/** Lets projections, the outbox, deadlines' table and reactions go to the head of the log, again and again until nothing more is appended. */
export const settled = async (wiring: Wiring): Promise<void> => {
  const { projections, outbox, deadlines, reactions, companions, activity, clock } = wiring;
  for (;;) {
    const head = await headOf(wiring);
    if (head === undefined) return;
    for (const projection of projections) {
      await projection.finish();
      await projection.advance(head);
    }
    for (const effect of outbox) await effect.advance(head);
    // One thing after the other where every run has to be the same.
    if (clock.kind === 'virtual') await activity.idle();
    await deadlines.advance(head);
    for (const reaction of reactions) await reaction.advance(head);
    for (const companion of companions) await companion.advance(head);
    await activity.idle();
    if ((await headOf(wiring)) === head) return;
  }
};

const earliest = (a: Instant | undefined, b: Instant | undefined): Instant | undefined => {
  if (a === undefined || b === undefined) return a ?? b;
  return Math.min(a, b);
};

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
