import * as t from 'io-ts';
import { E } from '../fp.ts';
import type { AnyProjection } from '../projection.ts';
import type { Position } from '../store.ts';

/** What has stopped a projection: an event that it cannot take in. */
export type Broken = { readonly position: Position; readonly cause: string };

/** One build of a projection's rows. Its number is never that of another build whose rows are still there. */
export type Generation = {
  readonly number: number;
  /** The version of the projection that has built it. */
  readonly version: number;
  /** Its read models with the indexes of each; absent in stores that did not note them. */
  readonly models?: Readonly<Record<string, readonly string[]>>;
  readonly broken?: Broken;
};

/**
 * The generations of a projection: the one that readers see, the one that is built beside it, and those whose rows are being removed.
 * They are one row of the store, so which one is live changes in a single commit.
 */
export type Generations = {
  readonly live: Generation;
  readonly building?: Generation;
  readonly retired: readonly Generation[];
};

/** The table in which each projection has its row of generations; a bare number there is the version of generation 0. */
export const GENERATIONS = 'projectionVersions';

/** The table in which a generation keeps the rows of a read model; no read model's own name has an @. */
export const tableOf = (model: string, generation: number): string =>
  generation === 0 ? model : `${model}@${generation}`;

/** Under which name a generation's checkpoint is stored. */
export const consumerOf = (projection: string, generation: number): string =>
  generation === 0 ? `projection:${projection}` : `projection:${projection}@${generation}`;

/** The read models that a projection's code has, with the indexes of each. */
export const modelsOfCode = ({ models }: AnyProjection): NonNullable<Generation['models']> =>
  Object.fromEntries(models.map(({ name, indexes }) => [name, Object.keys(indexes)]));

/** The read models that a generation has; undefined: nobody knows. */
export const modelsIn = (
  { models, version }: Generation,
  projection: AnyProjection,
): Generation['models'] =>
  models ?? (version === projection.version ? modelsOfCode(projection) : undefined);

const oneGeneration = t.intersection([
  t.type({ number: t.Integer, version: t.number }),
  t.partial({
    models: t.record(t.string, t.array(t.string)),
    broken: t.type({ position: t.string, cause: t.string }),
  }),
]);
const allGenerations = t.intersection([
  t.type({ live: oneGeneration, retired: t.array(oneGeneration) }),
  t.partial({ building: oneGeneration }),
]);

/** The generations that a stored row tells of; undefined: it tells of none. */
export const generationsIn = (row: unknown): Generations | undefined => {
  if (typeof row === 'number') return { live: { number: 0, version: row }, retired: [] };
  const decoded = allGenerations.decode(row);
  return E.isRight(decoded) ? decoded.right : undefined;
};

/** Every generation that a row tells of. */
export const everyGeneration = ({
  live,
  building,
  retired,
}: Generations): readonly Generation[] => [
  live,
  ...(building === undefined ? [] : [building]),
  ...retired,
];

const withBroken = (generation: Generation, broken: Broken | undefined): Generation => {
  const { number, version, models } = generation;
  return {
    number,
    version,
    ...(models === undefined ? {} : { models }),
    ...(broken === undefined ? {} : { broken }),
  };
};

/** The generations once one of them is broken, or is broken no more; the same value where nothing changes. */
export const marked = (
  now: Generations,
  number: number,
  broken: Broken | undefined,
): Generations => {
  const { live, building } = now;
  if (live.number === number) {
    return live.broken === broken ? now : { ...now, live: withBroken(live, broken) };
  }
  if (building?.number !== number || building.broken === broken) return now;
  return { ...now, building: withBroken(building, broken) };
};

/** The generations once the one that was built is what readers see. */
export const switched = (now: Generations): Generations => {
  const { live, building, retired } = now;
  return building === undefined ? now : { live: building, retired: [...retired, live] };
};

/** The generations once nobody builds beside the live one any more. */
export const abandoned = (now: Generations): Generations => {
  const { live, building, retired } = now;
  return building === undefined ? now : { live, retired: [...retired, building] };
};
