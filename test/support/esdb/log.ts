import { randomUUID } from 'node:crypto';
import { judge, type Remembered, type Verdict } from './commit.ts';
import {
  BINARY_CONTENT,
  isMetastream,
  METADATA_TYPE,
  metastreamOf,
  originalOf,
  textEvent,
  TOMBSTONE_REVISION,
  type Expected,
  type LogRecord,
  type NewEvent,
} from './record.ts';
import {
  emptyStream,
  firstIndex,
  firstVisible,
  isSoftDeleted,
  lastRevision,
  metadataIn,
  retentionIn,
  type Stream,
} from './stream.ts';

/** The most bytes of data that one append may carry; metadata is not counted. */
export const MAX_APPEND_BYTES = 1_048_576;

/** What an append has come to. A revision is missing for a stream without events, a position for a repeat of hidden ones. */
export type Appended =
  | {
      readonly _tag: 'Written';
      readonly revision: bigint | undefined;
      readonly position: number | undefined;
    }
  | Exclude<Verdict, { readonly _tag: 'Write' | 'Repeat' }>
  | { readonly _tag: 'TooLarge' };

/** The rights of the log's readers. */
export type Log = {
  /** Every record in the order of the log. */
  readonly records: readonly LogRecord[];
  readonly stream: (name: string) => Stream;
  /** The index of the first record at a position or after it. */
  readonly indexOf: (position: number) => number;
  readonly append: (stream: string, expected: Expected, events: readonly NewEvent[]) => Appended;
  /** Deletes softly: the stream is missing until its next event, numbering goes on. */
  readonly delete: (stream: string, expected: Expected) => Appended;
  /** Deletes for ever. */
  readonly tombstone: (stream: string, expected: Expected) => Appended;
  /** Goes back to the first `count` records, as a store restored from a backup does. */
  readonly goBackTo: (count: number) => void;
  /** Forgets what a restart of the server forgets: the ids in memory. */
  readonly forget: () => void;
  /** Hears of records as they are written, a call per append; returns what ends it. */
  readonly follow: (heard: (records: readonly LogRecord[]) => void) => () => void;
  readonly now: () => number;
};

const SOFT_DELETE = `{"$tb":${TOMBSTONE_REVISION}}`;

/** Positions are offsets in bytes on the real server: they grow by more than 1 from record to record. */
const sizeOf = ({ data, metadata }: NewEvent): number => 128 + data.length + metadata.length;

const ALONE: NewEvent = textEvent('', '', '');

const metadataEvent = (json: string): NewEvent => textEvent(randomUUID(), METADATA_TYPE, json);

const dataBytes = (events: readonly NewEvent[]): number =>
  events.reduce((sum, { data }) => sum + data.length, 0);

/** An in-memory log that decides appends, deletions and repeats as EventStoreDB 23.10.8 does. */
export const createLog = (now: () => number = Date.now): Log => {
  const records: LogRecord[] = [];
  const streams = new Map<string, Stream>();
  const remembered = new Map<string, Remembered>();
  const followers = new Set<(written: readonly LogRecord[]) => void>();
  let head = 0;

  const stream = (name: string): Stream => streams.get(name) ?? emptyStream(name);

  const opened = (name: string): Stream => {
    const found = stream(name);
    streams.set(name, found);
    return found;
  };

  /** What a metastream says last is obeyed by its stream from then on. */
  const obey = (name: string): void => {
    if (!isMetastream(name)) return;
    opened(originalOf(name)).retention = retentionIn(stream(name).records.at(-1));
  };

  const reserve = (event: NewEvent): number => {
    const position = head;
    head += sizeOf(event);
    return position;
  };

  const record = (name: string, event: NewEvent, revision: bigint): LogRecord => {
    const made = { ...event, stream: name, revision, position: reserve(event), created: now() };
    records.push(made);
    return made;
  };

  const write = (name: string, events: readonly NewEvent[]): readonly LogRecord[] => {
    const target = opened(name);
    const written = events.map((event) => {
      const made = record(name, event, BigInt(target.records.length));
      target.records.push(made);
      remembered.set(event.id, { stream: name, revision: made.revision });
      return made;
    });
    obey(name);
    return written;
  };

  /** An event in a softly deleted stream brings it back: what was deleted stays hidden. */
  const reopen = (target: Stream): readonly LogRecord[] => {
    if (!isSoftDeleted(target)) return [];
    const metastream = metastreamOf(target.name);
    const kept = stream(metastream).records.at(-1);
    const metadata = { ...(kept && metadataIn(kept)), $tb: target.records.length };
    return write(metastream, [metadataEvent(JSON.stringify(metadata))]);
  };

  const tell = (written: readonly LogRecord[]): void => {
    for (const heard of followers) heard(written);
  };

  const repeated = (target: Stream, last: bigint): Appended => {
    const hidden = last < BigInt(firstVisible(target, now()));
    const position = hidden ? undefined : target.records[Number(last)]?.position;
    return { _tag: 'Written', revision: last, position };
  };

  const append: Log['append'] = (name, expected, events) => {
    if (dataBytes(events) > MAX_APPEND_BYTES) return { _tag: 'TooLarge' };
    const target = stream(name);
    const verdict = judge(target, expected, events, remembered);
    if (verdict._tag === 'Repeat') return repeated(target, verdict.last);
    if (verdict._tag !== 'Write') return verdict;
    if (events.length === 0) {
      return { _tag: 'Written', revision: lastRevision(target), position: reserve(ALONE) };
    }
    const written = [...reopen(target), ...write(name, events)];
    tell(written);
    const last = written.at(-1)!;
    return { _tag: 'Written', revision: last.revision, position: last.position };
  };

  const judgedDeletion = (name: string, expected: Expected): Appended | undefined => {
    const verdict = judge(stream(name), expected, [ALONE], new Map());
    return verdict._tag === 'WrongRevision' || verdict._tag === 'Deleted' ? verdict : undefined;
  };

  const deleteSoftly: Log['delete'] = (name, expected) => {
    const refused = judgedDeletion(name, expected);
    if (refused !== undefined) return refused;
    const target = stream(name);
    if (target.records.length === 0) return { _tag: 'WrongRevision', actual: undefined };
    const written = write(metastreamOf(name), [metadataEvent(SOFT_DELETE)]);
    tell(written);
    return { _tag: 'Written', revision: lastRevision(target), position: written[0]?.position };
  };

  const tombstone: Log['tombstone'] = (name, expected) => {
    const refused = judgedDeletion(name, expected);
    if (refused !== undefined) return refused;
    const event = textEvent(randomUUID(), '$streamDeleted', '', BINARY_CONTENT);
    const made = record(name, event, TOMBSTONE_REVISION);
    opened(name).tombstoned = true;
    tell([made]);
    return { _tag: 'Written', revision: TOMBSTONE_REVISION, position: made.position };
  };

  const goBackTo: Log['goBackTo'] = (count) => {
    for (const { stream: name, revision, id } of records.splice(count)) {
      const target = opened(name);
      if (revision === TOMBSTONE_REVISION) target.tombstoned = false;
      else target.records.pop();
      remembered.delete(id);
      obey(name);
    }
    const last = records.at(-1);
    head = last === undefined ? 0 : last.position + sizeOf(last);
  };

  return {
    records,
    stream,
    indexOf: (position) => firstIndex(records, (found) => found.position >= position),
    append,
    delete: deleteSoftly,
    tombstone,
    goBackTo,
    forget: () => remembered.clear(),
    follow: (heard) => {
      followers.add(heard);
      return () => followers.delete(heard);
    },
    now,
  };
};
