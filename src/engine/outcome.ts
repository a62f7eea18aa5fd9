import type { Rejection } from './decider.ts';
import type { EngineRejection } from './refusal.ts';
import type { Position, Revision } from './store.ts';
import type { DomainEvent } from './vocabulary.ts';

/** What became of a command. `repeated`: the same command had been answered before, and this is that answer. */
export type Outcome<R extends Rejection = Rejection, Event extends DomainEvent = DomainEvent> =
  | {
      readonly outcome: 'accepted';
      /** All that was appended, in order; what time alone had caused comes first. */
      readonly events: readonly Event[];
      readonly revision: Revision;
      readonly position: Position;
      readonly repeated: boolean;
    }
  | {
      readonly outcome: 'granted';
      /** What was asked for already held; only what time alone had caused was appended. */
      readonly lapsed: readonly Event[];
      readonly repeated: boolean;
    }
  | { readonly outcome: 'refused'; readonly refusal: R | EngineRejection };
