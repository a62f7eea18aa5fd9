import { orFailed } from './consumer.ts';
import { E } from '../fp.ts';
import { digestOfText, type Sha256 } from '../ids.ts';
import { passing } from './passing.ts';
import type { AnyProjection, AnyReadModel, Recorded, Tables } from '../projection.ts';
import { decodeEvent } from '../replay.ts';
import type { Checkpoint, RowChange, RowStore } from '../rows.ts';
import { keptRows, stagedRows } from './staged-rows.ts';
import { StoreFailed, describeFailure, type Envelope, type Page, type Position } from '../store.ts';
import type { Runnable } from '../subsystem.ts';

export type BuilderParts = {
  readonly rows: RowStore;
  /** Which subsystem an event type belongs to. */
  readonly owners: ReadonlyMap<string, Runnable>;
  readonly sha256: Sha256;
};

/** What has stopped a projection: an event that it cannot take in. */
export type Broken = { readonly position: Position; readonly cause: string };

/** Turns pages of events into stored rows and checkpoint. */
export type ProjectionBuilder = {
  readonly checkpoint: () => Checkpoint | undefined;
  /** Empties the read models and forgets how far they had come. */
  readonly clear: () => void;
  /** Stores a page at once or, if that breaks, event by event up to the one that does. Throws `StoreFailed`. */
  readonly apply: (page: Page) => Broken | undefined;
  /** Stores how far the log was read, if that lies behind; a store that fails leaves it behind. */
  readonly flush: () => void;
};

export const NOTHING_CONSUMED = { events: 0, digest: digestOfText('') };

export const projectionBuilder = (
  projection: AnyProjection,
  parts: BuilderParts,
  changed: (change: RowChange) => void,
): ProjectionBuilder => {
  const kept = storedRows(projection, parts.rows);

  /** Applies events and stores what they have changed, all or nothing. Throws `StoreFailed`, or what broke it. */
  const store = (events: readonly Envelope[], position: Position): void => {
    kept.begin();
    const work = stagedRows(kept.rows, kept.models);
    let { events: count, digest } = kept.checkpoint() ?? NOTHING_CONSUMED;
    for (const envelope of events) {
      see(projection, parts.owners, work.tables, envelope);
      count += 1;
      digest = digestOfText(digest + envelope.hash, parts.sha256);
    }
    const changes = work.changes();
    kept.commit(changes, { position, events: count, digest });
    for (const change of changes) changed(change);
  };

  /** What breaks the projection when it stores events; undefined: they are stored. */
  const breaking = (events: readonly Envelope[], position: Position): string | undefined => {
    const stored = E.tryCatch(() => store(events, position), unlessStoreFailed);
    if (E.isRight(stored)) return undefined;
    kept.rows.forget();
    return stored.left;
  };

  return {
    checkpoint: kept.checkpoint,
    clear: kept.clear,
    flush: kept.flush,
    apply: ({ events, position }) => {
      if (events.length === 0 && kept.pass(position)) return undefined;
      if (breaking(events, position) === undefined) return undefined;
      for (const envelope of events) {
        const cause = breaking([envelope], envelope.position);
        if (cause !== undefined) return { position: envelope.position, cause };
      }
      return undefined;
    },
  };
};

/** What is wrong with the projection; a failing store is not. */
const unlessStoreFailed = (cause: unknown): string => {
  if (cause instanceof StoreFailed) throw cause;
  return String(cause);
};

/** Which version of each projection its rows are of; another version's rows are no beginning to go on from. */
export const VERSIONS = 'projectionVersions';

/** How far a projection has come, as it is stored; where no row changes with it, once in a while. */
const storedCheckpoint = (consumer: string, rows: RowStore, stored: Checkpoint | undefined) => {
  let checkpoint = stored;
  const unstored = passing((position) => {
    const value = { ...(checkpoint ?? NOTHING_CONSUMED), position };
    rows.commit({ changes: [], checkpoint: { consumer, value } });
  });
  return {
    get: () => checkpoint,
    /** Notes what has been stored with rows, or that nothing is any more. */
    set: (value: Checkpoint | undefined): void => {
      unstored.overtaken();
      checkpoint = value;
    },
    /** Goes past events of others; false: there is nothing yet to go on from. */
    pass: (position: Position): boolean => {
      if (checkpoint === undefined) return false;
      checkpoint = { ...checkpoint, position };
      unstored.passed(position);
      return true;
    },
    flush: unstored.flush,
  };
};

/** A projection's stored rows and checkpoint, which change together or not at all. */
const storedRows = ({ name, version, models: list }: AnyProjection, rows: RowStore) => {
  const consumer = `projection:${name}`;
  const models: ReadonlyMap<string, AnyReadModel> = new Map(
    list.map((model) => [model.name, model]),
  );
  let isOfThisVersion = orFailed(rows.get(VERSIONS, name)) === version;
  const stored = isOfThisVersion ? orFailed(rows.checkpoint(consumer)) : undefined;
  const { set, get: checkpoint, pass, flush } = storedCheckpoint(consumer, rows, stored);
  const lately = keptRows(rows);
  const clear = (): void => {
    lately.forget();
    orFailed(rows.clear([...models.keys()], consumer));
    set(undefined);
  };
  return {
    models,
    rows: lately,
    checkpoint,
    pass,
    flush,
    clear,
    /** Empties what another version has left. */
    begin: (): void => {
      if (!isOfThisVersion) clear();
    },
    commit: (changed: readonly RowChange[], value: Checkpoint): void => {
      const noted = { table: VERSIONS, key: name, row: version, entries: [] };
      const changes = isOfThisVersion ? changed : [...changed, noted];
      orFailed(rows.commit({ changes, checkpoint: { consumer, value } }));
      lately.keep(changed);
      isOfThisVersion = true;
      set(value);
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
