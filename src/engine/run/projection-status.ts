import { orFailed } from './consumer.ts';
import { consumerOf, type Broken, type Generation, type Generations } from './generations.ts';
import { NOTHING_CONSUMED } from './projection-builder.ts';
import type { AnyProjection } from '../projection.ts';
import type { Checkpoint, RowStore } from '../rows.ts';
import type { Position } from '../store.ts';

/** How far a generation of rows has come, and what keeps it from going on. */
type Progress = {
  /** The version of the projection that builds the rows. */
  readonly version: number;
  readonly position: Position | undefined;
  readonly events: number;
  /** The event that it cannot take in. It is tried again when the engine starts anew. */
  readonly broken?: Broken;
  /** Why the log or the rows could not be reached the last time; they are tried again. */
  readonly failure?: string;
};

/** How the rows of a projection are that readers see, and those that are built to take their place. */
export type ProjectionStatus = Progress & {
  readonly projection: string;
  readonly digest: string;
  /** The rows are of another version than the code's: they stand still until others have taken their place. */
  readonly isStale?: true;
  /** `outOf`: how many events the rows have consumed that readers see. */
  readonly building?: Progress & { readonly outOf: number };
};

type Found = { readonly checkpoint: Checkpoint | undefined; readonly failure: string | undefined };

const progressOf = ({ version, broken }: Generation, { checkpoint, failure }: Found): Progress => ({
  version,
  position: checkpoint?.position,
  events: checkpoint?.events ?? 0,
  ...(broken === undefined ? {} : { broken }),
  ...(broken === undefined && failure !== undefined ? { failure } : {}),
});

/** The status of a projection: its generations, and how far the live one and the one that is built have come. */
export const projectionStatus = (
  { name, version }: AnyProjection,
  { live, building }: Generations,
  found: { readonly live: Found; readonly building: Found },
): ProjectionStatus => {
  const outOf = found.live.checkpoint?.events ?? 0;
  return {
    projection: name,
    ...progressOf(live, found.live),
    digest: found.live.checkpoint?.digest ?? NOTHING_CONSUMED.digest,
    ...(live.version === version ? {} : { isStale: true as const }),
    ...(building === undefined
      ? {}
      : { building: { ...progressOf(building, found.building), outOf } }),
  };
};

/** The status as it lies in the store. */
export const storedStatus = (
  projection: AnyProjection,
  generations: Generations,
  rows: RowStore,
): ProjectionStatus => {
  const found = (generation: Generation | undefined): Found => ({
    checkpoint:
      generation && orFailed(rows.checkpoint(consumerOf(projection.name, generation.number))),
    failure: undefined,
  });
  const { live, building } = generations;
  return projectionStatus(projection, generations, {
    live: found(live),
    building: found(building),
  });
};
