import { frozenJson } from '../../engine/frozen-json.ts';
import type { Envelope, Metadata, StreamName } from '../../engine/store.ts';
import { isMetadata, type Prepared } from '../append-rules.ts';
import { nativeEventHash } from '../event-hash.ts';
import type { Library } from './library.ts';
import { positionText, type LogPosition } from './position.ts';

/** What the client is given of an event. */
export type Sent = ReturnType<Library['jsonEvent']>;

/** What the client gives of an event, as far as it is read here. */
export type Recorded = {
  readonly streamId: string;
  readonly id: string;
  readonly revision: bigint;
  readonly type: string;
  readonly isJson: boolean;
  readonly data: unknown;
  readonly metadata?: unknown;
  readonly created: { readonly getTime: () => number };
  readonly position?: LogPosition;
};

/** A hash over all but the revision, which the server alone gives: an append that opens a stream anew does not know it. */
const contentHash = (
  stream: string,
  { id, type, version, dataText, metadataText }: Omit<Prepared, 'data' | 'metadata'>,
): string =>
  nativeEventHash({
    stream,
    revision: 0,
    id,
    type,
    version,
    data: dataText,
    metadata: metadataText,
  });

/**
 * An event for the server. Its metadata are the engine's own, with the keys that the server's projections honour for two of them, the
 * version of the payload, and the hash of its content. The client calls `toJSON`, so that a payload may be any JSON value.
 */
export const sent = (
  { jsonEvent }: Library,
  stream: StreamName,
  { id, type, version, data, metadata, dataText, metadataText }: Prepared,
): Sent => {
  const { correlationId, causationId, ...own } = metadata;
  return jsonEvent({
    id,
    type,
    data: { toJSON: () => data },
    metadata: {
      $correlationId: correlationId,
      ...(causationId === undefined ? {} : { $causationId: causationId }),
      ...own,
      version,
      contentHash: contentHash(stream, { id, type, version, dataText, metadataText }),
    },
  });
};

/** Whether a metadata key would be taken for one that is put beside the engine's. */
export const isOwnKey = (key: string): boolean =>
  key.startsWith('$') || key === 'version' || key === 'contentHash';

type Stored = {
  readonly metadata: Metadata;
  readonly metadataText: string;
  readonly version: number;
  readonly contentHash: string;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the engine stored beside the payload; undefined: somebody else wrote the event. */
const storedIn = (metadata: unknown): Stored | undefined => {
  if (!isRecord(metadata)) return undefined;
  const { $correlationId, $causationId, version, contentHash: hash, ...own } = metadata;
  if (typeof version !== 'number' || typeof hash !== 'string') return undefined;
  const { value, text } = frozenJson({
    ...own,
    correlationId: $correlationId,
    causationId: $causationId,
  });
  if (!isMetadata(value)) return undefined;
  return { metadata: value, metadataText: text, version, contentHash: hash };
};

/** What the engine can say of an event that somebody else wrote. */
const foreignMetadata = ({ id, created, metadata }: Recorded): Metadata => {
  const correlationId = isRecord(metadata) ? metadata['$correlationId'] : undefined;
  return {
    at: created.getTime(),
    actor: '',
    commandId: id,
    payloadHash: '',
    correlationId: typeof correlationId === 'string' ? correlationId : id,
  };
};

const unreadable = (
  recorded: Recorded,
  reason: string,
): Omit<Prepared & Unreadable, 'id' | 'type'> => {
  const data = frozenJson(recorded.isJson ? recorded.data : null);
  const metadata = foreignMetadata(recorded);
  const { text } = frozenJson(metadata);
  return {
    version: 0,
    data: data.value,
    dataText: data.text,
    metadata,
    metadataText: text,
    unreadable: reason,
  };
};
type Unreadable = { readonly unreadable: string };

const contentOf = (recorded: Recorded): Omit<Prepared & Partial<Unreadable>, 'id' | 'type'> => {
  const { streamId, id, type } = recorded;
  if (!recorded.isJson) return unreadable(recorded, 'its payload is binary, not JSON');
  const stored = storedIn(recorded.metadata);
  if (stored === undefined) return unreadable(recorded, 'its metadata are not those of an engine');
  const { value: data, text: dataText } = frozenJson(recorded.data);
  const { version, metadata, metadataText } = stored;
  const found = contentHash(streamId, { id, type, version, dataText, metadataText });
  if (found !== stored.contentHash) {
    return unreadable(recorded, 'it is not what was appended: its content has another hash');
  }
  return { version, data, dataText, metadata, metadataText };
};

/** An event at its place, frozen, with its hash. */
export const placed = (
  stream: StreamName,
  revision: number,
  position: LogPosition,
  { dataText, metadataText, ...event }: Prepared & Partial<Unreadable>,
): Envelope => {
  const { id, type, version } = event;
  const texts = { data: dataText, metadata: metadataText };
  const hash = nativeEventHash({ stream, revision, id, type, version, ...texts });
  return Object.freeze({ ...event, stream, revision, position: positionText(position), hash });
};

/** An event of the server as the engine knows it. */
export const envelopeOf = (
  stream: StreamName,
  recorded: Recorded,
  position: LogPosition,
): Envelope => {
  const { id, type, revision } = recorded;
  return placed(stream, Number(revision), position, { id, type, ...contentOf(recorded) });
};
