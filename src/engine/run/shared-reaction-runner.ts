import { groupOf, reasonOf } from './parked-letters.ts';
import type { Delivery, EventGroups } from '../group.ts';
import type { AnyReaction } from '../reaction.ts';
import { MOST_UNFINISHED, type ReactionParts, type ReactionRunner } from './reaction-runner.ts';
import { workshop, type Workshop } from './reaction-workshop.ts';
import { progressStored } from './reaction-progress.ts';
import type { Position } from '../store.ts';

type SharedParts = ReactionParts & { readonly groups: EventGroups };

/**
 * Takes a reaction's events from a group that other engines take from too. An event is answered when its work is done, or has failed for
 * good; until then it may come again, here or elsewhere, and sends the same commands under the same ids.
 */
export const sharedReactionRunner = (reaction: AnyReaction, parts: SharedParts): ReactionRunner => {
  const work = workshop(reaction, parts);
  const hand = inHand(work);
  const taking = member(reaction, parts, hand.take);
  return {
    reaction,
    position: taking.position,
    failure: () => taking.failure() ?? (hand.size() > 0 ? work.outage() : undefined),
    // What lies in a group may be done by others: there is nothing to wait for here.
    advance: () => Promise.resolve(),
    follow: taking.follow,
    // What comes now is not begun, and goes to others at the stop.
    halt: async () => work.halt(),
    stop: async () => {
      await work.stop();
      await taking.stop();
    },
    unfinished: hand.size,
    again: (event) => work.done(event, false),
  };
};

/** Takes deliveries until it is stopped; its position is that of the furthest of them. */
const member = (
  reaction: AnyReaction,
  parts: SharedParts,
  take: (delivery: Delivery) => Promise<void>,
) => {
  const { groups, events } = parts;
  const stopped = new AbortController();
  let position: Position | undefined;
  let failure: string | undefined;
  let living: Promise<void> | undefined;
  const joined = (): void => {
    failure = undefined;
  };
  const live = async (): Promise<void> => {
    const place = { room: MOST_UNFINISHED, signal: stopped.signal, joined };
    for await (const delivery of groups.join({ ...wantedBy(reaction, parts), ...place })) {
      const at = delivery.event.position;
      if (position === undefined || events.compare(at, position) > 0) position = at;
      void take(delivery);
    }
  };
  return {
    position: () => position,
    failure: () => failure,
    follow: (failed: (cause: unknown) => void): void => {
      living = live().catch((cause: unknown) => {
        failure = String(cause);
        if (!stopped.signal.aborted) failed(cause);
      });
    },
    stop: async (): Promise<void> => {
      stopped.abort();
      await living;
    },
  };
};

/** A group goes on where this engine was before it shared the reaction, if it is the first to ask. */
const wantedBy = (reaction: AnyReaction, { instance, rows }: ReactionParts) => ({
  group: groupOf(instance, reaction.name),
  after: progressStored(reaction.name, rows)?.position,
  types: reaction.on,
});

/** What is being worked on, by id: an event that comes again meanwhile is answered where it came from last. */
const inHand = (work: Workshop) => {
  const latest = new Map<string, Delivery>();
  return {
    size: () => latest.size,
    take: async (delivery: Delivery): Promise<void> => {
      const { event } = delivery;
      const isUnderWay = latest.has(event.id);
      latest.set(event.id, delivery);
      if (isUnderWay) return;
      const ending = await work.done(event);
      const last = latest.get(event.id);
      latest.delete(event.id);
      if (ending === 'done') last?.acknowledge();
      else if (ending !== 'cut') last?.park(reasonOf(ending));
    },
  };
};
