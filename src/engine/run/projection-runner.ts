import { Subject, type Observable } from 'rxjs';
import { consumer, orFailed, type Consumer } from './consumer.ts';
import { E } from '../fp.ts';
import { digestOfText } from '../ids.ts';
import type { AnyProjection, AnyReadModel, Recorded, Rows, Tables } from '../projection.ts';
import { decodeEvent } from '../replay.ts';
import type { Checkpoint, IndexEntry, RowChange, RowStore } from '../rows.ts';
import {
  StoreFailed,
  describeFailure,
  type Envelope,
  type EventStore,
  type Page,
  type Position,
} from '../store.ts';
import type { Runnable } from '../subsystem.ts';
import type { DomainEvent } from '../vocabulary.ts';

/** How a projection is: it runs, or an event has broken it, at a position and for a cause that are kept. */
export type ProjectionStatus = {
  readonly projection: string;
  readonly version: number;
  readonly position: Position | undefined;
  readonly events: number;
  readonly digest: string;
  readonly broken?: { readonly position: Position; readonly cause: string };
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

type Handler = (tables: Tables, recorded: Recorded) => void;

/** The name under which a projection's place in the log is kept; another version is another consumer. */
const consumerOf = ({ name, version }: AnyProjection): string => `projection:${name}@${version}`;

const NOTHING_CONSUMED = { events: 0, digest: digestOfText('') };

export const projectionRunner = (
  projection: AnyProjection,
  parts: ProjectionParts,
): ProjectionRunner => {
  const { rows } = parts;
  const changes = new Subject<RowChange>();
  const name = consumerOf(projection);
  const models = new Map(projection.models.map((model) => [model.name, model]));
  let checkpoint = orFailed(rows.checkpoint(name));
  let broken: ProjectionStatus['broken'];

  /** Applies events and stores what they have changed; on a broken one nothing is stored, and where it stands is told. */
  const applied = (envelopes: readonly Envelope[], position: Position): number | undefined => {
    const work = staged(rows, models);
    let { events, digest } = checkpoint ?? NOTHING_CONSUMED;
    for (const [index, envelope] of envelopes.entries()) {
      broken = appliedTo(work.tables, projection, envelope, parts.owners);
      if (broken !== undefined) return index;
      events += 1;
      digest = digestOfText(digest + envelope.hash);
    }
    const next: Checkpoint = { position, events, digest };
    const made = work.changes();
    orFailed(rows.commit({ changes: made, checkpoint: { consumer: name, value: next } }));
    checkpoint = next;
    for (const change of made) changes.next(change);
    return undefined;
  };

  const handle = async ({ events, position }: Page): Promise<void> => {
    const brokenAt = applied(events, position);
    if (brokenAt === undefined) return;
    const cause = broken;
    const before = events.slice(0, brokenAt);
    const last = before.at(-1);
    if (last !== undefined) applied(before, last.position);
    broken = cause;
    throw new ProjectionBroken(cause?.cause);
  };

  const start = (): Consumer =>
    consumer({
      events: parts.events,
      types: Object.keys(projection.on),
      after: checkpoint?.position,
      handle,
    });
  let running = start();

  return {
    projection,
    changes,
    status: () => ({
      projection: projection.name,
      version: projection.version,
      position: checkpoint?.position,
      events: checkpoint?.events ?? 0,
      digest: checkpoint?.digest ?? NOTHING_CONSUMED.digest,
      ...(broken === undefined ? {} : { broken }),
    }),
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
    stop: () => running.stop(),
    rebuild: async () => {
      await running.stop();
      orFailed(rows.clear([...models.keys()], name));
      checkpoint = undefined;
      broken = undefined;
      running = start();
    },
  };
};

class ProjectionBroken extends Error {
  override readonly name = 'ProjectionBroken';
}

/** Lets the projection see one event; says what broke it, if anything did. */
const appliedTo = (
  tables: Tables,
  projection: AnyProjection,
  envelope: Envelope,
  owners: ReadonlyMap<string, Runnable>,
): ProjectionStatus['broken'] => {
  const owner = owners.get(envelope.type);
  const handler = projection.on[envelope.type];
  if (owner === undefined || handler === undefined) return undefined;
  const { position } = envelope;
  const event: E.Either<{ readonly type: string }, DomainEvent> = decodeEvent(owner, envelope);
  if (E.isLeft(event)) return { position, cause: describeFailure(event.left) };
  const applied = E.tryCatch(
    // The handler takes the events of the types it is listed under.
    () => (handler as unknown as Handler)(tables, { ...event.right, envelope }),
    (cause) => cause,
  );
  if (E.isRight(applied)) return undefined;
  if (applied.left instanceof StoreFailed) throw applied.left;
  return { position, cause: String(applied.left) };
};

type AnyRow = Record<string, unknown>;

/** The rows that a page of events touches, read once and written together. */
const staged = (rows: RowStore, models: ReadonlyMap<string, AnyReadModel>) => {
  const touched = new Map<string, Map<string, { row: unknown; changed: boolean }>>();
  const entryOf = (table: string, key: string) => {
    const ofTable = touched.get(table) ?? new Map<string, { row: unknown; changed: boolean }>();
    touched.set(table, ofTable);
    const entry = ofTable.get(key) ?? { row: orFailed(rows.get(table, key)), changed: false };
    ofTable.set(key, entry);
    return entry;
  };
  const tables = (model: AnyReadModel): Rows<AnyRow> => {
    if (!models.has(model.name))
      throw new Error(`${model.name} is not among the projection's read models`);
    return {
      get: (key) => entryOf(model.name, key).row as AnyRow | undefined,
      set: (key, row) => Object.assign(entryOf(model.name, key), { row, changed: true }),
    };
  };
  return {
    tables: tables as unknown as Tables,
    changes: (): readonly RowChange[] =>
      [...touched].flatMap(([table, entries]) =>
        [...entries]
          .filter(([, { changed }]) => changed)
          .map(([key, { row }]) => ({
            table,
            key,
            row,
            entries: entriesOf(models.get(table), row),
          })),
      ),
  };
};

/** The index entries of a row, by the indexes that its read model declares. */
export const entriesOf = (model: AnyReadModel | undefined, row: unknown): readonly IndexEntry[] => {
  if (model === undefined || row === undefined) return [];
  return Object.entries(model.indexes).flatMap(([index, valuesOf]) => {
    const values = valuesOf(row as never);
    if (values === undefined) return [];
    return [values].flat().map((value) => ({ index, value }));
  });
};
