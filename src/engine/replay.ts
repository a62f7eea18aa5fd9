import { E } from './fp.ts';
import { copyOf } from './json.ts';
import { targetOf, type Drawn } from './machine.ts';
import type { Envelope } from './store.ts';
import type { Runnable, Status } from './subsystem.ts';
import type { DomainEvent, Undecodable } from './vocabulary.ts';

/** A history that cannot be: the log is damaged or newer than the code. Nothing is written; other streams go on. */
export type HistoryFailure = {
  readonly type: 'UndecodableEvent' | 'ImpossibleHistory';
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly eventType: string;
  readonly path: string;
  readonly reason: string;
};

export const isHistoryFailure = (failure: { readonly type: string }): failure is HistoryFailure =>
  failure.type === 'UndecodableEvent' || failure.type === 'ImpossibleHistory';

const placeOf = ({ stream, revision, position, type }: Envelope) => ({
  stream,
  revision,
  position,
  eventType: type,
});

const reasonOf = (wrong: Undecodable): { readonly path: string; readonly reason: string } => {
  if (wrong.type === 'Malformed') {
    return { path: wrong.path, reason: `expected ${wrong.expected}, found ${wrong.found}` };
  }
  if (wrong.type === 'UnknownVersion') {
    return {
      path: 'version',
      reason: `version ${wrong.version}; this code knows 1 to ${wrong.latest}`,
    };
  }
  return { path: 'type', reason: `unknown event type; this code knows ${wrong.known.join(', ')}` };
};

/** The event in an envelope, lifted to today's version. */
export const decodeEvent = (
  { events }: Pick<Runnable, 'events'>,
  envelope: Envelope,
): E.Either<HistoryFailure, DomainEvent> => {
  const { unreadable } = envelope;
  if (unreadable !== undefined) {
    const reason = unreadable;
    return E.left({ type: 'UndecodableEvent', ...placeOf(envelope), path: '', reason });
  }
  const decoded = events.decode(envelope);
  if (E.isRight(decoded)) return decoded;
  return E.left({ type: 'UndecodableEvent', ...placeOf(envelope), ...reasonOf(decoded.left) });
};

/** The state after an event, along a declared edge; an edge that the machine does not declare never reaches `evolve`. */
const stepped = (
  machine: Drawn,
  evolve: (state: Status, event: DomainEvent) => Status,
  state: Status,
  event: DomainEvent,
): E.Either<string, Status> => {
  // An evolve in place may change it.
  const from = state.status;
  const declared = targetOf(machine, from, event.type);
  if (declared === undefined || declared.length === 0) {
    return E.left(`the machine has no edge for ${event.type} from ${from}`);
  }
  const next = evolve(state, event);
  const isDeclared =
    typeof declared === 'string' ? declared === next.status : declared.includes(next.status);
  if (isDeclared) return E.right(next);
  return E.left(`the machine has no edge for ${event.type} from ${from} to ${next.status}`);
};

/** Folds a stretch of a stream's history, in place, onto a state that nobody else holds. */
export const replay = (
  subsystem: Runnable,
  owned: Status,
  history: readonly Envelope[],
): E.Either<HistoryFailure, Status> => {
  const { decider, machine } = subsystem;
  let state = owned;
  for (const envelope of history) {
    const event = decodeEvent(subsystem, envelope);
    if (E.isLeft(event)) return event;
    // What the fold may change in place must not be the log's own.
    const own = { type: event.right.type, data: copyOf(event.right.data) };
    const next = stepped(machine, decider.evolve.owned, state, own);
    if (E.isLeft(next)) return E.left(impossible(envelope, next.left));
    state = next.right;
  }
  return E.right(state);
};

const impossible = (envelope: Envelope, reason: string): HistoryFailure => ({
  type: 'ImpossibleHistory',
  ...placeOf(envelope),
  path: 'status',
  reason,
});

/** The state after events that are about to be written, or why no replay could ever read them: then they must not be. */
export const grown = (
  { decider, machine, events: { decode, versionOf } }: Runnable,
  before: Status,
  events: readonly DomainEvent[],
): E.Either<string, Status> => {
  let state = before;
  for (const event of events) {
    const { type, data } = event;
    const decoded = decode({ type, version: versionOf(type), data });
    if (E.isLeft(decoded)) {
      const { path, reason } = reasonOf(decoded.left);
      return E.left(`${type} ${path}: ${reason}`);
    }
    const next = stepped(machine, decider.evolve, state, event);
    if (E.isLeft(next)) return next;
    state = next.right;
  }
  return E.right(state);
};
