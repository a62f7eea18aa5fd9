import type Database from 'better-sqlite3';
import { E } from '../../engine/fp.ts';
import type {
  Inspection,
  Place,
  StoredEntry,
  StoredEvent,
  StoredRow,
} from '../../engine/inspection.ts';
import type { Checkpoint } from '../../engine/rows.ts';
import { StoreFailed, type Envelope } from '../../engine/store.ts';
import { comparePositions, positionNumber } from '../append-rules.ts';
import { EVENT_COLUMNS, envelopeOf, type EventRow } from './event-rows.ts';
import { attempt } from './failures.ts';

/** What a damaged file may hold where a value of a declared type was written. */
type Cell = string | number | bigint | null | Uint8Array;
type Cells<Row> = { readonly [Column in keyof Row]: Cell };

const POSITION = /^(?:0|[1-9]\d{0,14})$/;

/** How many lines `structure` gives at most. */
const MOST_LINES = 100;

/** The text in a cell; what is no text any more is spelt so that it equals no text that was written. */
const textIn = (cell: Cell): string =>
  typeof cell === 'string' ? cell : `\u0000no text: ${String(cell)}`;

const numberIn = (cell: Cell): number =>
  typeof cell === 'number' && Number.isSafeInteger(cell) ? cell : Number.NaN;

const rowOf = (cells: Cells<EventRow>): EventRow => ({
  position: numberIn(cells.position),
  stream: textIn(cells.stream),
  revision: numberIn(cells.revision),
  id: textIn(cells.id),
  type: textIn(cells.type),
  version: numberIn(cells.version),
  hash: textIn(cells.hash),
  metadata: textIn(cells.metadata),
  data: textIn(cells.data),
});

const envelopeIn = (row: EventRow, path: string): Envelope | undefined => {
  const read = attempt(path, () => envelopeOf(row, path));
  return E.isRight(read) ? read.right : undefined;
};

const storedOf = (cells: Cells<EventRow>, path: string): StoredEvent => {
  const row = rowOf(cells);
  return { ...row, position: `${row.position}`, envelope: envelopeIn(row, path) };
};

const storedRow = ({ key, row, entries }: Cells<StoredRow>): StoredRow => ({
  key: textIn(key),
  row: textIn(row),
  entries: entries === null ? null : textIn(entries),
});

const storedEntry = ({ index, value, key }: Cells<StoredEntry>): StoredEntry => ({
  index: textIn(index),
  value: textIn(value),
  key: textIn(key),
});

const eventStatements = (db: Database.Database) => {
  const select = `SELECT ${EVENT_COLUMNS} FROM events`;
  return {
    log: db.prepare<[], Cells<EventRow>>(`${select} ORDER BY position`),
    streams: db.prepare<[], Cells<EventRow>>(`${select} ORDER BY stream, revision`),
    // The index of (stream, revision) holds all that is asked for, so the table is not touched.
    places: db.prepare<[], Cells<Place>>(
      'SELECT stream, revision, position FROM events ORDER BY stream, revision',
    ),
    at: db.prepare<[number], Cells<EventRow>>(`${select} WHERE position = ?`),
  };
};

const rowStatements = (db: Database.Database) => ({
  tables: db.prepare<[], { tbl: Cell }>(
    'SELECT DISTINCT tbl FROM (SELECT tbl FROM rows UNION SELECT tbl FROM row_index) ORDER BY tbl',
  ),
  rows: db.prepare<[string], Cells<StoredRow>>(
    'SELECT key, row, entries FROM rows WHERE tbl = ? ORDER BY key',
  ),
  entries: db.prepare<[string], Cells<StoredEntry>>(
    'SELECT idx AS "index", value, key FROM row_index WHERE tbl = ? ORDER BY idx, value, key',
  ),
  checkpoints: db.prepare<[], Checkpoint & { readonly consumer: string }>(
    'SELECT consumer, position, events, digest FROM checkpoints ORDER BY consumer',
  ),
});

/** The value of an attempt, or its failure thrown. */
export const orThrown = <T>(path: string, work: () => T): T => {
  const done = attempt(path, work);
  if (E.isRight(done)) return done.right;
  throw new StoreFailed(done.left);
};

function* readThrough<Row, Read>(
  path: string,
  open: () => IterableIterator<Row>,
  read: (row: Row) => Read,
): Generator<Read, void, undefined> {
  const rows = orThrown(path, open);
  try {
    for (;;) {
      const next = orThrown(path, () => rows.next());
      if (next.done === true) return;
      yield read(next.value);
    }
  } finally {
    rows.return?.();
  }
}

const structureOf = (db: Database.Database): readonly string[] =>
  db
    .prepare<[], { integrity_check: string }>(`PRAGMA integrity_check(${MOST_LINES})`)
    .all()
    .map(({ integrity_check: line }) => line.replaceAll('\n', ' '))
    .filter((line) => line !== 'ok');

type OfRows = 'structure' | 'tables' | 'rows' | 'entries' | 'checkpoints';

/** What an inspection tells of the events in an open file. */
export const eventsInspected = (
  db: Database.Database,
  path: string,
): Omit<Inspection, OfRows | 'name' | 'close'> => {
  const sql = eventStatements(db);
  const stored = (cells: Cells<EventRow>) => storedOf(cells, path);
  return {
    log: () => readThrough(path, () => sql.log.iterate(), stored),
    streams: () => readThrough(path, () => sql.streams.iterate(), stored),
    places: () =>
      readThrough(
        path,
        () => sql.places.iterate(),
        ({ stream, revision, position }) => ({
          stream: textIn(stream),
          revision: numberIn(revision),
          position: `${numberIn(position)}`,
        }),
      ),
    at: (position) =>
      orThrown(path, () => {
        const cells = sql.at.get(positionNumber(position));
        return cells && stored(cells);
      }),
    next: (position) => `${positionNumber(position ?? '0') + 1}`,
    compare: comparePositions,
    isPosition: (text) => POSITION.test(text),
    positionIn: (text) => text,
  };
};

/** What an inspection tells of the rows in an open file, and of the file itself. */
export const rowsInspected = (db: Database.Database, path: string): Pick<Inspection, OfRows> => {
  const sql = rowStatements(db);
  return {
    structure: () => orThrown(path, () => structureOf(db)),
    tables: () => orThrown(path, () => sql.tables.all().map(({ tbl }) => textIn(tbl))),
    rows: (table) => readThrough(path, () => sql.rows.iterate(table), storedRow),
    entries: (table) => readThrough(path, () => sql.entries.iterate(table), storedEntry),
    checkpoints: () => orThrown(path, () => sql.checkpoints.all()),
  };
};

/** Keeps a connection at the instant of its first read: what is written meanwhile is not seen. */
export const atThisInstant = (db: Database.Database): void => {
  db.exec('BEGIN');
  db.prepare('SELECT count(*) FROM sqlite_schema').get(); // the first read is what fixes the instant
};
