import { orFailed } from './consumer.ts';
import { E } from '../fp.ts';
import type { Beside } from './generation-book.ts';
import { consumerOf, tableOf, type Broken } from './generations.ts';
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

/** Up to where a page goes, and whether the log ended there. */
export type Reached = Pick<Page, 'position' | 'caughtUp'>;

/** Where rows are built. */
export type BuildingPlace = {
  readonly generation: number;
  /** How far the stored ones have come. */
  readonly from: () => Checkpoint | undefined;
  /** What is to be stored together with the rows of a page. */
  readonly beside: (reached: Reached) => Beside | undefined;
  /** Hears of every change that has been stored. */
  readonly changed: (change: RowChange) => void;
};

/** Rows that nobody sees and that are thrown away. */
export const scratchPlace: BuildingPlace = {
  generation: 0,
  from: () => undefined,
  beside: () => undefined,
  changed: () => undefined,
};

/** Turns pages of events into stored rows and checkpoint. */
export type ProjectionBuilder = {
  readonly checkpoint: () => Checkpoint | undefined;
  /** Looks up how far the stored rows have come: a store that has failed may have stored them all the same. Throws `StoreFailed`. */
  readonly recall: () => Checkpoint | undefined;
  /** Stores a page at once or, if that breaks, event by event up to the one that does. Throws `StoreFailed`. */
  readonly apply: (page: Page) => Broken | undefined;
  /** Stores how far the log was read, if that lies behind; a store that fails leaves it behind. */
  readonly flush: () => void;
};

export const NOTHING_CONSUMED = { events: 0, digest: digestOfText('') };

export const projectionBuilder = (
  projection: AnyProjection,
  parts: BuilderParts,
  place: BuildingPlace,
): ProjectionBuilder => {
  const kept = storedRows(projection, parts.rows, place);
  const store = storing(projection, parts, place, kept);

  /** What breaks the projection when it stores events; undefined: they are stored. */
  const breaking = (events: readonly Envelope[], reached: Reached): string | undefined => {
    const stored = E.tryCatch(() => store(events, reached), unlessStoreFailed);
    if (E.isRight(stored)) return undefined;
    kept.rows.forget();
    return stored.left;
  };

  /** Stores events one by one up to the one that breaks it. */
  const singly = (events: readonly Envelope[]): Broken | undefined => {
    for (const envelope of events) {
      const { position } = envelope;
      const cause = breaking([envelope], { position, caughtUp: false });
      if (cause !== undefined) return { position, cause };
    }
    return undefined;
  };

  return {
    ...kept.progress,
    apply: ({ events, position, caughtUp }) => {
      const reached = { position, caughtUp };
      const isPassing = events.length === 0 && place.beside(reached) === undefined;
      if (isPassing && kept.pass(position)) return undefined;
      if (breaking(events, reached) === undefined) return undefined;
      const broken = singly(events);
      if (broken === undefined) store([], reached);
      return broken;
    },
  };
};

/** Applies events and stores what they have changed, all or nothing. Throws `StoreFailed`, or what broke the projection. */
const storing =
  (
    projection: AnyProjection,
    { owners, sha256 }: BuilderParts,
    { beside }: BuildingPlace,
    kept: ReturnType<typeof storedRows>,
  ) =>
  (events: readonly Envelope[], reached: Reached): void => {
    const work = stagedRows(kept.rows, kept.models);
    let { events: count, digest } = kept.checkpoint() ?? NOTHING_CONSUMED;
    for (const envelope of events) {
      see(projection, owners, work.tables, envelope);
      count += 1;
      digest = digestOfText(digest + envelope.hash, sha256);
    }
    const { position } = reached;
    kept.commit(work.changes(), { position, events: count, digest }, beside(reached));
  };

/** What is wrong with the projection; a failing store is not. */
const unlessStoreFailed = (cause: unknown): string => {
  if (cause instanceof StoreFailed) throw cause;
  return String(cause);
};

/** How far a projection has come, as it is stored; where no row changes with it, once in a while. */
const storedCheckpoint = (consumer: string, rows: RowStore, stored: Checkpoint | undefined) => {
  let checkpoint = stored;
  const unstored = passing((position) => {
    const value = { ...(checkpoint ?? NOTHING_CONSUMED), position };
    rows.commit({ changes: [], checkpoint: { consumer, value } });
  });
  return {
    get: () => checkpoint,
    /** Notes that what is to be stored with rows is later than what was passed. */
    overtaken: unstored.overtaken,
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

/** The stored rows and checkpoint of one generation, which change together or not at all. */
const storedRows = (
  { name, models: list }: AnyProjection,
  rows: RowStore,
  { generation, from, changed }: BuildingPlace,
) => {
  const consumer = consumerOf(name, generation);
  const models: ReadonlyMap<string, AnyReadModel> = new Map(
    list.map((model) => [model.name, model]),
  );
  const { set, get: checkpoint, pass, flush, overtaken } = storedCheckpoint(consumer, rows, from());
  const lately = keptRows((table, key) => orFailed(rows.get(tableOf(table, generation), key)));
  const placed = (change: RowChange): RowChange =>
    generation === 0 ? change : { ...change, table: tableOf(change.table, generation) };
  return {
    models,
    rows: lately,
    checkpoint,
    pass,
    progress: {
      checkpoint,
      flush,
      recall: (): Checkpoint | undefined => {
        lately.forget();
        set(from());
        return checkpoint();
      },
    },
    commit: (changes: readonly RowChange[], value: Checkpoint, beside?: Beside): void => {
      const all = generation === 0 ? [...changes] : changes.map(placed);
      if (beside !== undefined) all.push(beside.change);
      // If this fails and is stored all the same, no earlier position may be stored over it.
      overtaken();
      orFailed(rows.commit({ changes: all, checkpoint: { consumer, value } }));
      lately.keep(changes);
      set(value);
      for (const change of changes) changed(change);
      beside?.stored();
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
