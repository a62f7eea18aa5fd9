import { E } from './fp.ts';
import { targets } from './machine.ts';
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
  const decoded = events.decode(envelope);
  if (E.isRight(decoded)) return decoded;
  return E.left({ type: 'UndecodableEvent', ...placeOf(envelope), ...reasonOf(decoded.left) });
};

/**
 * Folds a stretch of a stream's history onto a state that nobody else holds. An edge that the machine does not declare never
 * reaches `evolve`.
 */
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
    const declared = targets(machine, state.status, envelope.type);
    if (declared.length === 0) return E.left(impossible(envelope, state.status));
    const next = decider.evolve.owned(state, event.right);
    if (!declared.includes(next.status))
      return E.left(impossible(envelope, state.status, next.status));
    state = next;
  }
  return E.right(state);
};

const impossible = (envelope: Envelope, from: string, to?: string): HistoryFailure => ({
  type: 'ImpossibleHistory',
  ...placeOf(envelope),
  path: 'status',
  reason:
    to === undefined
      ? `the machine has no edge for ${envelope.type} from ${from}`
      : `the machine has no edge for ${envelope.type} from ${from} to ${to}`,
});
