import type Database from 'better-sqlite3';
import { E } from '../../engine/fp.ts';
import { parsedJson } from '../../engine/json.ts';
import { StoreFailed } from '../../engine/store.ts';
import type { StoredLog, StoredText } from '../../engine/stored-log.ts';
import { positionNumber } from '../append-rules.ts';
import { connectReader, locate } from './connection.ts';
import { attempt } from './failures.ts';

/** How many events make a page. */
const PAGE = 512;

const COLUMNS = 'position, stream, revision, id, type, version, metadata, data';

type Cells = readonly unknown[];

/** The text in a cell; what is no text any more is spelt so that it equals no text that was written. */
const textIn = (cell: unknown): string =>
  typeof cell === 'string' ? cell : `\u0000no text: ${String(cell)}`;

const numberIn = (cell: unknown): number =>
  typeof cell === 'number' && Number.isSafeInteger(cell) ? cell : -1;

const textOf = ([position, stream, revision, id, type, version, metadata, data]: Cells) =>
  ({
    position: `${numberIn(position)}`,
    stream: textIn(stream),
    revision: numberIn(revision),
    id: textIn(id),
    type: textIn(type),
    version: numberIn(version),
    metadata: textIn(metadata),
    data: textIn(data),
  }) satisfies StoredText;

const statements = (db: Database.Database) => ({
  log: db
    .prepare<[number, number], Cells>(
      `SELECT ${COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?`,
    )
    .raw(),
  stream: db
    .prepare<[string, number, number], Cells>(
      `SELECT ${COLUMNS} FROM events WHERE stream = ? AND revision > ? ORDER BY revision LIMIT ?`,
    )
    .raw(),
  row: db.prepare<[string, string], { row: unknown }>(
    'SELECT row FROM rows WHERE tbl = ? AND key = ?',
  ),
});

const orThrown = <T>(path: string, work: () => T): T => {
  const done = attempt(path, work);
  if (E.isRight(done)) return done.right;
  throw new StoreFailed(done.left);
};

/** Pages until one is not full; `from` gives what lies behind a number, `last` the number of a page's last event. */
async function* paged(
  first: number,
  from: (behind: number) => readonly StoredText[],
  last: (event: StoredText) => number,
): AsyncGenerator<readonly StoredText[]> {
  let behind = first;
  for (;;) {
    const page = from(behind);
    if (page.length > 0) yield page;
    const end = page.at(-1);
    if (end === undefined || page.length < PAGE) return;
    behind = last(end);
  }
}

/**
 * Opens a store's file read-only for an auditor, beside a running writer, as it is at this instant. Throws `StoreFailed` where it cannot
 * be opened.
 */
export const sqliteStoredLog = (path: string): StoredLog =>
  orThrown(path, () => {
    const db = connectReader(locate(path, true));
    db.exec('BEGIN');
    db.prepare('SELECT count(*) FROM sqlite_schema').get(); // the first read is what fixes the instant
    const sql = statements(db);
    const log = (behind: number) => orThrown(path, () => sql.log.all(behind, PAGE).map(textOf));
    const stream = (name: string) => (behind: number) =>
      orThrown(path, () => sql.stream.all(name, behind, PAGE).map(textOf));
    return {
      name: path,
      pages: (after) =>
        paged(positionNumber(after ?? '0'), log, ({ position }) => Number(position)),
      stream: (name) => paged(-1, stream(name), ({ revision }) => revision),
      row: (table, key) =>
        orThrown(path, () => {
          const found = sql.row.get(table, key);
          return found && (parsedJson(textIn(found.row)) ?? null);
        }),
      close: () => db.close(),
    };
  });
