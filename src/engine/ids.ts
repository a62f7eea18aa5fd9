import { sha256 } from '@noble/hashes/sha2.js';
import { base32, canonicalBytes, toHex, type Field } from './bytes.ts';
import { canonicalJson } from './json.ts';

const derived = (instance: string, category: string, parts: readonly Field[]): Uint8Array =>
  sha256(canonicalBytes('chancery/id/1', instance, category, ...parts)).slice(0, 16);

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
): string => {
  const bytes = derived(instance, 'event', [stream, key.actor, key.commandId, index]);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

/** The id of the n-th command that a reaction sends because of an event. */
export const reactionCommandId = (
  instance: string,
  reaction: string,
  event: string,
  n: number,
): string => derivedId(instance, 'reaction', reaction, event, n);

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
): string =>
  derivedId(instance, 'deadline', due.stream, due.revision, due.at, due.target, due.commandType);

/** SHA-256, as lower-case hex, of the RFC 8785 text of a value. */
export const digestOf = (value: unknown): string => digestOfText(canonicalJson(value));

/** The hash that is stored with an event: SHA-256, as hex, over its place, its id and its two RFC 8785 texts. */
export const eventHash = (event: HashedEvent): string => toHex(sha256(eventBytes(event)));

/** What `eventHash` hashes; a store may use a native SHA-256 over it. */
const eventBytes = ({ stream, revision, id, data, metadata }: HashedEvent): Uint8Array =>
  canonicalBytes('chancery/event/1', stream, revision, id, data, metadata);

/** An event's place, id and texts, as its hash covers them. */
export type HashedEvent = {
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly data: string;
  readonly metadata: string;
};

/** SHA-256, as lower-case hex, of a text's UTF-8 bytes. */
export const digestOfText = (text: string): string => toHex(sha256(new TextEncoder().encode(text)));
