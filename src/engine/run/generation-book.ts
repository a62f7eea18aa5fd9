import { orFailed } from './consumer.ts';
import {
  GENERATIONS,
  abandoned,
  everyGeneration,
  generationsIn,
  modelsOfCode,
  tableOf,
  type Generation,
  type Generations,
} from './generations.ts';
import type { AnyProjection } from '../projection.ts';
import type { Batch, RowChange, RowStore } from '../rows.ts';

/** What is stored together with rows, and hears that it was. */
export type Beside = { readonly change: RowChange; readonly stored: () => void };

/** The generations of a projection as the one who writes them knows them. */
export type GenerationBook = {
  readonly now: () => Generations;
  /** What makes these the stored ones; undefined: they are that already. */
  readonly beside: (next: Generations) => Beside | undefined;
  /** Stores them by themselves, if they are not stored yet. Throws `StoreFailed`. */
  readonly store: (next: Generations, checkpoint?: Batch['checkpoint']) => void;
  /** Begins a generation beside the live one; one that is being built already is given up. Where `grow` throws, nothing has begun. */
  readonly begin: <Grown>(grow: (generation: Generation) => Grown) => Grown;
};

/** Opens the generations of a projection: those stored, brought in line with the version of the code. Writes nothing yet. */
export const generationBook = (projection: AnyProjection, rows: RowStore): GenerationBook => {
  const row = orFailed(rows.get(GENERATIONS, projection.name));
  const stored = generationsIn(row);
  let now = stored === undefined ? first(projection, rows) : continued(projection, rows, stored);
  let isStored = now === stored && typeof row === 'object';

  const beside = (next: Generations): Beside | undefined => {
    if (next === now && isStored) return undefined;
    return {
      change: { table: GENERATIONS, key: projection.name, row: next, entries: [] },
      stored: () => {
        now = next;
        isStored = true;
      },
    };
  };
  return {
    now: () => now,
    beside,
    store: (next, checkpoint) => {
      const noted = beside(next);
      if (noted === undefined) return;
      const batch = { changes: [noted.change] };
      orFailed(rows.commit(checkpoint === undefined ? batch : { ...batch, checkpoint }));
      noted.stored();
    },
    begin: (grow) => {
      const next = begun(projection, rows, abandoned(now));
      const grown = grow(next.building);
      now = next;
      isStored = false;
      return grown;
    },
  };
};

/** Nothing was built before: the first generation is live from its first row. */
const first = (projection: AnyProjection, rows: RowStore): Generations => {
  const { free, retired } = freeFrom(projection, rows, 0);
  return { live: free, retired };
};

/** What was stored, with a generation of the code's version live or being built. */
const continued = (projection: AnyProjection, rows: RowStore, stored: Generations): Generations => {
  const { live, building } = stored;
  const { version } = projection;
  if (building?.version === version) return stored;
  if (live.version === version)
    return building === undefined ? noted(projection, stored) : abandoned(stored);
  return begun(projection, rows, abandoned(stored));
};

/** A live generation of the code's version whose read models were not noted has those of the code. */
const noted = (projection: AnyProjection, stored: Generations): Generations => {
  const { live } = stored;
  if (live.models !== undefined) return stored;
  return { ...stored, live: { ...live, models: modelsOfCode(projection) } };
};

const begun = (
  projection: AnyProjection,
  rows: RowStore,
  now: Generations,
): Generations & { readonly building: Generation } => {
  const from = 1 + Math.max(...everyGeneration(now).map(({ number }) => number));
  const { free, retired } = freeFrom(projection, rows, from);
  return { ...now, building: free, retired: [...now.retired, ...retired] };
};

/** The first generation that has no rows yet; rows that nobody knows of lie before it and are to be removed. */
const freeFrom = (projection: AnyProjection, rows: RowStore, from: number) => {
  const { version } = projection;
  const models = modelsOfCode(projection);
  const isTaken = (number: number): boolean =>
    Object.keys(models).some(
      (model) => orFailed(rows.page(tableOf(model, number), { limit: 1 })).length > 0,
    );
  const retired: Generation[] = [];
  let number = from;
  for (; isTaken(number); number += 1) retired.push({ number, version, models });
  return { free: { number, version, models }, retired };
};
