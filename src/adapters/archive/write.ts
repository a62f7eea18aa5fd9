import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as t from 'io-ts';
import { E } from '../../engine/fp.ts';
import { instanceOf } from '../../engine/inspected-instance.ts';
import type { Inspection, StoredEvent } from '../../engine/inspection.ts';
import { OUTBOX, outboxConsumer } from '../../engine/run/outbox/outbox-table.ts';
import { StoreFailed, type Position } from '../../engine/store.ts';
import { syncDirectory } from '../sqlite/connection.ts';
import { codeOf, corrupt } from '../sqlite/failures.ts';
import { partOf, publish } from '../sqlite/part-file.ts';
import {
  ARCHIVE_VERSION,
  ArchiveFailed,
  eventText,
  headerText,
  isUnaltered,
  trailerText,
  type ArchiveHeader,
} from './format.ts';

/** What an archive holds. */
export type Archived = {
  readonly instance: string;
  readonly until: Position;
  readonly events: number;
  readonly bytes: number;
  readonly digest: string;
};

/** Characters that are written at once. */
const SLICE = 1024 * 1024;

/** What acts on events: an archive says how far each had come. */
const ACTING = /^(?:reaction|outbox):/;

/**
 * How far reactions and effects had come, but not beyond the archive: what they have done must not be done again, and what an effect
 * still has to do must not be forgotten.
 */
const reactionsIn = (
  inspection: Inspection,
  until: Position,
): Readonly<Record<string, Position>> => {
  const unfinished = unfinishedIn(inspection);
  return Object.fromEntries(
    inspection
      .checkpoints()
      .filter(({ consumer }) => ACTING.test(consumer))
      .map(
        ({ consumer, position }) =>
          [consumer, unfinished.has(consumer) ? unfinished.get(consumer) : position] as const,
      )
      .flatMap(([consumer, position]) => {
        if (position === undefined) return [];
        return [[consumer, inspection.compare(position, until) > 0 ? until : position]];
      }),
  );
};

const Unfinished = t.type({
  effect: t.string,
  event: t.type({ behind: t.union([t.string, t.null]) }),
});

/** Of each effect that has something to do, up to where there is nothing before the first of it; undefined: it is the log's first. */
const unfinishedIn = (inspection: Inspection): ReadonlyMap<string, Position | undefined> => {
  const first = new Map<string, Position | undefined>();
  for (const { key, row } of inspection.rows(OUTBOX)) {
    const json = E.tryCatch(
      (): unknown => JSON.parse(row),
      () => 'no JSON',
    );
    const work = Unfinished.decode(E.isRight(json) ? json.right : json.left);
    if (E.isLeft(work)) {
      throw new StoreFailed(corrupt(inspection.name, `row ${key} of ${OUTBOX} cannot be read`));
    }
    const { effect, event } = work.right;
    const consumer = outboxConsumer(effect);
    if (!first.has(consumer)) {
      first.set(consumer, event.behind === null ? undefined : inspection.positionIn(event.behind));
    }
  }
  return first;
};

const headOf = (inspection: Inspection): Position => {
  let head = '0';
  for (const { position } of inspection.places()) {
    if (inspection.compare(position, head) > 0) head = position;
  }
  return head;
};

const headerOf = (inspection: Inspection, wanted: Position | undefined): ArchiveHeader => {
  const { name, compare, isPosition } = inspection;
  const instance = instanceOf(inspection);
  if (instance === undefined) {
    throw new StoreFailed(corrupt(name, 'its first event does not say which instance it is'));
  }
  const head = headOf(inspection);
  const until = wanted ?? head;
  if (!isPosition(until) || compare(until, '1') < 0 || compare(until, head) > 0) {
    const reason = `it has no position ${until}: its log goes from 1 to ${head}`;
    const remedy = 'name a position of the log';
    throw new ArchiveFailed({ type: 'NoSuchPosition', path: name, reason, remedy });
  }
  const reactions = reactionsIn(inspection, until);
  return { archive: 'chancery', version: ARCHIVE_VERSION, ...instance, until, reactions };
};

/** Refuses what is not as it was written: an archive never passes on damage. */
const checked = (
  inspection: Inspection,
  event: StoredEvent,
  before: Position | undefined,
): string => {
  const { envelope: _, ...texts } = event;
  const place = `revision ${event.revision} of ${event.stream} (position ${event.position})`;
  if (event.position !== inspection.next(before)) {
    throw new StoreFailed(corrupt(inspection.name, `an event is missing before ${place}`));
  }
  if (!isUnaltered(texts)) {
    throw new StoreFailed(corrupt(inspection.name, `${place} is not what was written`));
  }
  return eventText(texts);
};

function* linesOf(inspection: Inspection, header: ArchiveHeader): Generator<string> {
  yield headerText(header);
  let before: Position | undefined;
  for (const event of inspection.log()) {
    if (inspection.compare(event.position, header.until) > 0) return;
    yield checked(inspection, event, before);
    before = event.position;
  }
}

const writeLines = async (
  inspection: Inspection,
  header: ArchiveHeader,
  file: FileHandle,
  progress: (events: number) => void,
): Promise<Archived> => {
  const hash = createHash('sha256');
  let [slice, lines, bytes] = ['', 0, 0];
  const put = async (): Promise<void> => {
    bytes += Buffer.byteLength(slice);
    await file.writeFile(slice);
    slice = '';
  };
  for (const line of linesOf(inspection, header)) {
    slice += `${line}\n`;
    lines += 1;
    if (slice.length < SLICE) continue;
    hash.update(slice);
    await put();
    progress(lines - 1);
  }
  hash.update(slice);
  const digest = hash.digest('hex');
  const events = lines - 1;
  slice += `${trailerText({ events, digest })}\n`;
  await put();
  await file.sync();
  return { instance: header.instance, until: header.until, events, bytes, digest };
};

const taken = (path: string): ArchiveFailed =>
  new ArchiveFailed({
    type: 'ArchiveUnavailable',
    path,
    reason: 'it exists already',
    remedy: 'name a new file',
  });

/**
 * Writes the events of a store, up to a position or all, into a new file of JSON lines. The file stands under its name only when it is
 * whole and on the disk. Rejects with `ArchiveFailed`, `StoreFailed` or a file system error.
 */
export const writeArchive = async (
  inspection: Inspection,
  target: string,
  options: {
    readonly until?: Position | undefined;
    readonly progress?: (events: number) => void;
  } = {},
): Promise<Archived> => {
  if (existsSync(target)) throw taken(target);
  const header = headerOf(inspection, options.until);
  const part = partOf(target);
  const file = await open(part, 'wx');
  try {
    const archived = await writeLines(
      inspection,
      header,
      file,
      options.progress ?? (() => undefined),
    );
    await file.close();
    publish(part, target);
    syncDirectory(dirname(target));
    return archived;
  } catch (cause) {
    await file.close().catch(() => undefined);
    throw codeOf(cause) === 'EEXIST' ? taken(target) : cause;
  } finally {
    await rm(part, { force: true });
  }
};
