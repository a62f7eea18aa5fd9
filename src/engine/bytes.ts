/**
 * Canonical bytes, format `chancery-bytes/1`: every field is a big-endian u32 length followed by that many bytes. All that is
 * signed or hashed for identity is encoded so; docs/canonical-bytes.md has vectors that a stranger can recompute.
 */
export type Field = string | number | bigint | Uint8Array | undefined | { readonly list: Fields };
type Fields = readonly Field[];

const utf8 = new TextEncoder();

const concat = (parts: readonly Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
};

const bigEndian = (value: bigint | number, size: 4 | 8): Uint8Array => {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  if (size === 4) view.setUint32(0, Number(value));
  if (size === 8) view.setBigUint64(0, BigInt(value));
  return bytes;
};

const textBytes = (text: string): Uint8Array => {
  if (!text.isWellFormed()) throw new Error(`text with a lone surrogate has no canonical bytes`);
  return utf8.encode(text);
};

const minimal = (amount: bigint): Uint8Array => {
  if (amount < 0n) throw new Error(`a negative amount has no canonical bytes: ${amount}`);
  if (amount === 0n) return new Uint8Array();
  const hex = amount.toString(16);
  const padded = hex.length % 2 === 0 ? hex : `0${hex}`;
  return Uint8Array.from(padded.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
};

const contentOf = (field: Field): Uint8Array => {
  if (field === undefined) return new Uint8Array();
  if (typeof field === 'string') return textBytes(field);
  if (typeof field === 'bigint') return minimal(field);
  if (field instanceof Uint8Array) return field;
  if (typeof field === 'object') {
    return concat([bigEndian(field.list.length, 4), canonicalBytes(...field.list)]);
  }
  if (!Number.isSafeInteger(field) || field < 0) throw new Error(`not a u64: ${field}`);
  return bigEndian(field, 8);
};

/**
 * The canonical bytes of a record. Text is UTF-8 as given, a `number` is a u64, a `bigint` an amount in minimal big-endian bytes
 * (zero is empty), `undefined` is empty, `{ list }` a u32 count and its items; a record within a record is its own canonical bytes.
 */
export const canonicalBytes = (...fields: Fields): Uint8Array =>
  concat(
    fields.flatMap((field) => {
      const content = contentOf(field);
      return [bigEndian(content.length, 4), content];
    }),
  );

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
