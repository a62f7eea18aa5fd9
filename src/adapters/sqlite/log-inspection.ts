import Database from 'better-sqlite3';
import { E } from '../../engine/fp.ts';
import type { Inspection } from '../../engine/inspection.ts';
import { canonicalJson } from '../../engine/json.ts';
import { StoreFailed, type Envelope, type EventStore, type Position } from '../../engine/store.ts';
import { EVENT_COLUMNS } from './event-rows.ts';
import { attempt, codeOf, corrupt } from './failures.ts';
import { atThisInstant, eventsInspected, rowsInspected } from './inspected.ts';
import { connectRowsReader } from './rows-file.ts';
import { migrate } from './schema.ts';

const NAME = 'a scratch file in the directory for temporary files';

const orThrown = <T>(path: string, work: () => T): T => {
  const done = attempt(path, work);
  if (E.isRight(done)) return done.right;
  throw new StoreFailed(done.left);
};

type Insert = [number, string, number, string, string, number, string, string, string];

/** A scratch copy of a log: its events numbered from 1, and the position of each in the log. */
const scratchLog = (): Database.Database => {
  const db = new Database('');
  migrate(db, NAME);
  db.exec('CREATE TABLE places (number INTEGER PRIMARY KEY, place TEXT NOT NULL) STRICT');
  db.pragma('synchronous = OFF');
  return db;
};

/** An event's texts; of what cannot be read none, so that it is taken for no event. */
const textsOf = ({ metadata, data, unreadable }: Envelope): readonly [string, string] =>
  unreadable === undefined ? [canonicalJson(metadata), canonicalJson(data)] : ['', ''];

/** Copies a log up to its head; gives how many events it has and up to where it was read. */
const gathered = async (
  events: EventStore,
  db: Database.Database,
  progress: (events: number) => void,
): Promise<{ readonly count: number; readonly seen: Position | undefined }> => {
  const insert = db.prepare<Insert>(
    `INSERT INTO events (${EVENT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const place = db.prepare<[number, string]>('INSERT INTO places VALUES (?, ?)');
  let [count, seen]: [number, Position | undefined] = [0, undefined];
  const put = (event: Envelope): void => {
    const { stream, revision, id, type, version, hash, position } = event;
    const texts = textsOf(event);
    count += 1;
    try {
      insert.run(count, stream, revision, id, type, version, hash, ...texts);
    } catch (error) {
      if (codeOf(error) !== 'SQLITE_CONSTRAINT_UNIQUE') throw error;
      throw new StoreFailed(
        corrupt(events.name, `it gives revision ${revision} of ${stream} twice`),
      );
    }
    place.run(count, position);
  };
  const putAll = db.transaction((page: readonly Envelope[]): void => page.forEach(put));
  const stop = new AbortController();
  try {
    for await (const page of events.subscribe({ after: undefined, signal: stop.signal })) {
      orThrown(NAME, () => putAll(page.events));
      seen = page.position;
      progress(count);
      if (page.caughtUp) break;
    }
  } finally {
    stop.abort();
  }
  return { count, seen };
};

/** The number of the last event that is not behind a position of the log; undefined: it is no position. */
const numbering = (
  { compare }: EventStore,
  db: Database.Database,
  { count, seen }: { readonly count: number; readonly seen: Position | undefined },
) => {
  const at = db.prepare<[number], { place: string }>('SELECT place FROM places WHERE number = ?');
  const isBehind = (number: number, position: Position): boolean =>
    compare(at.get(number)!.place, position) > 0; // every number from 1 to the count has its place
  return (position: Position): number | undefined => {
    try {
      if (seen === undefined || compare(position, seen) > 0) return count + 1;
      let [low, high] = [0, count];
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (isBehind(middle, position)) high = middle - 1;
        else low = middle;
      }
      return low;
    } catch {
      return undefined;
    }
  };
};

/**
 * Looks at a log through its port, and at the local rows beside it: rows first, as they are at this instant, then the log up to its head,
 * copied into a scratch file. Positions are the numbers of the events in the order of the log, from 1: what a server has between them
 * cannot be told from a hole. Rejects with `StoreFailed`, also where the log gives something that is no event.
 */
export const inspectLog = async (
  events: EventStore,
  rowsPath: string,
  progress: (events: number) => void = () => undefined,
): Promise<Inspection> => {
  const rows = orThrown(rowsPath, () => connectRowsReader(rowsPath));
  const log = orThrown(NAME, scratchLog);
  const close = (): void => {
    log.close();
    rows.close();
  };
  try {
    orThrown(rowsPath, () => atThisInstant(rows));
    const numberOf = numbering(events, log, await gathered(events, log, progress));
    const positionIn = (position: Position) => `${numberOf(position) ?? `unknown ${position}`}`;
    const { checkpoints, ...inspected } = rowsInspected(rows, rowsPath);
    return {
      name: events.name,
      ...eventsInspected(log, NAME),
      ...inspected,
      positionIn,
      checkpoints: () =>
        checkpoints().map(({ position, ...checkpoint }) => ({
          ...checkpoint,
          position: positionIn(position),
        })),
      close,
    };
  } catch (cause) {
    close();
    throw cause;
  }
};
