import { uniformBigInt } from 'pure-rand/distribution/uniformBigInt';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Chance from a seed: the same draws in the same order give the same day. Bounds are inclusive. */
export type Random = {
  readonly int: (from: number, to: number) => number;
  readonly big: (from: bigint, to: bigint) => bigint;
  readonly oneIn: (n: number) => boolean;
  readonly pick: <T>(list: readonly T[]) => T;
  /** `count` different items in a random order. */
  readonly sample: <T>(list: readonly T[], count: number) => readonly T[];
};

export const randomOf = (seed: number): Random => {
  const generator = xoroshiro128plus(seed);
  const int = (from: number, to: number): number => uniformInt(generator, from, to);
  return {
    int,
    big: (from, to) => uniformBigInt(generator, from, to),
    oneIn: (n) => int(1, n) === 1,
    pick: (list) => list[int(0, list.length - 1)]!,
    sample: (list, count) => {
      const rest = [...list];
      return Array.from({ length: count }, () => rest.splice(int(0, rest.length - 1), 1)[0]!);
    },
  };
};
