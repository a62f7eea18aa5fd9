import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Measured, Run } from './row.ts';

const collector = (): (() => void) => {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  return typeof collect === 'function' ? () => void collect() : () => undefined;
};

/** Collects garbage, so that nobody pays for what somebody else has left. */
export const collectGarbage = collector();

const sorted = (values: readonly number[]): readonly number[] => values.toSorted((a, b) => a - b);

/** The value below which a share of all values lies, `share` from 0 to 1. */
export const quantile = (values: readonly number[], share: number): number => {
  const ordered = sorted(values);
  return ordered[Math.min(ordered.length - 1, Math.floor(share * ordered.length))] ?? NaN;
};

export const median = (values: readonly number[]): number => {
  const ordered = sorted(values);
  const middle = ordered.length >> 1;
  const upper = ordered[middle] ?? NaN;
  return ordered.length % 2 === 1 ? upper : ((ordered[middle - 1] ?? NaN) + upper) / 2;
};

/** One measurement after another of each contender. */
export type Contenders<Name extends string, Result> = Readonly<Record<Name, () => Promise<Result>>>;

/**
 * Lets contenders take turns: after a round that does not count, each round begins with another of them, so that a slow minute of the
 * machine is shared by all.
 */
export const inTurns = async <Name extends string, Result>(
  rounds: number,
  contenders: Contenders<Name, Result>,
): Promise<Readonly<Record<Name, readonly Result[]>>> => {
  const names = Object.keys(contenders) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, [] as Result[]])) as Record<
    Name,
    Result[]
  >;
  for (const name of names) await contenders[name]();
  for (let round = 0; round < rounds; round += 1) {
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)]) {
      collectGarbage();
      results[name].push(await contenders[name]());
    }
  }
  return results;
};

/** A run of many short rounds: disks slow down for seconds at a time, which short turns spread evenly over subject and baseline. */
export const finely = (run: Run): Run => ({ ...run, rounds: run.rounds * 5 });

/** Medians of two lists of rounds, and between which ratios the middle half of all rounds lies. */
export const compared = (
  values: readonly number[],
  baselines: readonly number[],
  note?: string,
): Measured => {
  const ratios = values.map((value, round) => value / (baselines[round] ?? NaN));
  return {
    value: median(values),
    baseline: median(baselines),
    spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
    note,
  };
};

/** A subject and its baseline, measured in turns. */
export const against = async (
  { rounds }: Run,
  subject: () => Promise<number>,
  baseline: () => Promise<number>,
  note?: string,
): Promise<Measured> => {
  const taken = await inTurns(rounds, { subject, baseline });
  return compared(taken.subject, taken.baseline, note);
};

/** How many per second, for work that says how many it has done. */
export const rate = async (work: () => Promise<number> | number): Promise<number> => {
  const begin = performance.now();
  const done = await work();
  return (done / (performance.now() - begin)) * 1000;
};

/** Milliseconds that some work takes. */
export const duration = async (work: () => unknown): Promise<number> => {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
};
