import { canonicalBytes } from '../../engine/bytes.ts';
import { text } from '../../engine/codec.ts';
import { pureSha256 } from '../../engine/ids.ts';

/** The seed of a decision: 32 bytes as lower-case hex. The event that was drawn for records it. */
export const Seed = text('a seed (64 hexadecimal digits)', (seed) => /^[0-9a-f]{64}$/.test(seed));

/**
 * A run of draws: all of it follows from instance, seed and how many draws were made, so anybody can draw it again from the recorded
 * event. `counter` begins at 0.
 */
export type Chance = {
  readonly instance: string;
  readonly seed: string;
  readonly counter: number;
};

/** What was drawn, and the run behind it. */
export type Draw = { readonly value: bigint; readonly next: Chance };

const U64_BOUND = 1n << 64n;

const seedBytes = (seed: string): Uint8Array => {
  const isSeed: boolean = Seed.is(seed);
  if (!isSeed) throw new Error(`${seed} is not ${Seed.name}`);
  return Uint8Array.from(seed.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
};

/** The first 8 bytes, big-endian, of SHA-256 of `[chancery/draw/1, instance, seed, counter]`; the seed as its bytes. */
const drawU64 = ({ instance, seed, counter }: Chance): bigint => {
  const hash = pureSha256(canonicalBytes('chancery/draw/1', instance, seedBytes(seed), counter));
  return hash.subarray(0, 8).reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
};

/**
 * A number from 0 to `bound` - 1, each as likely as any other; `bound` is from 1 to 2^64 - 1. A u64 at or above the largest multiple of the
 * bound is passed over (rejection sampling), so a draw uses up one number of the counter or more.
 */
export const drawBelow = (chance: Chance, bound: bigint): Draw => {
  if (bound < 1n || bound >= U64_BOUND) throw new Error(`no bound from 1 to 2^64 - 1: ${bound}`);
  const limit = U64_BOUND - (U64_BOUND % bound);
  let next = chance;
  for (;;) {
    const value = drawU64(next);
    next = { ...next, counter: next.counter + 1 };
    if (value < limit) return { value: value % bound, next };
  }
};

/** The run of draws of a seed from its beginning. */
export const chanceOf = (instance: string, seed: string): Chance => ({
  instance,
  seed,
  counter: 0,
});
