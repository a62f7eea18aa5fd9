/** What a run of the benchmarks lets a row use. */
export type Run = {
  /** A directory of this run, removed at its end. */
  readonly directory: string;
  /** How much is done: `quick` tries the benchmarks themselves, `full` takes the sizes of the specification everywhere. */
  readonly scale: 'quick' | 'normal' | 'full';
  /** How often subject and baseline take turns. */
  readonly rounds: number;
};

/** What one row has come to. `spread`: between which ratios the middle half of all rounds lies. */
export type Measured = {
  readonly value: number;
  readonly baseline?: number | undefined;
  readonly spread?: readonly [number, number] | undefined;
  /** What a reader must know to understand the number: sizes, failures, what was left out. */
  readonly note?: string | undefined;
};

/** What is asked of a row, in words and as a check. */
export type Target = { readonly text: string; readonly isMet: (measured: Measured) => boolean };

/** A line of the table. */
export type Row = {
  readonly name: string;
  readonly unit: string;
  readonly target: Target | undefined;
  /** What the value is compared with. */
  readonly baseline: string;
  readonly measure: (run: Run) => Promise<Measured>;
};

/** Thrown where a row cannot be run here for a reason that is nobody's mistake, such as a peer that is not installed. */
export class NotRun extends Error {
  override readonly name = 'NotRun';
}

/** Value over baseline; undefined where there is none. */
export const ratioOf = ({ value, baseline }: Measured): number | undefined =>
  baseline === undefined || baseline === 0 ? undefined : value / baseline;

export const atLeast = (ratio: number): Target => ({
  text: `>= ${ratio} x`,
  isMet: (measured) => (ratioOf(measured) ?? 0) >= ratio,
});

export const atMost = (ratio: number): Target => ({
  text: `<= ${ratio} x`,
  isMet: (measured) => (ratioOf(measured) ?? Infinity) <= ratio,
});

export const below = (limit: number, unit: string): Target => ({
  text: `< ${limit} ${unit}`,
  isMet: ({ value }) => value < limit,
});

export const none: Target = { text: '0', isMet: ({ value }) => value === 0 };

/** Picks by the scale of the run; without a size of its own, `full` is `normal`. */
export const sized = <T>({ scale }: Run, quick: T, normal: T, full: T = normal): T =>
  ({ quick, normal, full })[scale];

/** Work that several rows share: done once per run, by whichever of them comes first. */
export const shared = <T>(work: (run: Run) => Promise<T>): ((run: Run) => Promise<T>) => {
  const done = new WeakMap<Run, Promise<T>>();
  return (run) => {
    const known = done.get(run) ?? work(run);
    done.set(run, known);
    return known;
  };
};
