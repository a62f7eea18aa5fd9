import type { Position } from '../store.ts';

/** How many pages without anything of interest may be read before it is stored that they were. */
const MOST_UNSTORED = 50;

/** Positions that were passed without anything to be stored with them. */
export type Passing = {
  /** Notes that the log was read up to a position, and stores that once in a while. */
  readonly passed: (position: Position) => void;
  /** Stores a position that is noted and not stored yet. */
  readonly flush: () => void;
  /** Notes that a later position has been stored. */
  readonly overtaken: () => void;
};

/** After a crash the pages whose position was not stored are read again, and hold nothing. */
export const passing = (store: (position: Position) => void): Passing => {
  let unstored: Position | undefined;
  let pages = 0;
  const overtaken = (): void => {
    unstored = undefined;
    pages = 0;
  };
  const flush = (): void => {
    if (unstored !== undefined) store(unstored);
    overtaken();
  };
  return {
    passed: (position) => {
      unstored = position;
      pages += 1;
      if (pages >= MOST_UNSTORED) flush();
    },
    flush,
    overtaken,
  };
};
