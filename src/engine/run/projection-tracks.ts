import type { Subject } from 'rxjs';
import { orFailed } from './consumer.ts';
import type { Beside, GenerationBook } from './generation-book.ts';
import {
  consumerOf,
  everyGeneration,
  generationsIn,
  GENERATIONS,
  marked,
  switched,
  type Generation,
  type Generations,
} from './generations.ts';
import type { BuildingPlace, Reached } from './projection-builder.ts';
import { projectionTrack, type Track, type TrackParts } from './projection-track.ts';
import type { AnyProjection } from '../projection.ts';
import type { Checkpoint, RowChange } from '../rows.ts';

/** What has happened to the rows that readers see: one of them changed, or others have taken the place of all. */
export type ProjectionChange =
  | {
      readonly type: 'RowChanged';
      readonly model: string;
      readonly key: string;
      readonly row: unknown;
    }
  | { readonly type: 'RowsSwitched'; readonly projection: string; readonly version: number };

/** The generations of a projection that grow now. */
export type Tracks = {
  /** The one that readers see; undefined: its code is gone, and it stands still. */
  readonly live: () => Track | undefined;
  readonly building: () => Track | undefined;
  /** How far the rows have come that readers see. */
  readonly liveCheckpoint: () => Checkpoint | undefined;
  /** Goes on building beside the live rows; from the first event where nothing is built, or an event has broken it. */
  readonly begin: () => void;
};

export type TracksParts = TrackParts & {
  readonly book: GenerationBook;
  readonly changes: Subject<ProjectionChange>;
  /** Hears that other rows are live. */
  readonly switched: () => void;
};

/** What the generations of a projection share while they grow. */
type Growth = TracksParts & {
  readonly projection: AnyProjection;
  /** How far the stored rows of a generation have come. */
  readonly from: (generation: Generation) => Checkpoint | undefined;
  readonly growing: { live: Track | undefined; building: Track | undefined };
};

export const projectionTracks = (projection: AnyProjection, parts: TracksParts): Tracks => {
  const { book } = parts;
  const growing: Growth['growing'] = { live: undefined, building: undefined };
  const growth: Growth = { ...parts, projection, growing, from: storedUpTo(projection, parts) };
  const { live, building } = book.now();
  const standing = growth.from(live);
  if (live.version === projection.version) growing.live = started(growth, live);
  if (building !== undefined) growing.building = started(growth, building);
  return {
    live: () => growing.live,
    building: () => growing.building,
    liveCheckpoint: () => (growing.live === undefined ? standing : growing.live.checkpoint()),
    begin: () => {
      const isUnderWay = growing.building !== undefined;
      if (isUnderWay && book.now().building?.broken === undefined) return;
      const next = book.begin((generation) => started(growth, generation));
      growing.building?.leave();
      growing.building = next;
    },
  };
};

/** A generation that the store does not know begins at the first event, whatever stands under its name. */
const storedUpTo =
  ({ name }: AnyProjection, { rows }: TracksParts): Growth['from'] =>
  ({ number }) => {
    const stored = generationsIn(orFailed(rows.get(GENERATIONS, name)));
    const known = stored === undefined ? [] : everyGeneration(stored);
    const isKnown = known.some((generation) => generation.number === number);
    return isKnown ? orFailed(rows.checkpoint(consumerOf(name, number))) : undefined;
  };

const started = (growth: Growth, generation: Generation): Track => {
  const { projection, book, growing } = growth;
  const { number } = generation;
  const place: BuildingPlace = {
    generation: number,
    from: () => growth.from(generation),
    beside: (reached) => besideOf(growth, number, reached),
    changed: (change) => {
      if (growing.live?.generation === number) tell(growth, change);
    },
  };
  return projectionTrack(projection, growth, place, (broken) =>
    book.store(marked(book.now(), number, broken)),
  );
};

/** What is stored with rows of a generation: that it is broken no more, and, once it has caught up, that it is the live one. */
const besideOf = (growth: Growth, number: number, reached: Reached): Beside | undefined => {
  const { book } = growth;
  const mended = mendedBy(book.now(), number, reached, growth);
  if (!isReady(growth, number, reached)) return book.beside(mended);
  const beside = book.beside(switched(mended));
  return (
    beside && {
      change: beside.change,
      stored: () => {
        beside.stored();
        switchOver(growth);
      },
    }
  );
};

/** Rows that readers see never go back: the new ones have come as far as the old. */
const isReady = (
  { growing: { live, building }, events }: Growth,
  number: number,
  { position, caughtUp }: Reached,
): boolean => {
  if (!caughtUp || number !== building?.generation) return false;
  const reached = live?.checkpoint()?.position;
  return reached === undefined || events.compare(position, reached) >= 0;
};

const switchOver = ({ growing, book, changes, projection, switched: heard }: Growth): void => {
  growing.live?.leave();
  growing.live = growing.building;
  growing.building = undefined;
  const { version } = book.now().live;
  changes.next({ type: 'RowsSwitched', projection: projection.name, version });
  heard();
};

/** A generation that has passed the event which broke it is broken no more. */
const mendedBy = (
  now: Generations,
  number: number,
  { position }: Reached,
  { events }: TrackParts,
): Generations => {
  const found = everyGeneration(now).find((generation) => generation.number === number);
  if (found?.broken === undefined) return now;
  return events.compare(position, found.broken.position) >= 0
    ? marked(now, number, undefined)
    : now;
};

const tell = ({ changes }: TracksParts, { table: model, key, row }: RowChange): void => {
  if (changes.observed) changes.next({ type: 'RowChanged', model, key, row });
};
