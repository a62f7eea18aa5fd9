import type { Inspection } from '../inspection.ts';
import type { AnyProjection } from '../projection.ts';
import {
  GENERATIONS,
  everyGeneration,
  generationsIn,
  tableOf,
  type Generation,
  type Generations,
} from '../run/generations.ts';
import type { Finding } from './finding.ts';
import { unreadable } from './unreadable.ts';

/** What the store tells of a projection's generations; undefined: nothing, or nothing that can be read. */
export const generationsOf = (inspection: Inspection, name: string): Generations | undefined => {
  try {
    for (const { key, row } of inspection.rows(GENERATIONS)) {
      if (key === name) return generationsIn(JSON.parse(row));
    }
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) unreadable(cause);
  }
  return undefined;
};

/** Every table in which a projection is known to keep rows. */
export const tablesOf = (
  { models }: AnyProjection,
  generations: Generations | undefined,
): readonly string[] => {
  const current = models.map(({ name }) => name);
  if (generations === undefined) return current;
  return everyGeneration(generations).flatMap((generation) =>
    Object.keys(generation.models ?? {})
      .concat(current)
      .map((model) => tableOf(model, generation.number)),
  );
};

/** What is broken, and which rows nobody sees any more. */
export function* generationFindings(
  projection: string,
  { live, building, retired }: Generations,
): Generator<Finding> {
  const brokenIn = function* (
    { version, broken }: Generation,
    isLive: boolean,
  ): Generator<Finding> {
    if (broken !== undefined)
      yield { type: 'ProjectionBroken', projection, version, isLive, ...broken };
  };
  yield* brokenIn(live, true);
  if (building !== undefined) yield* brokenIn(building, false);
  for (const { version, number } of retired) {
    yield { type: 'RowsLeftOver', projection, version, generation: number };
  }
}
