import { keyOf, outcomeOver, type Attempt, type Decided, type HandleFailure } from './attempt.ts';
import { E } from '../fp.ts';
import { eventId, type Sha256 } from '../ids.ts';
import { sameJson } from '../json.ts';
import type { Loaded, Loader } from './load.ts';
import type { Outcome } from '../outcome.ts';
import { grown } from '../replay.ts';
import type { Draft, Envelope, EventStore, Metadata } from '../store.ts';
import type { DomainEvent } from '../vocabulary.ts';

export type RecordingParts = {
  readonly instance: string;
  readonly events: EventStore;
  readonly loader: Loader;
  readonly sha256: Sha256;
};

/** In whose name stands what time alone has caused. */
const CLOCK = 'clock';

/** A decider wants to write what no replay could ever read: it has a bug, and nothing is written. */
class ImpossibleDecisionError extends Error {
  override readonly name = 'ImpossibleDecisionError';
}

/**
 * Appends what was decided directly behind the state it was decided on. `undefined`: another process has written the same command
 * at this place, and its answer is the one that counts.
 */
export const recorded = async (
  { events, instance, loader, sha256 }: RecordingParts,
  attempt: Attempt,
  loaded: Loaded,
  decided: Decided,
  batch: readonly DomainEvent[],
): Promise<E.Either<HandleFailure, Outcome | undefined>> => {
  const { subsystem, request } = attempt;
  const after = grown(subsystem, loaded.state, batch);
  if (E.isLeft(after)) {
    throw new ImpossibleDecisionError(
      `${request.command.type} on ${request.stream}: ${after.left}`,
    );
  }
  const drafts = batch.map((event, index): Draft => ({
    id: eventId(instance, request.stream, keyOf(attempt), index, sha256),
    type: event.type,
    version: subsystem.events.versionOf(event.type),
    data: event.data,
    metadata: metadataOf(attempt, decided, index < decided.lapsed.length),
  }));
  const written = await events.append(request.stream, loaded.last?.revision ?? 'none', drafts)();
  const own = E.isRight(written) ? written.right.events : [];
  if (!drafts.every((draft, index) => isWritten(draft, own[index]))) {
    loader.doubt(request.stream);
    return E.isLeft(written) ? written : E.right(undefined);
  }
  loader.keep(loaded, after.right, own);
  return E.right(outcomeOver(own, own, false));
};

/** Whether what lies in the log is this draft, and not another decision on the same command. */
const isWritten = (draft: Draft, envelope: Envelope | undefined): boolean =>
  envelope !== undefined &&
  sameJson(draft.metadata, envelope.metadata) &&
  sameJson(draft.data, envelope.data);

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
