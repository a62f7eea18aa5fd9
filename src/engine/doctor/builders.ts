import type { Inspection, Scratch, StoredEvent } from '../inspection.ts';
import type { Sha256 } from '../ids.ts';
import type { AnyProjection } from '../projection.ts';
import type { Checkpoint } from '../rows.ts';
import { consumerOf, tableOf } from '../run/generations.ts';
import { NOTHING_CONSUMED, projectionBuilder, scratchPlace } from '../run/projection-builder.ts';
import type { Envelope } from '../store.ts';
import type { Runnable } from '../subsystem.ts';
import type { Finding } from './finding.ts';
import { generationFindings, generationsOf, tablesOf } from './generation-pass.ts';

/** Builds the rows of one projection anew in a scratch file, up to where the stored ones have come. */
export type Builder = {
  readonly projection: AnyProjection;
  /** The table of a read model that readers see. */
  readonly tableOf: (model: string) => string;
  /** Every table in which the projection is known to keep rows. */
  readonly tables: readonly string[];
  /** Takes the next event of the log. */
  readonly take: (event: StoredEvent) => void;
  /** The log could not be read to its end. */
  readonly cut: (reason: string) => void;
  /** What the projection's checkpoint has wrong; its rows can be compared after this, if `isComparable`. */
  readonly finish: () => Iterable<Finding>;
  readonly isComparable: () => boolean;
};

export type BuilderParts = {
  readonly inspection: Inspection;
  readonly scratch: Scratch;
  readonly owners: ReadonlyMap<string, Runnable>;
  readonly sha256: Sha256;
  readonly checkpoints: ReadonlyMap<string, Checkpoint>;
};

/** Events that are built at once. */
const PAGE = 500;

/** The builder of a projection: of the rows that readers see. */
export const builderOf = (projection: AnyProjection, parts: BuilderParts): Builder => {
  const { inspection, checkpoints } = parts;
  const { name } = projection;
  const generations = generationsOf(inspection, name);
  const live = generations?.live.number ?? 0;
  const stored = checkpoints.get(consumerOf(name, live));
  const building = buildingOf(projection, parts);
  const isWanted = ({ type, position }: StoredEvent): boolean =>
    stored !== undefined &&
    building.obstacle() === undefined &&
    Object.hasOwn(projection.on, type) &&
    inspection.compare(position, stored.position) <= 0;
  return {
    projection,
    take: (event) => {
      if (!isWanted(event)) return;
      if (event.envelope !== undefined) return building.add(event.envelope);
      building.flush();
      building.stop(`revision ${event.revision} of ${event.stream} is no event`);
    },
    cut: building.stop,
    isComparable: () => building.obstacle() === undefined,
    tableOf: (model) => tableOf(model, live),
    tables: tablesOf(projection, generations),
    finish: function* () {
      building.flush();
      if (generations !== undefined) yield* generationFindings(name, generations);
      const version = generations?.live.version;
      if (stored !== undefined && version !== projection.version) {
        building.stop('its rows are of another version');
        yield stale(projection, version);
        return;
      }
      const reason = building.obstacle();
      if (reason !== undefined) yield { type: 'ProjectionUnbuildable', projection: name, reason };
      else if (stored !== undefined) yield* differing(name, stored, building.checkpoint());
    },
  };
};

const stale = ({ name, version: known }: AnyProjection, version: number | undefined): Finding => ({
  type: 'ProjectionStale',
  projection: name,
  stored: `${version ?? 'unknown'}`,
  known,
});

/** Rows as they grow, and what keeps them from growing further. */
const buildingOf = (projection: AnyProjection, { scratch, owners, sha256 }: BuilderParts) => {
  const parts = { rows: scratch.rows, owners, sha256 };
  const built = projectionBuilder(projection, parts, scratchPlace);
  let page: Envelope[] = [];
  let obstacle: string | undefined;
  const flush = (): void => {
    const last = page.at(-1);
    if (last === undefined || obstacle !== undefined) return;
    const broken = built.apply({ events: page, position: last.position, caughtUp: false });
    page = [];
    if (broken !== undefined) obstacle = `the event at ${broken.position}: ${broken.cause}`;
  };
  return {
    flush,
    add: (event: Envelope): void => {
      page.push(event);
      if (page.length >= PAGE) flush();
    },
    stop: (reason: string): void => {
      obstacle ??= reason;
    },
    obstacle: () => obstacle,
    checkpoint: built.checkpoint,
  };
};

function* differing(
  projection: string,
  { position, events, digest }: Checkpoint,
  built: Checkpoint | undefined,
): Generator<Finding> {
  const computed = { ...NOTHING_CONSUMED, ...built };
  if (computed.events === events && computed.digest === digest) return;
  yield {
    type: 'CheckpointDiffers',
    projection,
    position,
    stored: { events, digest },
    computed: { events: computed.events, digest: computed.digest },
  };
}
