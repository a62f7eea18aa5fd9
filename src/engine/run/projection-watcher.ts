import { Subject } from 'rxjs';
import { orFailed } from './consumer.ts';
import { GENERATIONS, generationsIn, modelsOfCode, type Generations } from './generations.ts';
import type { ProjectionRunner } from './projection-runner.ts';
import type { ProjectionChange } from './projection-tracks.ts';
import { storedStatus } from './projection-status.ts';
import type { AnyProjection } from '../projection.ts';
import type { RowStore } from '../rows.ts';
import { StoreFailed, type EventStore } from '../store.ts';

/** A projection whose rows another process writes, if anybody does: all is as it lies in the store at each moment. */
export const projectionWatcher = (
  projection: AnyProjection,
  { rows, events }: { readonly rows: RowStore; readonly events: EventStore },
): ProjectionRunner => {
  const { name, version } = projection;
  const changes = new Subject<ProjectionChange>();
  const generations = (): Generations =>
    generationsIn(orFailed(rows.get(GENERATIONS, name))) ?? {
      live: { number: 0, version, models: modelsOfCode(projection) },
      retired: [],
    };
  const status = () => storedStatus(projection, generations(), rows);
  const refused = async (): Promise<never> => {
    const reason = 'it was opened read-only';
    const remedy = 'open it for writing';
    throw new StoreFailed({ type: 'StoreUnavailable', path: events.name, reason, remedy });
  };
  return {
    projection,
    status,
    live: () => generations().live,
    advance: async (target) => {
      const { position } = status();
      if (position === undefined || events.compare(position, target) < 0) await refused();
    },
    finish: async () => undefined,
    follow: () => undefined,
    stop: async () => changes.complete(),
    rebuild: refused,
    changes,
  };
};
