import { Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import type { SignedMessage } from '../../src/domain/shared/ed25519.ts';

/** The order of the group and the prime of the field. */
export const ORDER = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;
export const PRIME = 2n ** 255n - 19n;

export const littleEndian = (value: bigint): Uint8Array =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex')).toReversed();
export const numberIn = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`);

const isSmall = (bytes: Uint8Array): boolean => {
  try {
    return Point.fromBytes(bytes, true).isSmallOrder();
  } catch {
    return false;
  }
};

/** y with the sign bit that is asked for. */
const encoded = (y: bigint, sign: 0n | 1n): Uint8Array => littleEndian(y + (sign << 255n));

/** A point of order 8, from which all of small order follow: a point times the large order. */
const ofOrderEight = (): Point => {
  for (let y = 2n; ; y += 1n) {
    try {
      const point = Point.fromBytes(encoded(y, 0n), true);
      const torsion = point.multiply(ORDER - 1n, false).add(point);
      if (!torsion.double().double().is0()) return torsion;
    } catch {
      // no point has this y
    }
  }
};

/** The eight points of small order. */
export const torsionPoints = (): readonly Point[] => {
  const generator = ofOrderEight();
  return Array.from({ length: 8 }, (_, times) => generator.multiply(BigInt(times), false));
};

/** Every encoding of a point of small order, canonical or not: both signs of every y, and y + p where that has 255 bits. */
export const smallOrderEncodings = (): readonly Uint8Array[] => {
  const ys = new Set(torsionPoints().map((point) => point.toAffine().y));
  const all = [...ys].flatMap((y) => [y, y + PRIME]).filter((y) => y < 2n ** 255n);
  return all.flatMap((y) => [encoded(y, 0n), encoded(y, 1n)]).filter(isSmall);
};

const modOrder = (value: bigint): bigint => ((value % ORDER) + ORDER) % ORDER;

/** Chance, by a seed. */
export const chance = (seed: number) => {
  const random = xoroshiro128plus(seed);
  const below = (bound: number): number => uniformInt(random, 0, bound - 1);
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => below(256));
  const pick = <T>(values: readonly T[]): T => values[below(values.length)]!;
  return { below, bytes, pick };
};
export type Chance = ReturnType<typeof chance>;

export type Strange = {
  readonly kind: string;
  readonly signed: SignedMessage;
  readonly expected: boolean;
};

/** An honest signature made by hand, so that torsion may be put into its key and its R: ZIP 215 accepts that, the strict rule does not. */
const signedWith = ({ bytes, pick }: Chance, torsion: readonly Point[], isPlain: boolean) => {
  const scalar = modOrder(numberIn(bytes(32))) || 1n;
  const nonce = modOrder(numberIn(bytes(32))) || 1n;
  const extra = () => (isPlain ? torsion[0]! : pick(torsion));
  const key = Point.BASE.multiply(scalar).add(extra()).toBytes();
  const commitment = Point.BASE.multiply(nonce).add(extra()).toBytes();
  const message = bytes(8);
  const challenge = numberIn64(sha512(Uint8Array.of(...commitment, ...key, ...message)));
  const proof = modOrder(nonce + challenge * scalar);
  return { key, message, commitment, proof };
};

const numberIn64 = (bytes: Uint8Array): bigint => modOrder(numberIn(bytes));

const signatureOf = (commitment: Uint8Array, proof: bigint): Uint8Array =>
  Uint8Array.of(...commitment, ...littleEndian(proof));

/** Signatures of every strange kind, with what ZIP 215 says of each by construction. */
export const strangeSignature = (
  random: Chance,
  torsion: readonly Point[],
  small: readonly Uint8Array[],
): Strange => {
  const kind = random.pick([
    'honest',
    'torsioned',
    'malleated',
    'small order',
    'bit flipped',
    'other message',
  ]);
  if (kind === 'small order') {
    const signature = signatureOf(random.pick(small), 0n);
    return {
      kind,
      signed: { key: random.pick(small), message: random.bytes(8), signature },
      expected: true,
    };
  }
  const { key, message, commitment, proof } = signedWith(random, torsion, kind !== 'torsioned');
  const signature = signatureOf(commitment, proof);
  if (kind === 'malleated') {
    const many = BigInt(1 + random.below(14));
    const signed = { key, message, signature: signatureOf(commitment, proof + many * ORDER) };
    return { kind, signed, expected: false };
  }
  if (kind === 'bit flipped') {
    const at = random.below(64);
    const changed = signature.map((byte, index) =>
      index === at ? byte ^ (1 << random.below(8)) : byte,
    );
    return { kind, signed: { key, message, signature: changed }, expected: false };
  }
  if (kind === 'other message') {
    return {
      kind,
      signed: { key, message: Uint8Array.of(...message, 0), signature },
      expected: false,
    };
  }
  return { kind, signed: { key, message, signature }, expected: true };
};
