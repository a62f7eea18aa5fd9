import type Database from 'better-sqlite3';
import { StoreFailed } from '../../engine/store.ts';
import { corrupt, unavailable } from './failures.ts';

/** A kind of file: what stands in its header, what it is for people, and how it is lifted from version to version. */
export type FileKind = {
  readonly applicationId: number;
  readonly what: string;
  readonly steps: readonly string[];
};

/**
 * An id is looked up by an index, but for the first events of a stream: so few are as quickly gone through, and short streams, which
 * are most, are written without touching that index, at almost twice the speed. Part of the schema: never changed.
 */
export const SCANNED_REVISIONS = 64;

const META = 'CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;';

/** The tables of rows, as both kinds of files have them since their first versions. */
const ROW_TABLES = `CREATE TABLE rows (
     tbl     TEXT NOT NULL,
     key     TEXT NOT NULL,
     row     TEXT NOT NULL,
     entries TEXT, -- the row's index entries; NULL: none
     PRIMARY KEY (tbl, key)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE row_index (
     tbl   TEXT NOT NULL,
     idx   TEXT NOT NULL,
     value TEXT NOT NULL,
     key   TEXT NOT NULL,
     PRIMARY KEY (tbl, idx, value, key)
   ) STRICT, WITHOUT ROWID;
   CREATE TABLE checkpoints (
     consumer TEXT    PRIMARY KEY,
     position TEXT    NOT NULL,
     events   INTEGER NOT NULL,
     digest   TEXT    NOT NULL
   ) STRICT, WITHOUT ROWID;`;

/** Step n lifts a file of version n to version n + 1; a published step never changes. */
export const MIGRATIONS: readonly string[] = [
  `${META}
   CREATE TABLE events (
     position INTEGER PRIMARY KEY,
     stream   TEXT    NOT NULL,
     revision INTEGER NOT NULL,
     id       TEXT    NOT NULL,
     type     TEXT    NOT NULL,
     version  INTEGER NOT NULL,
     hash     TEXT    NOT NULL, -- see src/adapters/event-hash.ts
     metadata TEXT    NOT NULL, -- RFC 8785
     data     TEXT    NOT NULL, -- RFC 8785; last, so that a scan by type skips long ones
     UNIQUE (stream, revision)
   ) STRICT;
   CREATE INDEX late_ids ON events (stream, id) WHERE revision >= ${SCANNED_REVISIONS};
   ${ROW_TABLES}`,
];

/** A log with its rows: "CHNC" stands in the header. */
export const STORE_FILE: FileKind = {
  applicationId: 0x43484e43,
  what: 'a Chancery store',
  steps: MIGRATIONS,
};

/** Rows whose log lies elsewhere: "CHNR" stands in the header. */
export const ROWS_FILE: FileKind = {
  applicationId: 0x43484e52,
  what: 'a Chancery file of rows',
  steps: [`${META}\n   ${ROW_TABLES}`],
};

const numberOf = (db: Database.Database, pragma: string): number =>
  Number(db.pragma(pragma, { simple: true }));

const isEmpty = (db: Database.Database): boolean =>
  db.prepare<[], { n: number }>('SELECT count(*) AS n FROM sqlite_schema').get()?.n === 0;

const OTHER = 'name another path: this SQLite file belongs to another program';
const REMEDIES: ReadonlyMap<number, string> = new Map([
  [STORE_FILE.applicationId, 'name another path: this is a store with its own log'],
  [ROWS_FILE.applicationId, 'name another path: these are rows beside a log that lies elsewhere'],
]);

/**
 * The schema version of a file; 0: it is new and empty. Throws `StoreFailed` where the file is something else, or was written by a
 * newer engine than this.
 */
const versionOf = (db: Database.Database, path: string, kind: FileKind): number => {
  const found = numberOf(db, 'user_version');
  const application = numberOf(db, 'application_id');
  if (application === 0 && found === 0 && isEmpty(db)) return 0;
  if (application !== kind.applicationId) {
    throw new StoreFailed(
      corrupt(path, `it is not ${kind.what}`, REMEDIES.get(application) ?? OTHER),
    );
  }
  const supported = kind.steps.length;
  if (found > supported) throw new StoreFailed({ type: 'StoreTooNew', path, found, supported });
  return found;
};

/** Lifts a file to the newest version in one transaction, or leaves it as it was. */
export const migrate = (db: Database.Database, path: string, kind: FileKind = STORE_FILE): void => {
  const { applicationId, steps } = kind;
  const lift = db.transaction(() => {
    const found = versionOf(db, path, kind);
    if (found === steps.length) return;
    for (const step of steps.slice(found)) db.exec(step);
    db.pragma(`application_id = ${applicationId}`);
    db.pragma(`user_version = ${steps.length}`);
    const put = db.prepare<[string, string]>('INSERT OR REPLACE INTO meta VALUES (?, ?)');
    put.run('schemaVersion', `${steps.length}`);
  });
  // Asked before a write lock is taken, so that opening a current file writes nothing.
  if (versionOf(db, path, kind) < steps.length) lift.immediate();
};

/** For a file that may not be changed: refuses what a writer would create or migrate first. */
export const checkCurrent = (
  db: Database.Database,
  path: string,
  kind: FileKind = STORE_FILE,
): void => {
  const found = versionOf(db, path, kind);
  if (found === kind.steps.length) return;
  const reason = found === 0 ? 'the file is empty' : `its schema version is ${found}`;
  const remedy = 'open it once for writing, which brings it up to date';
  throw new StoreFailed(unavailable(path, reason, remedy));
};
