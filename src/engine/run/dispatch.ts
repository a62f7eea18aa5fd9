import type { HandleFailure } from './attempt.ts';
import type { Clock } from '../clock.ts';
import type { Actor } from '../decider.ts';
import type { SendDeadline } from './deadline-runner.ts';
import { E, TE, pipe } from '../fp.ts';
import type { Handle } from './handle.ts';
import { keyedQueue } from './keyed-queue.ts';
import type { Outcome } from '../outcome.ts';
import type { Send } from './delivery.ts';
import type { SendLease } from './outbox/tenure.ts';
import type { StepParts } from './outbox/outbox-ending.ts';
import type { WorkParts } from './reaction-work.ts';
import type { Request } from './request.ts';
import { partsOf, type Envelope } from '../store.ts';
import type { Runnable } from '../subsystem.ts';

/** Hands a request to the subsystem of its stream. */
export type Dispatch = (request: Request) => TE.TaskEither<HandleFailure, Outcome>;

export const dispatcher =
  (subsystems: ReadonlyMap<string, Runnable>, handle: Handle): Dispatch =>
  (request) => {
    const subsystem = subsystems.get(partsOf(request.stream)?.category ?? '');
    if (subsystem !== undefined) return handle(subsystem, request);
    return TE.right(unknownCategory(request.stream, [...subsystems.keys()]));
  };

const unknownCategory = (stream: string, known: readonly string[]): Outcome => ({
  outcome: 'refused',
  refusal: {
    type: 'Malformed',
    path: 'stream',
    expected: `one of ${known.map((category) => `${category}-<id>`).join(', ')}`,
    found: JSON.stringify(stream),
  },
});

/** In whose name reactions and deadlines send. */
const SYSTEM: Actor = { id: 'system', roles: ['system'] };

/** What the engine sends by itself. */
export type Senders = {
  readonly becauseOf: WorkParts['send'];
  readonly reporting: StepParts['report'];
  readonly leasing: SendLease;
  readonly whenDue: SendDeadline;
};

/** `answered` hears of every command that got an answer, and for whom it was sent. */
export const senders = (
  dispatch: Dispatch,
  { clock, newId }: { readonly clock: Clock; readonly newId: () => string },
  answered: (by: 'reactions' | 'deadlines' | 'effects') => void,
): Senders => {
  const turn = serially(clock);
  const sent = async (by: Parameters<typeof answered>[0], request: Request) => {
    const answer = await turn(dispatch(request));
    if (E.isRight(answer)) answered(by);
    return answer;
  };
  const because =
    (kind: 'reactions' | 'effects') =>
    (cause: Envelope, { actor = SYSTEM }: { readonly actor?: Actor }): Send =>
    ({ stream, command }, commandId) => {
      const { id: causationId, metadata } = cause;
      const { correlationId } = metadata;
      return sent(kind, { stream, command, actor, commandId, correlationId, causationId });
    };
  return {
    becauseOf: because('reactions'),
    reporting: because('effects'),
    leasing: (stream, command) =>
      turn(dispatch({ stream, command, actor: SYSTEM, commandId: newId() })),
    whenDue: ({ target: stream, command, at, causationId, correlationId }, commandId) => {
      const cause = { causationId, correlationId, notBefore: at };
      const request = { stream, command, actor: SYSTEM, commandId, ...cause };
      // A bug in a decider is the trouble of this deadline, not of those behind it.
      return pipe(
        TE.tryCatch(() => sent('deadlines', request), bugOf),
        TE.flatMapEither((answer): E.Either<{ readonly type: string }, Outcome> => answer),
      )();
    },
  };
};

const bugOf = (cause: unknown) => ({ type: 'Bug', reason: String(cause) });

/** Under virtual time everything is sent one at a time, so that every run is the same. */
const serially = ({ kind }: Clock): (<T>(work: () => Promise<T>) => Promise<T>) => {
  const inTurn = keyedQueue();
  return kind === 'virtual' ? (work) => inTurn('', work) : (work) => work();
};
