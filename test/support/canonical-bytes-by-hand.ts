import { createHash } from 'node:crypto';

/** A field as docs/canonical-bytes.md writes it: its kind says how it is encoded. */
export type WrittenField =
  | { readonly text: string }
  | { readonly u64: number }
  | { readonly amount: string }
  | { readonly list: readonly WrittenField[] }
  | { readonly record: readonly WrittenField[] }
  | { readonly absent: true };

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const u64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};
const amount = (decimal: string): Buffer => {
  const hex = BigInt(decimal).toString(16);
  return decimal === '0'
    ? Buffer.alloc(0)
    : Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
};

const content = (field: WrittenField): Buffer => {
  if ('text' in field) return Buffer.from(field.text, 'utf8');
  if ('u64' in field) return u64(field.u64);
  if ('amount' in field) return amount(field.amount);
  if ('list' in field) return Buffer.concat([u32(field.list.length), record(field.list)]);
  if ('record' in field) return record(field.record);
  return Buffer.alloc(0);
};

/** The format as the document describes it, with Buffer alone and nothing of the engine's code. */
export const record = (fields: readonly WrittenField[]): Buffer =>
  Buffer.concat(fields.flatMap((field) => [u32(content(field).length), content(field)]));

export const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest();

const texts = (...parts: readonly string[]): readonly WrittenField[] =>
  parts.map((text) => ({ text }));

const sixteen = (instance: string, category: string, parts: readonly WrittenField[]): Buffer =>
  sha256(record([...texts('chancery/id/1', instance, category), ...parts])).subarray(0, 16);

/** RFC 4648 base32 by the bits, lower case and unpadded. */
export const derived = (
  instance: string,
  category: string,
  parts: readonly WrittenField[],
): string => {
  const bits = [...sixteen(instance, category, parts)]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
    .padEnd(130, '0');
  return bits.replace(
    /.{5}/g,
    (five) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(five, 2)]!,
  );
};

/** The same 16 bytes as a UUID of version 8. */
export const uuid = (instance: string, parts: readonly WrittenField[]): string => {
  const bytes = Buffer.from(sixteen(instance, 'event', parts));
  bytes[6] = 0x80 + (bytes[6]! % 16);
  bytes[8] = 0x80 + (bytes[8]! % 64);
  const hex = bytes.toString('hex');
  return [0, 8, 12, 16, 20].map((at, i) => hex.slice(at, [8, 12, 16, 20, 32][i])).join('-');
};
