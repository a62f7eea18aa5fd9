/**
 * Canonical bytes, format `chancery-bytes/1`: every field is a big-endian u32 length followed by that many bytes. All that is
 * signed or hashed for identity is encoded so; docs/canonical-bytes.md has vectors that a stranger can recompute.
 */
export type Field = string | number | bigint | Uint8Array | undefined | { readonly list: Fields };
type Fields = readonly Field[];

const utf8 = new TextEncoder();

/** The record that is being written. Its bytes are used again for the next one, since none is begun before another has ended. */
const record = { bytes: new Uint8Array(4_096), end: 0 };

/** Makes room for so many more bytes; the offset at which they begin. */
const extend = (size: number): number => {
  const offset = record.end;
  record.end = offset + size;
  if (record.end > record.bytes.length) {
    const larger = new Uint8Array(2 * record.end);
    larger.set(record.bytes.subarray(0, offset));
    record.bytes = larger;
  }
  return offset;
};

const putU32 = (offset: number, value: number): void => {
  const { bytes } = record;
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
};

const putU64 = (value: number): void => {
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not a u64: ${value}`);
  const offset = extend(8);
  putU32(offset, Math.floor(value / 2 ** 32));
  putU32(offset + 4, value >>> 0);
};

/** A UTF-16 unit has at most so many bytes in UTF-8. */
const UNIT_BYTES = 3;

const putText = (text: string): void => {
  if (!text.isWellFormed()) throw new Error(`text with a lone surrogate has no canonical bytes`);
  const offset = extend(text.length * UNIT_BYTES);
  const { written } = utf8.encodeInto(text, record.bytes.subarray(offset, record.end));
  record.end = offset + written;
};

const putBytes = (bytes: Uint8Array): void => record.bytes.set(bytes, extend(bytes.length));

const minimal = (amount: bigint): Uint8Array => {
  if (amount < 0n) throw new Error(`a negative amount has no canonical bytes: ${amount}`);
  if (amount === 0n) return new Uint8Array();
  const hex = amount.toString(16);
  const padded = hex.length % 2 === 0 ? hex : `0${hex}`;
  return Uint8Array.from(padded.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
};

const putContent = (field: Field): void => {
  if (field === undefined) return;
  if (typeof field === 'string') return putText(field);
  if (typeof field === 'number') return putU64(field);
  if (typeof field === 'bigint') return putBytes(minimal(field));
  if (field instanceof Uint8Array) return putBytes(field);
  putU32(extend(4), field.list.length);
  for (const item of field.list) putField(item);
};

const putField = (field: Field): void => {
  const length = extend(4);
  putContent(field);
  putU32(length, record.end - length - 4);
};

/**
 * The canonical bytes of a record. Text is UTF-8 as given, a `number` is a u64, a `bigint` an amount in minimal big-endian bytes
 * (zero is empty), `undefined` is empty, `{ list }` a u32 count and its items; a record within a record is its own canonical bytes.
 */
export const canonicalBytes = (...fields: Fields): Uint8Array => {
  record.end = 0;
  for (const field of fields) putField(field);
  return record.bytes.slice(0, record.end);
};

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** RFC 4648 base32, lower case, without padding. */
export const base32 = (bytes: Uint8Array): string => {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      text += ALPHABET[(value >>> (bits - 5)) & 31];
      bits -= 5;
    }
  }
  return bits === 0 ? text : text + ALPHABET[(value << (5 - bits)) & 31];
};

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower-case hex, two digits a byte. */
export const toHex = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
};

/** Compares bytes: the first that differs decides, else the length. */
export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const difference = a[index]! - b[index]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

/** Compares two texts as their UTF-8 bytes: the order of ids everywhere. */
export const compareText = (a: string, b: string): number => {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const [x, y] = [a.charCodeAt(index), b.charCodeAt(index)];
    // UTF-8 orders by code point: surrogates stand for code points above every other UTF-16 unit.
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
};

const rank = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit);
