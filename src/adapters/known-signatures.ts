import type { SignedMessage } from '../domain/shared/ed25519.ts';

/** RFC 8032, 7.1, TEST 2. */
const KEY = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c';
const R = '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da';
const S = '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00';
const MESSAGE = '72';

/** The order of the group: S must be below it, or a signature could be turned into another of the same message. */
const ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
const BOUND = 2n ** 256n;

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

const littleEndian = (value: bigint): Uint8Array =>
  bytesOf(value.toString(16).padStart(64, '0')).toReversed();

const numberIn = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`);

const flipped = (bytes: Uint8Array, bit: number): Uint8Array =>
  bytes.map((byte, index) => (index === Math.floor(bit / 8) ? byte ^ (1 << (bit % 8)) : byte));

/** S and all that is S modulo the order and has 32 bytes. */
const scalars = (): readonly Uint8Array[] => {
  const first = numberIn(bytesOf(S));
  const count = Number((BOUND - 1n - first) / ORDER) + 1;
  return Array.from({ length: count }, (_, times) => littleEndian(first + BigInt(times) * ORDER));
};

const bits = (length: number): readonly number[] =>
  Array.from({ length: length * 8 }, (_, bit) => bit);

/** A true signature and many that are not: with an S that is too large, and with one bit changed anywhere. */
export const signaturesToKnow = (): readonly SignedMessage[] => {
  const [key, message] = [bytesOf(KEY), bytesOf(MESSAGE)];
  const signed = scalars().map((scalar) => ({
    key,
    message,
    signature: Uint8Array.of(...bytesOf(R), ...scalar),
  }));
  const [honest] = signed;
  if (honest === undefined) return [];
  const { signature } = honest;
  return [
    ...signed,
    ...bits(message.length).map((bit) => ({ ...honest, message: flipped(message, bit) })),
    ...bits(2).map((bit) => ({ ...honest, key: flipped(key, bit * 15) })),
    ...bits(4).map((bit) => ({ ...honest, signature: flipped(signature, bit * 16) })),
  ];
};
