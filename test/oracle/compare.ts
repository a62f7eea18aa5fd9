import { compareRows } from './compare-rows.ts';
import type { Predicted } from './lines.ts';
import type { Oracle } from './oracle.ts';
import type { LogEvent, Seen } from './product.ts';
import { difference, mismatch } from './same.ts';

/** Where the oracle and the product first differ. */
export type Difference = {
  readonly line: number;
  readonly where: string;
  readonly expected: unknown;
  readonly seen: unknown;
};

const byStream = (log: readonly LogEvent[]): ReadonlyMap<string, readonly LogEvent[]> =>
  Map.groupBy(log, ({ stream }) => stream);

const compareLogs = (lines: number, oracle: Oracle, seen: Seen): Difference | undefined => {
  const expected = byStream(oracle.world.log);
  const actual = byStream(seen.log);
  for (const stream of new Set([...expected.keys(), ...actual.keys()])) {
    const [mine, its] = [expected.get(stream) ?? [], actual.get(stream) ?? []];
    for (let i = 0; i < Math.max(mine.length, its.length); i += 1) {
      const where = difference(mine[i], its[i]);
      if (where === undefined) continue;
      return {
        line: lines,
        where: `log of ${stream}, revision ${i}${where}`,
        expected: mine[i],
        seen: its[i],
      };
    }
  }
  return undefined;
};

/** The first difference between a prediction and a run. */
export const compare = (
  lines: readonly Predicted[],
  oracle: Oracle,
  seen: Seen,
): Difference | undefined => {
  for (const [i, { answer, skewMs }] of lines.entries()) {
    const outcome = seen.outcomes[i];
    const where =
      outcome === undefined
        ? 'no outcome'
        : (mismatch(answer, outcome) ??
          difference(skewMs > 0 ? skewMs : undefined, outcome.skewMs, 'skewMs'));
    if (where !== undefined) return { line: i + 1, where, expected: answer, seen: outcome };
  }
  const rows = compareRows(oracle.world, seen);
  return (
    compareLogs(lines.length, oracle, seen) ??
    (rows === undefined ? undefined : { line: lines.length, ...rows })
  );
};
