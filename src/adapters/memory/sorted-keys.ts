import { compareText } from '../../engine/bytes.ts';

/** A set of keys that is read in the order of their UTF-8 bytes. */
export type SortedKeys = {
  readonly add: (key: string) => void;
  readonly remove: (key: string) => void;
  readonly size: () => number;
  /** The keys behind `after`, at most `limit`. */
  readonly behind: (after: string | undefined, limit: number) => readonly string[];
};

/** New keys are sorted in only when somebody reads, so that many can be added quickly. */
export const sortedKeys = (): SortedKeys => {
  const keys: string[] = [];
  const fresh = new Set<string>();
  /** The index of the first key that is not before `key`. */
  const place = (key: string): number => {
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareText(keys[middle]!, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const settle = (): void => {
    if (fresh.size > 64) {
      keys.push(...[...fresh].filter((key) => keys[place(key)] !== key));
      keys.sort(compareText);
    } else {
      for (const key of fresh) if (keys[place(key)] !== key) keys.splice(place(key), 0, key);
    }
    fresh.clear();
  };
  return {
    add: (key) => fresh.add(key),
    remove: (key) => {
      fresh.delete(key);
      const index = place(key);
      if (keys[index] === key) keys.splice(index, 1);
    },
    size: () => {
      settle();
      return keys.length;
    },
    behind: (after, limit) => {
      settle();
      const first = after === undefined ? 0 : place(after);
      const from = after !== undefined && keys[first] === after ? first + 1 : first;
      return keys.slice(from, from + limit);
    },
  };
};
