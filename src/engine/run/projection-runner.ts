import { Subject, type Observable } from 'rxjs';
import type { Gathering } from './gathering.ts';
import { consumer, type Consumer } from './consumer.ts';
import type { AnyProjection } from '../projection.ts';
import {
  NOTHING_CONSUMED,
  projectionBuilder,
  type Broken,
  type BuilderParts,
} from './projection-builder.ts';
import type { Checkpoint, RowChange } from '../rows.ts';
import type { EventStore, Page, Position } from '../store.ts';
import type { Taps } from './taps.ts';

/** How a projection is: it runs, or an event has broken it, at a position and for a cause that are kept. */
export type ProjectionStatus = {
  readonly projection: string;
  readonly version: number;
  readonly position: Position | undefined;
  readonly events: number;
  readonly digest: string;
  readonly broken?: Broken;
  /** Why the log or the rows could not be reached the last time; they are tried again. */
  readonly failure?: string;
};

export type ProjectionRunner = {
  readonly projection: AnyProjection;
  readonly status: () => ProjectionStatus;
  /** Catches up to `target`; resolves too when the projection is broken: then it gets no further. */
  readonly advance: (target: Position) => Promise<void>;
  readonly follow: (failed: (cause: unknown) => void) => void;
  readonly stop: () => Promise<void>;
  /** Empties its read models and starts from the beginning of the log. */
  readonly rebuild: () => Promise<void>;
  readonly changes: Observable<RowChange>;
};

export type ProjectionParts = BuilderParts & {
  readonly events: EventStore;
  readonly gather: Gathering;
  readonly tap: Taps['builder'];
};

export const projectionRunner = (
  projection: AnyProjection,
  parts: ProjectionParts,
): ProjectionRunner => {
  const changes = new Subject<RowChange>();
  const untapped = projectionBuilder(projection, parts, (change) => changes.next(change));
  const built = parts.tap(untapped, projection);
  let broken: Broken | undefined;
  const startedAt = following(projection, parts);

  const handle = async (page: Page): Promise<void> => {
    broken = built.apply(page);
    if (broken !== undefined) throw new ProjectionBroken(broken.cause);
  };
  const start = (): Consumer => startedAt(built.checkpoint()?.position, handle);
  let running = start();

  return {
    projection,
    changes,
    status: () => statusOf(projection, built.checkpoint(), broken, running.failure()),
    advance: async (target) => {
      if (broken === undefined) await running.advance(target).catch(unlessBroken);
    },
    follow: (failed) =>
      running.follow((cause) => {
        if (!(cause instanceof ProjectionBroken)) failed(cause);
      }),
    stop: () =>
      running.stop().then(() => {
        built.flush();
        return changes.complete();
      }),
    rebuild: async () => {
      await running.stop();
      built.clear();
      broken = undefined;
      running = start();
    },
  };
};

const following =
  ({ on }: AnyProjection, { events, gather }: ProjectionParts) =>
  (after: Position | undefined, handle: (page: Page) => Promise<void>): Consumer =>
    consumer({ events, gather, types: Object.keys(on), after, handle });

class ProjectionBroken extends Error {
  override readonly name = 'ProjectionBroken';
}

const unlessBroken = (cause: unknown): void => {
  if (!(cause instanceof ProjectionBroken)) throw cause;
};

const statusOf = (
  { name, version }: AnyProjection,
  checkpoint: Checkpoint | undefined,
  broken: Broken | undefined,
  failure: string | undefined,
): ProjectionStatus => ({
  projection: name,
  version,
  position: checkpoint?.position,
  events: checkpoint?.events ?? 0,
  digest: checkpoint?.digest ?? NOTHING_CONSUMED.digest,
  ...(broken === undefined ? {} : { broken }),
  ...(broken === undefined && failure !== undefined ? { failure } : {}),
});
