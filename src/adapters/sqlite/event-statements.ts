import type Database from 'better-sqlite3';
import { EVENT_COLUMNS, type EventRow } from './event-rows.ts';
import { SCANNED_REVISIONS } from './schema.ts';

/** What is asked of the events of an open file. */
export type EventStatements = {
  readonly forwards: Database.Statement<[string, number, number], EventRow>;
  readonly exists: Database.Statement<[string], { one: 1 }>;
  readonly backwards: Database.Statement<[string, number, number], EventRow>;
  readonly all: Database.Statement<[number, number, number], EventRow>;
  readonly ofTypes: Database.Statement<[number, number, string, number], EventRow>;
  readonly lateById: Database.Statement<[string, string], EventRow>;
  readonly earlyById: Database.Statement<[string, string], EventRow>;
  readonly earlyIds: Database.Statement<[string], string>;
  readonly head: Database.Statement<[], { head: number | null }>;
  readonly streams: Database.Statement<
    [string, string | Buffer, string | Buffer, number],
    StreamRow
  >;
};

/** Prepares the statements on a connection. */
export const eventStatements = (db: Database.Database): EventStatements => {
  const select = `SELECT ${EVENT_COLUMNS} FROM events WHERE`;
  return {
    forwards: db.prepare<[string, number, number], EventRow>(
      `${select} stream = ? AND revision >= ? ORDER BY revision LIMIT ?`,
    ),
    exists: db.prepare<[string], { one: 1 }>(
      'SELECT 1 AS one FROM events WHERE stream = ? LIMIT 1',
    ),
    backwards: db.prepare<[string, number, number], EventRow>(
      `${select} stream = ? AND revision <= ? ORDER BY revision DESC LIMIT ?`,
    ),
    all: db.prepare<[number, number, number], EventRow>(
      `${select} position > ? AND position <= ? ORDER BY position LIMIT ?`,
    ),
    ofTypes: db.prepare<[number, number, string, number], EventRow>(
      `${select} position > ? AND position <= ? AND type IN (SELECT value FROM json_each(?))
       ORDER BY position LIMIT ?`,
    ),
    lateById: db.prepare<[string, string], EventRow>(
      `SELECT ${EVENT_COLUMNS} FROM events INDEXED BY late_ids
       WHERE stream = ? AND id = ? AND revision >= ${SCANNED_REVISIONS} LIMIT 1`,
    ),
    earlyById: db.prepare<[string, string], EventRow>(
      `${select} stream = ? AND id = ? AND revision < ${SCANNED_REVISIONS} LIMIT 1`,
    ),
    earlyIds: db
      .prepare<[string], string>(
        `SELECT id FROM events WHERE stream = ? AND revision < ${SCANNED_REVISIONS}`,
      )
      .pluck(),
    head: db.prepare<[], { head: number | null }>('SELECT max(position) AS head FROM events'),
    // Two seeks per stream in the index of (stream, revision), however many events a stream has.
    streams: db.prepare<[string, string | Buffer, string | Buffer, number], StreamRow>(
      `WITH RECURSIVE names (stream) AS (
         SELECT min(stream) FROM events WHERE stream > ? AND stream < ?
         UNION ALL
         SELECT (SELECT min(stream) FROM events WHERE stream > names.stream AND stream < ?)
         FROM names WHERE names.stream IS NOT NULL
       )
       SELECT stream, (SELECT max(revision) FROM events WHERE events.stream = names.stream) AS revision
       FROM names WHERE stream IS NOT NULL LIMIT ?`,
    ),
  };
};
type StreamRow = { readonly stream: string; readonly revision: number };
