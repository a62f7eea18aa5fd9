import type { Instant } from '../clock.ts';
import type { Decision, Rejection, Self } from '../decider.ts';
import { E } from '../fp.ts';
import type { CommandKey } from '../ids.ts';
import type { LoadFailure } from './load.ts';
import type { Outcome } from '../outcome.ts';
import { decodeEvent, type HistoryFailure } from '../replay.ts';
import type { Checked } from './request.ts';
import type { Envelope } from '../store.ts';
import type { Runnable } from '../subsystem.ts';
import type { DomainEvent } from '../vocabulary.ts';

/** Why a command got no answer: infrastructure failed it, a history is damaged, or others were always faster. */
export type HandleFailure =
  | LoadFailure
  | { readonly type: 'TooContended'; readonly stream: string; readonly attempts: number };

/** A command whose form is right, on its way through the handler. */
export type Attempt = {
  readonly subsystem: Runnable;
  readonly request: Checked;
  readonly self: Self;
};

/** What was decided at an instant, after what time alone had caused by then. */
export type Decided = {
  readonly decision: Decision<Rejection, DomainEvent>;
  readonly lapsed: readonly DomainEvent[];
  readonly at: Instant;
  /** By how much the clock was behind the stream's last event, or behind a deadline that it had reached before. */
  readonly skewMs: number;
};

/** By whom, and under which id, a command is known. */
export const keyOf = ({ request }: Attempt): CommandKey => ({
  actor: request.actor.id,
  commandId: request.commandId,
});

/** The outcome that a command's own events tell: with none but what time had caused, the command was granted. */
export const outcomeOf = (
  { subsystem }: Attempt,
  own: readonly Envelope[],
  repeated: boolean,
): E.Either<HistoryFailure, Outcome> => {
  const decoded = E.traverseArray((envelope: Envelope) => decodeEvent(subsystem, envelope))(own);
  if (E.isLeft(decoded)) return decoded;
  return E.right(outcomeOver(own, decoded.right, repeated));
};

/** The same for events of today's version, such as those just written. */
export const outcomeOver = (
  own: readonly Envelope[],
  decoded: readonly DomainEvent[],
  repeated: boolean,
): Outcome => {
  const events = decoded.map(({ type, data }) => ({ type, data }));
  const last = own.at(-1);
  if (last === undefined || last.metadata.sender !== undefined) {
    return { outcome: 'granted', lapsed: events, repeated };
  }
  const { revision, position } = last;
  return { outcome: 'accepted', events, revision, position, repeated };
};
