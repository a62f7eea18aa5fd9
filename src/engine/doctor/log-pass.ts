import type { Inspection, StoredEvent } from '../inspection.ts';
import type { Position } from '../store.ts';
import type { HashedEvent } from '../ids.ts';
import type { Builder } from './builders.ts';
import type { Finding } from './finding.ts';
import { unreadable } from './unreadable.ts';

/** Computes what is stored as an event's hash. */
export type EventHash = (event: HashedEvent) => string;

/** What the log has shown: how many events, the last position, the latest instant. */
export type LogSeen = {
  events: number;
  head: Position | undefined;
  latest: number;
};

/** How many events pass before it is told how many there were. */
const TOLD_EVENTS = 10_000;

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;

const hashOf = (event: StoredEvent, eventHash: EventHash): string =>
  isCount(event.revision) && isCount(event.version) ? eventHash(event) : 'none';

/** What is wrong with one event by itself. */
function* eventFindings(event: StoredEvent, eventHash: EventHash): Generator<Finding> {
  const { stream, revision, position, hash: stored } = event;
  const computed = hashOf(event, eventHash);
  if (computed !== stored) {
    yield { type: 'EventAltered', stream, revision, position, stored, computed };
    return;
  }
  if (event.envelope === undefined) {
    yield { type: 'EventUnreadable', stream, revision, position, reason: 'it is no event' };
  }
}

/** Reads the log from its first event to its last: positions, hashes, and what projections make of it. */
export function* logPass(
  inspection: Inspection,
  eventHash: EventHash,
  builders: readonly Builder[],
  seen: LogSeen,
  stage: (what: string) => void,
): Generator<Finding> {
  try {
    for (const event of inspection.log()) {
      yield* positionFindings(inspection, event, seen);
      yield* eventFindings(event, eventHash);
      seen.events += 1;
      if (seen.events % TOLD_EVENTS === 0) stage(`the log, ${seen.events} events`);
      seen.head = event.position;
      seen.latest = Math.max(seen.latest, event.envelope?.metadata.at ?? 0);
      for (const builder of builders) builder.take(event);
    }
  } catch (cause) {
    const reason = unreadable(cause);
    const part = `the log behind position ${seen.head ?? '0'}`;
    yield { type: 'FileDamaged', part, reason };
    for (const builder of builders) builder.cut(`${part} cannot be read`);
    yield* oneByOne(inspection, eventHash, seen);
  }
}

function* positionFindings(
  { next }: Inspection,
  { stream, revision, position }: StoredEvent,
  { head }: LogSeen,
): Generator<Finding> {
  const expected = next(head);
  if (position !== expected) {
    yield { type: 'PositionsBroken', stream, revision, position, expected };
  }
}

/** Where the log cannot be read through: each event behind the obstacle by itself, as the index beside the log lists them. */
function* oneByOne(
  inspection: Inspection,
  eventHash: EventHash,
  seen: LogSeen,
): Generator<Finding> {
  const { head } = seen;
  try {
    for (const { stream, revision, position } of inspection.places()) {
      if (head !== undefined && inspection.compare(position, head) <= 0) continue;
      seen.head = later(inspection, seen.head, position);
      const read = attempted(() => inspection.at(position));
      if (typeof read === 'string') {
        yield { type: 'EventUnreadable', stream, revision, position, reason: read };
        continue;
      }
      yield* eventFindings(read, eventHash);
      seen.events += 1;
      seen.latest = Math.max(seen.latest, read.envelope?.metadata.at ?? 0);
    }
  } catch (cause) {
    yield { type: 'FileDamaged', part: 'the index of streams', reason: unreadable(cause) };
  }
}

const later = ({ compare }: Inspection, a: Position | undefined, b: Position): Position =>
  a === undefined || compare(a, b) < 0 ? b : a;

const attempted = (read: () => StoredEvent | undefined): StoredEvent | string => {
  try {
    return read() ?? 'it is not there';
  } catch (cause) {
    return unreadable(cause);
  }
};
