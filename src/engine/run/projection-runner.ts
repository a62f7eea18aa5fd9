import { Subject, type Observable } from 'rxjs';
import { consumer, orFailed, type Consumer } from './consumer.ts';
import { E } from '../fp.ts';
import { digestOfText } from '../ids.ts';
import type { AnyProjection, Recorded, Tables } from '../projection.ts';
import { decodeEvent } from '../replay.ts';
import type { Checkpoint, RowChange, RowStore } from '../rows.ts';
import { stagedRows } from './staged-rows.ts';
import {
  StoreFailed,
  describeFailure,
  type Envelope,
  type EventStore,
  type Page,
  type Position,
} from '../store.ts';
import type { Runnable } from '../subsystem.ts';

/** What has stopped a projection: an event that it cannot take in. */
export type Broken = { readonly position: Position; readonly cause: string };

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

export type ProjectionParts = {
  readonly events: EventStore;
  readonly rows: RowStore;
  /** Which subsystem an event type belongs to. */
  readonly owners: ReadonlyMap<string, Runnable>;
};

export const projectionRunner = (
  projection: AnyProjection,
  parts: ProjectionParts,
): ProjectionRunner => {
  const changes = new Subject<RowChange>();
  const built = builder(projection, parts, changes);
  let broken: Broken | undefined;

  const handle = async (page: Page): Promise<void> => {
    broken = built.apply(page);
    if (broken !== undefined) throw new ProjectionBroken(broken.cause);
  };
  const start = (): Consumer =>
    consumer({
      events: parts.events,
      types: Object.keys(projection.on),
      after: built.checkpoint()?.position,
      handle,
    });
  let running = start();

  return {
    projection,
    changes,
    status: () => statusOf(projection, built.checkpoint(), broken, running.failure()),
    advance: async (target) => {
      if (broken !== undefined) return;
      await running.advance(target).catch((cause: unknown) => {
        if (!(cause instanceof ProjectionBroken)) throw cause;
      });
    },
    follow: (failed) =>
      running.follow((cause) => {
        if (!(cause instanceof ProjectionBroken)) failed(cause);
      }),
    stop: async () => {
      await running.stop();
      changes.complete();
    },
    rebuild: async () => {
      await running.stop();
      built.clear();
      broken = undefined;
      running = start();
    },
  };
};

class ProjectionBroken extends Error {
  override readonly name = 'ProjectionBroken';
}

const NOTHING_CONSUMED = { events: 0, digest: digestOfText('') };

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

/** Which version of each projection its rows are of; another version's rows are no beginning to go on from. */
const BUILT = 'projectionVersions';

/** Turns pages of events into stored rows and checkpoint, in one transaction each. */
const builder = (
  projection: AnyProjection,
  { rows, owners }: ProjectionParts,
  changes: Subject<RowChange>,
) => {
  const consumerName = `projection:${projection.name}`;
  const models = new Map(projection.models.map((model) => [model.name, model]));
  const version: RowChange = {
    table: BUILT,
    key: projection.name,
    row: projection.version,
    entries: [],
  };
  let isOfThisVersion = orFailed(rows.get(BUILT, projection.name)) === projection.version;
  let checkpoint = isOfThisVersion ? orFailed(rows.checkpoint(consumerName)) : undefined;

  const clear = (): void => {
    orFailed(rows.clear([...models.keys()], consumerName));
    checkpoint = undefined;
  };

  /** Applies events and stores what they have changed, all or nothing. Throws `StoreFailed`, or what broke it. */
  const store = (events: readonly Envelope[], position: Position): void => {
    if (!isOfThisVersion) clear();
    const work = stagedRows(rows, models);
    let { events: count, digest } = checkpoint ?? NOTHING_CONSUMED;
    for (const envelope of events) {
      see(projection, owners, work.tables, envelope);
      count += 1;
      digest = digestOfText(digest + envelope.hash);
    }
    const value = { position, events: count, digest };
    const made = work.changes();
    orFailed(
      rows.commit({
        changes: isOfThisVersion ? made : [...made, version],
        checkpoint: { consumer: consumerName, value },
      }),
    );
    isOfThisVersion = true;
    checkpoint = value;
    for (const change of made) changes.next(change);
  };

  /** What breaks the projection when it stores events; undefined: they are stored. */
  const breaking = (events: readonly Envelope[], position: Position): string | undefined => {
    const stored = E.tryCatch(
      () => store(events, position),
      (cause) => cause,
    );
    if (E.isRight(stored)) return undefined;
    if (stored.left instanceof StoreFailed) throw stored.left;
    return stored.left instanceof Error ? stored.left.message : String(stored.left);
  };

  return {
    checkpoint: () => checkpoint,
    clear,
    /** Stores a page at once or, if that breaks, event by event up to the one that does. */
    apply: ({ events, position }: Page): Broken | undefined => {
      if (breaking(events, position) === undefined) return undefined;
      for (const envelope of events) {
        const cause = breaking([envelope], envelope.position);
        if (cause !== undefined) return { position: envelope.position, cause };
      }
      return undefined;
    },
  };
};

/** Lets the projection see one event; throws what it cannot take in. */
const see = (
  projection: AnyProjection,
  owners: ReadonlyMap<string, Runnable>,
  tables: Tables,
  envelope: Envelope,
): void => {
  const owner = owners.get(envelope.type);
  // The handler takes the events of the types it is listed under.
  const handler = projection.on[envelope.type] as Handler | undefined;
  if (owner === undefined || handler === undefined) return;
  const event = decodeEvent(owner, envelope);
  if (E.isLeft(event)) throw new Error(describeFailure(event.left));
  handler(tables, { ...event.right, envelope });
};
type Handler = (tables: Tables, recorded: Recorded) => void;
