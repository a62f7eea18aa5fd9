import { canonicalBytes } from '../../../engine/bytes.ts';
import { E } from '../../../engine/fp.ts';
import type { HashedEvent, Sha256 } from '../../../engine/ids.ts';
import { parsedJson } from '../../../engine/json.ts';
import { leafHash, type Hash } from '../../shared/merkle.ts';

/** The tag with which the bytes of an event begin. */
export const EVENT_TAG = 'chancery/event/1';

/** What of an event's metadata stands in fields of its own; the rest is one text. */
type Named = {
  readonly at: number;
  readonly actor: string;
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId?: string;
};

/** An event as a leaf covers it: `payload` and `metadata`, which is all stored metadata without a field of its own, are RFC 8785 texts. */
export type LeafEvent = {
  readonly instance: string;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly at: number;
  readonly actor: string;
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string | undefined;
  readonly payload: string;
  readonly metadata: string;
};

/**
 * `[chancery/event/1, instance, stream, revision, id, type, version, instant, actor, commandId, correlation, causation, payload,
 * metadata]` in canonical bytes.
 */
export const leafBytes = (event: LeafEvent): Uint8Array =>
  canonicalBytes(
    EVENT_TAG,
    event.instance,
    event.stream,
    event.revision,
    event.id,
    event.type,
    event.version,
    event.at,
    event.actor,
    event.commandId,
    event.correlationId,
    event.causationId,
    event.payload,
    event.metadata,
  );

const isNamed = (value: unknown): value is Named =>
  typeof value === 'object' &&
  value !== null &&
  'at' in value &&
  typeof value.at === 'number' &&
  'actor' in value &&
  typeof value.actor === 'string' &&
  'commandId' in value &&
  typeof value.commandId === 'string' &&
  'correlationId' in value &&
  typeof value.correlationId === 'string' &&
  (!('causationId' in value) || typeof value.causationId === 'string');

/**
 * Metadata as almost all are: in the order of RFC 8785, without escapes. What has no field of its own sorts behind those that have,
 * and stays the text that it is.
 */
const USUAL =
  /^\{"actor":"([^"\\]*)","at":(0|[1-9]\d{0,14}),(?:"causationId":"([^"\\]*)",)?"commandId":"([^"\\]*)","correlationId":"([^"\\]*)"(?:,([^]*))?\}$/;

type Metadata = Pick<
  LeafEvent,
  'at' | 'actor' | 'commandId' | 'correlationId' | 'causationId' | 'metadata'
>;

const usual = (text: string): Metadata | undefined => {
  const found = USUAL.exec(text);
  if (found === null) return undefined;
  const [, actor = '', at = '', causationId, commandId = '', correlationId = '', rest = ''] = found;
  return { at: Number(at), actor, commandId, correlationId, causationId, metadata: `{${rest}}` };
};

const unusual = (text: string): Metadata | undefined => {
  const parsed = parsedJson(text);
  // Keys of metadata are words, so that sorted ones make JSON.stringify write RFC 8785.
  if (!isNamed(parsed) || JSON.stringify(parsed) !== text) return undefined;
  const { at, actor, commandId, correlationId, causationId, ...rest } = parsed;
  return { at, actor, commandId, correlationId, causationId, metadata: JSON.stringify(rest) };
};

/** What lies in the log, as a leaf covers it; undefined: its metadata are not what any engine writes. */
export const leafEvent = (instance: string, stored: HashedEvent): LeafEvent | undefined => {
  const metadata = usual(stored.metadata) ?? unusual(stored.metadata);
  if (metadata === undefined) return undefined;
  const { stream, revision, id, type, version, data: payload } = stored;
  return { instance, stream, revision, id, type, version, payload, ...metadata };
};

/** The leaf of what lies in the log; undefined: what lies there is no event. */
export const leafOf = (instance: string, stored: HashedEvent, sha256: Sha256): Hash | undefined => {
  const event = leafEvent(instance, stored);
  if (event === undefined) return undefined;
  const bytes = E.tryCatch(() => leafBytes(event), String);
  return E.isLeft(bytes) ? undefined : leafHash(bytes.right, sha256);
};
