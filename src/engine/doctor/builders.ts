import type { Inspection, Scratch, StoredEvent } from '../inspection.ts';
import type { Sha256 } from '../ids.ts';
import type { AnyProjection } from '../projection.ts';
import type { Checkpoint } from '../rows.ts';
import { NOTHING_CONSUMED, VERSIONS, projectionBuilder } from '../run/projection-builder.ts';
import type { Envelope } from '../store.ts';
import type { Runnable } from '../subsystem.ts';
import type { Finding } from './finding.ts';

/** Builds the rows of one projection anew in a scratch file, up to where the stored ones have come. */
export type Builder = {
  readonly projection: AnyProjection;
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
};

/** Events that are built at once. */
const PAGE = 500;

const versionIn = (
  rows: Iterable<{ readonly key: string; readonly row: string }>,
  name: string,
) => {
  for (const { key, row } of rows) if (key === name) return row;
  return 'unknown';
};

export const builderOf = (
  projection: AnyProjection,
  parts: BuilderParts,
  stored: Checkpoint | undefined,
): Builder => {
  const { inspection, scratch } = parts;
  const built = projectionBuilder(
    projection,
    { rows: scratch.rows, owners: parts.owners, sha256: parts.sha256 },
    () => undefined,
  );
  let page: Envelope[] = [];
  let obstacle: string | undefined;
  const flush = (): void => {
    const last = page.at(-1);
    if (last === undefined || obstacle !== undefined) return;
    const broken = built.apply({ events: page, position: last.position, caughtUp: false });
    page = [];
    if (broken !== undefined) obstacle = `the event at ${broken.position}: ${broken.cause}`;
  };
  const isWanted = ({ type, position }: StoredEvent): boolean =>
    stored !== undefined &&
    obstacle === undefined &&
    Object.hasOwn(projection.on, type) &&
    inspection.compare(position, stored.position) <= 0;
  const version = () => versionIn(inspection.rows(VERSIONS), projection.name);
  return {
    projection,
    take: (event) => {
      if (!isWanted(event)) return;
      if (event.envelope === undefined) {
        flush();
        obstacle ??= `revision ${event.revision} of ${event.stream} is no event`;
        return;
      }
      page.push(event.envelope);
      if (page.length >= PAGE) flush();
    },
    cut: (reason) => {
      obstacle ??= reason;
    },
    isComparable: () => obstacle === undefined,
    finish: function* () {
      flush();
      const { name, version: known } = projection;
      if (stored !== undefined && version() !== `${known}`) {
        obstacle ??= 'its rows are of another version';
        yield { type: 'ProjectionStale', projection: name, stored: version(), known };
        return;
      }
      if (obstacle !== undefined) {
        yield { type: 'ProjectionUnbuildable', projection: name, reason: obstacle };
        return;
      }
      if (stored !== undefined) yield* differing(name, stored, built.checkpoint());
    },
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
