import { sha256 } from '@noble/hashes/sha2.js';
import { base32, canonicalBytes, toHex, type Field } from './bytes.ts';
import { canonicalJson } from './json.ts';

/** SHA-256 (FIPS 180-4) of bytes. A native one is faster than the pure default and comes in as a port. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

/** SHA-256 in plain JavaScript. */
export const pureSha256: Sha256 = sha256;

const derived = (
  instance: string,
  category: string,
  parts: readonly Field[],
  hash: Sha256 = pureSha256,
): Uint8Array => hash(canonicalBytes('chancery/id/1', instance, category, ...parts)).slice(0, 16);

/** A derived id: the first 16 bytes of SHA-256 of `[chancery/id/1, instance, category, parts...]` in base32. */
export const derivedId = (instance: string, category: string, ...parts: readonly Field[]): string =>
  base32(derived(instance, category, parts));

/** Who asked and under which id: a command's identity. */
export type CommandKey = { readonly actor: string; readonly commandId: string };

/** The id of the `index`-th event that a command appends to a stream, as a UUID of version 8 (RFC 9562). */
export const eventId = (
  instance: string,
  stream: string,
  key: CommandKey,
  index: number,
  hash?: Sha256,
): string => {
  const bytes = derived(instance, 'event', [stream, key.actor, key.commandId, index], hash);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = toHex(bytes);
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${groups.join('-')}-${hex.slice(20)}`;
};

/** The id of the n-th command that a reaction sends because of an event. */
export const reactionCommandId = (
  instance: string,
  reaction: string,
  event: string,
  n: number,
  hash?: Sha256,
): string => base32(derived(instance, 'reaction', [reaction, event, n], hash));

/** The id of the command that a deadline sends. */
export const deadlineCommandId = (
  instance: string,
  due: {
    readonly stream: string;
    readonly revision: number;
    readonly at: number;
    readonly target: string;
    readonly commandType: string;
  },
  hash?: Sha256,
): string => {
  const { stream, revision, at, target, commandType } = due;
  return base32(derived(instance, 'deadline', [stream, revision, at, target, commandType], hash));
};

/** SHA-256, as lower-case hex, of the RFC 8785 text of a value. */
export const digestOf = (value: unknown): string => digestOfText(canonicalJson(value));

/** The hash that is stored with an event: SHA-256, as hex, over all that is stored of it but its position. */
export const eventHash = (event: HashedEvent): string => toHex(pureSha256(eventBytes(event)));

/** `[chancery/stored-event/1, stream, revision, id, type, version, payload text, metadata text]` in canonical bytes. */
export const eventBytes = (event: HashedEvent): Uint8Array => {
  const { stream, revision, id, type, version, data, metadata } = event;
  return canonicalBytes(
    'chancery/stored-event/1',
    stream,
    revision,
    id,
    type,
    version,
    data,
    metadata,
  );
};

/** An event as its hash covers it; `data` and `metadata` are RFC 8785 texts. */
export type HashedEvent = {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly version: number;
  readonly data: string;
  readonly metadata: string;
};

/** SHA-256, as lower-case hex, of a text's UTF-8 bytes. */
export const digestOfText = (text: string, hash?: Sha256): string =>
  digestOfBytes(utf8.encode(text), hash);

/** SHA-256, as lower-case hex, of bytes. */
export const digestOfBytes = (bytes: Uint8Array, hash: Sha256 = pureSha256): string =>
  toHex(hash(bytes));
const utf8 = new TextEncoder();
