import type { Instant } from './clock.ts';
import type { TE } from './fp.ts';
import type { Envelope, Position, StoreFailure } from './store.ts';

/** An event that was given to this process alone, for as long as the store waits for the answer. It is answered once. */
export type Delivery = {
  readonly event: Envelope;
  /** Its work is done for good. An answer that is lost brings the event again. */
  readonly acknowledge: () => void;
  /** Its work has failed for good: it is put aside for an operator, with the reason. */
  readonly park: (reason: string) => void;
};

/** Which group's events are taken. */
export type Joining = {
  readonly group: string;
  /** Where a group begins that nobody has taken from yet; undefined: at the beginning of the log. */
  readonly after: Position | undefined;
  readonly types: readonly string[];
  /** How many deliveries may be unanswered here at once. */
  readonly room: number;
  /** Hears each time that the store has let us in. */
  readonly joined: () => void;
  readonly signal: AbortSignal;
};

/** An event that was put aside: why, as far as the store keeps it, and when. */
export type Parked = { readonly event: Envelope; readonly reason: string; readonly at: Instant };

/**
 * Shares out events among the processes that take from the same group: each at least once, in no order, and again to anybody when it is
 * not answered in time. Only on stores that have it.
 */
export type EventGroups = {
  /** Makes the group if it is not there. Ends when the signal aborts; a failure is thrown as `StoreFailed`. */
  readonly join: (joining: Joining) => AsyncIterableIterator<Delivery>;
  /** What a group has put aside, the oldest first, each event once. */
  readonly parked: (group: string) => TE.TaskEither<StoreFailure, readonly Parked[]>;
  /** Forgets what was put aside because of an event; false: there is nothing. */
  readonly drop: (group: string, eventId: string) => TE.TaskEither<StoreFailure, boolean>;
};
