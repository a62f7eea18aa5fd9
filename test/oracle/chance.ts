import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Chance from a seed; bounds are inclusive. */
export type Chance = {
  readonly int: (from: number, to: number) => number;
  readonly percent: (of: number) => boolean;
  readonly pick: <T>(list: readonly T[]) => T;
  /** Each item with the weight it has among all. */
  readonly weighted: <T>(items: readonly (readonly [number, T])[]) => T;
};

export const chanceOf = (seed: number): Chance => {
  const generator = xoroshiro128plus(seed);
  const int = (from: number, to: number): number => uniformInt(generator, from, to);
  return {
    int,
    percent: (of) => int(1, 100) <= of,
    pick: (list) => list[int(0, list.length - 1)]!,
    weighted: (items) => {
      let left = int(
        1,
        items.reduce((sum, [weight]) => sum + weight, 0),
      );
      for (const [weight, item] of items) {
        left -= weight;
        if (left <= 0) return item;
      }
      return items.at(-1)![1];
    },
  };
};
