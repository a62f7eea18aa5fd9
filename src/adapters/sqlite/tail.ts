import type { Envelope } from '../../engine/store.ts';

/** The most recent events, so that whoever follows the head reads no SQL and parses no JSON. */
export type Tail = {
  readonly push: (event: Envelope, weight: number) => void;
  /** The position of the last event of the log; 0: there is none. */
  readonly head: () => number;
  /** The events behind a position; undefined where they are no longer all here. */
  readonly behind: (position: number) => readonly Envelope[] | undefined;
};

const KEPT_EVENTS = 2_048;
const KEPT_WEIGHT = 16 * 1024 * 1024;

/** An empty tail of a log that ends at `head`. */
export const tailOf = (head: number): Tail => {
  let events: Envelope[] = [];
  let weights: number[] = [];
  let weight = 0;
  let last = head;
  /** Drops from the front, in blocks, so that a push costs the same on average whatever is kept. */
  const trim = (): void => {
    let dropped = events.length - KEPT_EVENTS;
    for (let index = 0; index < dropped; index += 1) weight -= weights[index]!;
    while (weight > KEPT_WEIGHT && dropped < events.length) {
      weight -= weights[dropped]!;
      dropped += 1;
    }
    events = events.slice(dropped);
    weights = weights.slice(dropped);
  };
  return {
    push: (event, added) => {
      events.push(event);
      weights.push(added);
      weight += added;
      last += 1;
      if (events.length >= 2 * KEPT_EVENTS || weight > 2 * KEPT_WEIGHT) trim();
    },
    head: () => last,
    behind: (position) => {
      const missing = last - position;
      if (missing > events.length) return undefined;
      return missing <= 0 ? [] : events.slice(-missing);
    },
  };
};
