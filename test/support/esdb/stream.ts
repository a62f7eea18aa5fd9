import { isMetastream, TOMBSTONE_REVISION, type LogRecord } from './record.ts';

/** What the server itself obeys of a stream's metadata. `maxAge` is in seconds. */
export type Retention = {
  readonly maxCount?: number | undefined;
  readonly maxAge?: number | undefined;
  readonly truncateBefore?: number | undefined;
};

/** A stream of the log: the index of a record is its revision, for nothing is ever scavenged. */
export type Stream = {
  readonly name: string;
  readonly records: LogRecord[];
  retention: Retention;
  tombstoned: boolean;
};

export const emptyStream = (name: string): Stream => ({
  name,
  records: [],
  retention: isMetastream(name) ? { maxCount: 1 } : {},
  tombstoned: false,
});

const numberIn = (metadata: Readonly<Record<string, unknown>>, key: string): number | undefined => {
  const value = metadata[key];
  return typeof value === 'number' ? value : undefined;
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** The metadata in a record of a metastream; what is no JSON object says nothing. */
export const metadataIn = (record: LogRecord): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(record.data));
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
};

export const retentionIn = (record: LogRecord | undefined): Retention => {
  if (record === undefined) return {};
  const metadata = metadataIn(record);
  return {
    maxCount: numberIn(metadata, '$maxCount'),
    maxAge: numberIn(metadata, '$maxAge'),
    truncateBefore: numberIn(metadata, '$tb'),
  };
};

/** A soft delete is a truncation before the revision that no event has. */
export const isSoftDeleted = ({ retention, records }: Stream): boolean =>
  records.length > 0 && (retention.truncateBefore ?? 0) >= Number(TOMBSTONE_REVISION);

/** Whether reads of the stream say that there is none. */
export const isMissing = (stream: Stream): boolean =>
  stream.records.length === 0 || isSoftDeleted(stream);

/** The revision of the last event ever written, hidden or not. */
export const lastRevision = ({ records }: Stream): bigint | undefined => records.at(-1)?.revision;

/** The first index for which `holds`, of a list on which it turns from false to true once. */
export const firstIndex = <T>(list: readonly T[], holds: (item: T) => boolean): number => {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(list[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
};

/** The first revision that reads of the stream show. */
export const firstVisible = ({ records, retention }: Stream, now: number): number => {
  const { maxCount = Infinity, maxAge = Infinity, truncateBefore = 0 } = retention;
  const oldest = now - maxAge * 1000;
  const young = maxAge === Infinity ? 0 : firstIndex(records, ({ created }) => created >= oldest);
  return Math.max(truncateBefore, records.length - maxCount, young);
};
