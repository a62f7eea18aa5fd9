import type { Clock, Instant } from '../clock.ts';
import { batchOf, lapsed } from '../decide.ts';
import {
  isAsk,
  type Command,
  type Context,
  type Decision,
  type Rejection,
  type Self,
} from '../decider.ts';
import { E, TE, pipe } from '../fp.ts';
import { digestOfText, eventId, type CommandKey } from '../ids.ts';
import { keyedQueue } from './keyed-queue.ts';
import type { LoadFailure, Loaded, Loader, Remembered } from './load.ts';
import type { FactFailure, FactFinder } from './fact-finder.ts';
import type { Outcome } from '../outcome.ts';
import { decodeEvent } from '../replay.ts';
import { checked, type Checked, type Request } from './request.ts';
import {
  senderOf,
  type Appended,
  type Draft,
  type Envelope,
  type EventStore,
  type Metadata,
} from '../store.ts';
import type { Runnable, Status } from '../subsystem.ts';
import type { DomainEvent } from '../vocabulary.ts';

export type HandleFailure =
  | LoadFailure
  | FactFailure
  | { readonly type: 'TooContended'; readonly stream: string; readonly attempts: number };

export type Handle = (
  subsystem: Runnable,
  request: Request,
) => TE.TaskEither<HandleFailure, Outcome>;

export type HandleParts = {
  readonly instance: string;
  readonly events: EventStore;
  readonly loader: Loader;
  readonly facts: FactFinder;
  readonly clock: Clock;
};

/** How often a decision is made anew because somebody else wrote to its stream first. */
export const CONFLICT_RETRIES = 10;

/** In whose name stands what time alone has caused. */
const CLOCK = 'clock';

type Attempt = { readonly subsystem: Runnable; readonly request: Checked; readonly self: Self };
type Decided = {
  readonly decision: Decision<Rejection, DomainEvent>;
  readonly lapsed: readonly DomainEvent[];
  readonly at: Instant;
  readonly skewMs: number;
};

const keyOf = ({ request }: Attempt): CommandKey => ({
  actor: request.actor.id,
  commandId: request.commandId,
});

/**
 * The one place where a decision meets the world: form, memory of commands, state, lapse, facts, decision, append. On a
 * conflict only the missing tail is loaded and the decision made anew.
 */
export const handler = (parts: HandleParts): Handle => {
  const inTurn = keyedQueue();
  return (subsystem, request) => () => {
    const form = checked(subsystem, request, digestOfText);
    if (E.isLeft(form))
      return TE.right<never, Outcome>({ outcome: 'refused', refusal: form.left })();
    const { stream, id } = form.right;
    const attempt = {
      subsystem,
      request: form.right,
      self: { stream, id, instance: parts.instance },
    };
    return inTurn(stream, attempted(parts, attempt, CONFLICT_RETRIES));
  };
};

const attempted = (
  parts: HandleParts,
  attempt: Attempt,
  retries: number,
): TE.TaskEither<HandleFailure, Outcome> =>
  pipe(
    parts.loader.load(attempt.subsystem, attempt.request.stream),
    TE.flatMap((loaded): TE.TaskEither<HandleFailure, Outcome> =>
      pipe(
        recalled(parts, attempt, loaded),
        TE.flatMap((known) =>
          known === undefined
            ? decidedAnew(parts, attempt, loaded)
            : answeredBefore(parts, attempt, known),
        ),
      ),
    ),
    TE.orElse((failure) => {
      if (failure.type !== 'RevisionConflict') return TE.left(failure);
      if (retries > 0) return attempted(parts, attempt, retries - 1);
      return TE.left({
        type: 'TooContended',
        stream: attempt.request.stream,
        attempts: CONFLICT_RETRIES + 1,
      });
    }),
  );

/** The command's first answer, if the stream (or, beyond its memory, the store's index of ids) knows it. */
const recalled = (
  { events, instance }: HandleParts,
  attempt: Attempt,
  { memory }: Loaded,
): TE.TaskEither<LoadFailure, Remembered | undefined> => {
  const key = keyOf(attempt);
  const known = memory.recall(key);
  if (known !== undefined || !memory.forgot() || events.find === undefined) return TE.right(known);
  const { stream } = attempt.request;
  return pipe(
    events.find(stream, eventId(instance, stream, key, 0)),
    TE.map(
      (first) =>
        first && { payloadHash: first.metadata.payloadHash, from: first.revision, count: Infinity },
    ),
  );
};

/** Answers as the first time, from the events that the command left in the stream. */
const answeredBefore = (
  { events }: HandleParts,
  attempt: Attempt,
  { payloadHash, from, count }: Remembered,
): TE.TaskEither<HandleFailure, Outcome> => {
  const { stream, commandId, actor } = attempt.request;
  if (payloadHash !== attempt.request.payloadHash) {
    return TE.right({ outcome: 'refused', refusal: { type: 'CommandIdReused', commandId } });
  }
  const isItsOwn = (envelope: Envelope) =>
    envelope.metadata.commandId === commandId && senderOf(envelope) === actor.id;
  return pipe(
    events.read(stream, { from, limit: Math.min(count, MOST_EVENTS) }),
    TE.map((read) => read.filter(isItsOwn)),
    TE.flatMap((own) => TE.fromEither(outcomeOf(attempt, own, true))),
  );
};

/** More events than one append of at most 1 MiB can hold. */
const MOST_EVENTS = 10_000;

const decidedAnew = (
  parts: HandleParts,
  attempt: Attempt,
  loaded: Loaded,
): TE.TaskEither<HandleFailure, Outcome> =>
  pipe(
    decided(parts, attempt, loaded),
    TE.flatMap((answer): TE.TaskEither<HandleFailure, Outcome> => {
      if (E.isLeft(answer.decision)) {
        return TE.right({ outcome: 'refused', refusal: answer.decision.left });
      }
      const batch = batchOf(answer.decision, answer.lapsed);
      if (batch.length === 0) return TE.right({ outcome: 'granted', lapsed: [], repeated: false });
      return appended(parts, attempt, loaded, answer, batch);
    }),
  );

/** Decides on the state after lapse, asking for facts as often as the decision wants them. */
const decided = (
  { clock, facts }: HandleParts,
  { subsystem, request, self }: Attempt,
  { state, last }: Loaded,
): TE.TaskEither<HandleFailure, Decided> => {
  const now = clock.now();
  const at = Math.max(now, last?.metadata.at ?? 0);
  const before = lapsed(subsystem, state, { at, self });
  const context: Context = { at, actor: request.actor, self, lapsed: before.events.length };
  const settled = (
    deliberation: ReturnType<typeof subsystem.decider.decide>,
  ): TE.TaskEither<HandleFailure, Decision<Rejection, DomainEvent>> => {
    if (!isAsk(deliberation)) return TE.right(deliberation);
    return pipe(
      facts(deliberation.lookups, at),
      TE.flatMap((answers) => settled(deliberation.then(answers))),
    );
  };
  const command: Command = request.command;
  return pipe(
    settled(subsystem.decider.decide(command, before.state, context)),
    TE.map((decision) => ({ decision, lapsed: before.events, at, skewMs: at - now })),
  );
};

const appended = (
  { events, instance, loader }: HandleParts,
  attempt: Attempt,
  loaded: Loaded,
  answer: Decided,
  batch: readonly DomainEvent[],
): TE.TaskEither<HandleFailure, Outcome> => {
  const { subsystem, request } = attempt;
  const drafts = batch.map((event, index): Draft => ({
    id: eventId(instance, request.stream, keyOf(attempt), index),
    type: event.type,
    version: subsystem.events.versionOf(event.type),
    data: event.data,
    metadata: metadataOf(attempt, answer, index < answer.lapsed.length),
  }));
  return pipe(
    events.append(request.stream, loaded.last?.revision ?? 'none', drafts),
    TE.flatMap((written: Appended) => {
      const state = batch.reduce<Status>(subsystem.decider.evolve, loaded.state);
      loader.keep(loaded, state, written.events);
      return TE.fromEither(outcomeOf(attempt, written.events, false));
    }),
  );
};

const metadataOf = ({ request }: Attempt, { at, skewMs }: Decided, isLapse: boolean): Metadata => ({
  at,
  actor: isLapse ? CLOCK : request.actor.id,
  ...(isLapse ? { sender: request.actor.id } : {}),
  commandId: request.commandId,
  payloadHash: request.payloadHash,
  correlationId: request.correlationId ?? request.commandId,
  ...(request.causationId === undefined ? {} : { causationId: request.causationId }),
  ...(skewMs > 0 ? { skewMs } : {}),
});

/** The outcome that a command's own events tell: with none but what time had caused, the command was granted. */
const outcomeOf = (
  { subsystem }: Attempt,
  own: readonly Envelope[],
  repeated: boolean,
): E.Either<HandleFailure, Outcome> => {
  const decoded = E.traverseArray((envelope: Envelope) => decodeEvent(subsystem, envelope))(own);
  if (E.isLeft(decoded)) return decoded;
  const last = own.at(-1);
  if (last === undefined || last.metadata.sender !== undefined) {
    return E.right({ outcome: 'granted', lapsed: decoded.right, repeated });
  }
  return E.right({
    outcome: 'accepted',
    events: decoded.right,
    revision: last.revision,
    position: last.position,
    repeated,
  });
};
