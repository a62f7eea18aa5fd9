import { keyOf, outcomeOf, type Attempt, type HandleFailure } from './attempt.ts';
import type { Remembered } from './command-memory.ts';
import { TE, pipe } from '../fp.ts';
import { eventId } from '../ids.ts';
import type { Loaded } from './load.ts';
import type { Outcome } from '../outcome.ts';
import {
  senderOf,
  type Envelope,
  type EventStore,
  type Revision,
  type StoreFailure,
} from '../store.ts';

type RecallParts = { readonly events: EventStore; readonly instance: string };

/** What a stream (or, beyond its memory, the store's index of ids) remembers of a command; undefined: it is new. */
export const recalled = (
  { events, instance }: RecallParts,
  attempt: Attempt,
  { memory }: Loaded,
): TE.TaskEither<StoreFailure, Remembered | undefined> => {
  const key = keyOf(attempt);
  const known = memory.recall(key);
  if (known !== undefined || !memory.forgot() || events.find === undefined) return TE.right(known);
  const { stream } = attempt.request;
  return pipe(
    events.find(stream, eventId(instance, stream, key, 0)),
    TE.map((first) => first && { payloadHash: first.metadata.payloadHash, from: first.revision }),
  );
};

/** Answers as the first time, from the events that the command left in the stream. */
export const answeredBefore = (
  { events }: RecallParts,
  attempt: Attempt,
  { payloadHash, from }: Remembered,
): TE.TaskEither<HandleFailure, Outcome> => {
  const { commandId } = attempt.request;
  if (payloadHash !== attempt.request.payloadHash) {
    return TE.right({ outcome: 'refused', refusal: { type: 'CommandIdReused', commandId } });
  }
  return pipe(
    ownFrom(events, attempt, from),
    TE.flatMap((own) => TE.fromEither(outcomeOf(attempt, own, true))),
  );
};

const PAGE = 100;

/** The events of one command: they follow each other without a gap. */
const ownFrom = (
  events: EventStore,
  attempt: Attempt,
  from: Revision,
): TE.TaskEither<StoreFailure, readonly Envelope[]> => {
  const { stream, commandId, actor } = attempt.request;
  const isAnothers = (envelope: Envelope) =>
    envelope.metadata.commandId !== commandId || senderOf(envelope) !== actor.id;
  return pipe(
    events.read(stream, { from, limit: PAGE }),
    TE.flatMap((page) => {
      const end = page.findIndex(isAnothers);
      if (end >= 0) return TE.right(page.slice(0, end));
      if (page.length < PAGE) return TE.right(page);
      return pipe(
        ownFrom(events, attempt, from + PAGE),
        TE.map((rest) => [...page, ...rest]),
      );
    }),
  );
};
