import type {
  Draft,
  Envelope,
  Metadata,
  Revision,
  StoreFailure,
  StreamName,
} from '../engine/store.ts';
import { nativeEventHash } from './event-hash.ts';
import { frozenJson } from '../engine/frozen-json.ts';

/** The most that one append may hold: bytes of payloads and metadata together. */
export const APPEND_LIMIT_BYTES = 1_048_576;

/** A draft whose payload and metadata are frozen and lie ready as the RFC 8785 texts that are stored. */
export type Prepared = {
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly data: unknown;
  readonly metadata: Metadata;
  readonly dataText: string;
  readonly metadataText: string;
};

/** One append, checked for what a caller can never mean. */
export type PreparedAppend = {
  readonly stream: StreamName;
  readonly expected: Revision | 'none';
  readonly drafts: readonly Prepared[];
  readonly size: number;
};

/** Whether a JSON value is an event's metadata: it says when, who and why. */
export const isMetadata = (value: unknown): value is Metadata =>
  typeof value === 'object' &&
  value !== null &&
  'at' in value &&
  typeof value.at === 'number' &&
  'actor' in value &&
  typeof value.actor === 'string' &&
  'commandId' in value &&
  typeof value.commandId === 'string';

const prepared = ({ id, type, version, data, metadata }: Draft): Prepared => {
  const payload = frozenJson(data);
  const frozen = frozenJson(metadata);
  if (!isMetadata(frozen.value))
    throw new Error(`metadata of ${id} without instant, actor or command`);
  return {
    id,
    type,
    version,
    data: payload.value,
    metadata: frozen.value,
    dataText: payload.text,
    metadataText: frozen.text,
  };
};

/** Two equal ids in one batch, no drafts, or names without UTF-8 are bugs of the caller: they throw. */
const checkDrafts = (stream: string, drafts: readonly Draft[]): void => {
  if (drafts.length === 0) throw new Error(`an append of no events to ${stream}`);
  if (!stream.isWellFormed()) throw new Error('a stream name with a lone surrogate');
  const ids = new Set<string>();
  for (const { id } of drafts) {
    if (!id.isWellFormed()) throw new Error('an event id with a lone surrogate');
    if (ids.has(id)) throw new Error(`two events with the id ${id} in one append to ${stream}`);
    ids.add(id);
  }
};

/** Makes an append ready for any store of our own. Throws on what is a bug of the caller. */
export const prepareAppend = (
  stream: StreamName,
  expected: Revision | 'none',
  drafts: readonly Draft[],
): PreparedAppend => {
  checkDrafts(stream, drafts);
  const ready = drafts.map(prepared);
  let size = 0;
  for (const { dataText, metadataText } of ready) {
    size += Buffer.byteLength(dataText) + Buffer.byteLength(metadataText);
  }
  return { stream, expected, drafts: ready, size };
};

/** The envelope of a draft at its place, frozen, with its hash. */
export const envelopeAt = (
  stream: StreamName,
  revision: Revision,
  position: number,
  { id, type, version, data, metadata, dataText, metadataText }: Prepared,
): Envelope => {
  const texts = { data: dataText, metadata: metadataText };
  const hash = nativeEventHash({ stream, revision, id, type, version, ...texts });
  return Object.freeze({
    id,
    type,
    version,
    data,
    metadata,
    stream,
    revision,
    position: `${position}`,
    hash,
  });
};

/** The revision of the first event behind an expectation. */
export const firstRevision = (expected: Revision | 'none'): Revision =>
  expected === 'none' ? 0 : expected + 1;

/** Whether what lies in the stream at the place of an append has exactly its ids: then it is a repeat, whatever follows. */
export const isRepeat = (
  drafts: readonly { readonly id: string }[],
  there: readonly { readonly id: string }[],
): boolean =>
  drafts.length === there.length && drafts.every(({ id }, index) => id === there[index]?.id);

/** The failure of an append whose place is taken or does not exist. */
export const conflict = (
  { stream, expected }: Pick<PreparedAppend, 'stream' | 'expected'>,
  actual: Revision | 'none',
): StoreFailure => ({ type: 'RevisionConflict', stream, expected, actual });

/** The failure of an append over the limit. */
export const tooLarge = ({ size }: PreparedAppend): StoreFailure => ({
  type: 'AppendTooLarge',
  size,
  limit: APPEND_LIMIT_BYTES,
});

/** Positions of our own stores are decimal integers; '0' is before the first event. */
export const positionNumber = (position: string): number => {
  const value = Number(position);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`no position: ${position}`);
  return value;
};

/** Orders positions of our own stores. */
export const comparePositions = (a: string, b: string): number =>
  positionNumber(a) - positionNumber(b);
