import { keyOf, outcomeOf, type Attempt, type HandleFailure } from './attempt.ts';
import type { Remembered } from './command-memory.ts';
import { E } from '../fp.ts';
import { eventId, type Sha256 } from '../ids.ts';
import type { Loaded } from './load.ts';
import type { Outcome } from '../outcome.ts';
import {
  senderOf,
  type Envelope,
  type EventStore,
  type Revision,
  type StoreFailure,
} from '../store.ts';

type RecallParts = {
  readonly events: EventStore;
  readonly instance: string;
  readonly sha256: Sha256;
};

/** What a stream (or, beyond its memory, the store's index of ids) remembers of a command; undefined: it is new. */
export const recalled = async (
  { events, instance, sha256 }: RecallParts,
  attempt: Attempt,
  { memory }: Loaded,
): Promise<E.Either<StoreFailure, Remembered | undefined>> => {
  const key = keyOf(attempt);
  const known = memory.recall(key);
  if (known !== undefined || !memory.forgot() || events.find === undefined) return E.right(known);
  const { stream } = attempt.request;
  const found = await events.find(stream, eventId(instance, stream, key, 0, sha256))();
  if (E.isLeft(found)) return found;
  const first = found.right;
  return E.right(first && { payloadHash: first.metadata.payloadHash, from: first.revision });
};

/** Answers as the first time, from the events that the command left in the stream. */
export const answeredBefore = async (
  { events }: RecallParts,
  attempt: Attempt,
  { payloadHash, from }: Remembered,
): Promise<E.Either<HandleFailure, Outcome>> => {
  const { commandId } = attempt.request;
  if (payloadHash !== attempt.request.payloadHash) {
    return E.right({ outcome: 'refused', refusal: { type: 'CommandIdReused', commandId } });
  }
  const own = await ownFrom(events, attempt, from);
  return E.isLeft(own) ? own : outcomeOf(attempt, own.right, true);
};

const PAGE = 100;

/** The events of one command: they follow each other without a gap. */
const ownFrom = async (
  events: EventStore,
  attempt: Attempt,
  first: Revision,
): Promise<E.Either<StoreFailure, readonly Envelope[]>> => {
  const { stream, commandId, actor } = attempt.request;
  const isAnothers = (envelope: Envelope) =>
    envelope.metadata.commandId !== commandId || senderOf(envelope) !== actor.id;
  const own: Envelope[] = [];
  for (;;) {
    const page = await events.read(stream, { from: first + own.length, limit: PAGE })();
    if (E.isLeft(page)) return page;
    const end = page.right.findIndex(isAnothers);
    own.push(...(end < 0 ? page.right : page.right.slice(0, end)));
    if (end >= 0 || page.right.length < PAGE) return E.right(own);
  }
};
