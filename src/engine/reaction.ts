import type { Observable, SchedulerLike } from 'rxjs';
import type { Actor, Command } from './decider.ts';
import type { Outcome } from './outcome.ts';
import type { Recorded } from './projection.ts';
import type { KeyedRow, PageRequest } from './rows.ts';
import type { DomainEvent } from './vocabulary.ts';

/** A command that follows from an event, and what may follow from its answer before the event counts as done. */
export type Sending = {
  readonly stream: string;
  readonly command: Command;
  readonly then?: (outcome: Outcome) => Sending | undefined;
};

/** What a reaction may read: rows of projections that have passed the event. */
export type Reader = {
  readonly rows: (
    projection: string,
    where: Readonly<Record<string, string>>,
    page?: PageRequest,
  ) => Observable<readonly KeyedRow[]>;
};

/**
 * What follows from an event. `each` completes when the event's work is done; it never subscribes and performs nothing itself:
 * the runner sends what it emits, in order per key, retries failures with back-off and keeps what finally fails as a dead letter.
 */
export type Reaction<Event extends DomainEvent = DomainEvent> = {
  readonly name: string;
  readonly on: readonly Event['type'][];
  /** Events with the same key are worked on in their order; by default the key is the stream. */
  readonly key?: (recorded: Recorded<Event>) => string;
  readonly each: (
    recorded: Recorded<Event>,
    time: SchedulerLike,
    reader: Reader,
  ) => Observable<Sending>;
  /** In whose name it sends; by default the system's. */
  readonly actor?: Actor;
  /** Refusals that end the work as well as a grant does. */
  readonly ends?: readonly string[];
  /** Refusals that say, in the field named, from which instant on to ask again. */
  readonly asksAgain?: Readonly<Record<string, string>>;
};

/** Any reaction, whatever its events: what a registry lists. */
export type AnyReaction = Omit<Reaction, 'key' | 'each'> & {
  readonly key?: (recorded: never) => string;
  readonly each: (recorded: never, time: SchedulerLike, reader: Reader) => Observable<Sending>;
};
