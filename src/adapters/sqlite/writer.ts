import type Database from 'better-sqlite3';
import { LRUCache } from 'lru-cache';
import { E } from '../../engine/fp.ts';
import type { Appended, Envelope, StoreFailure } from '../../engine/store.ts';
import {
  conflict,
  envelopeAt,
  firstRevision,
  isRepeat,
  type Prepared,
  type PreparedAppend,
} from '../append-rules.ts';
import { EVENT_COLUMNS, envelopeOf, type EventRow } from './event-rows.ts';
import { attempt, codeOf, unavailable } from './failures.ts';
import { groupQueue } from './group-queue.ts';
import type { Tail } from './tail.ts';

type Answer = E.Either<StoreFailure, Appended>;
type Waiting = {
  readonly append: PreparedAppend;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (bug: unknown) => void;
};
/** What one append of a transaction comes to once that is committed; `written` is empty for a conflict and a repeat. */
type Result = { readonly answer: Answer; readonly written: readonly Envelope[] };

/** The one who writes events. */
export type Writer = {
  readonly append: (append: PreparedAppend) => Promise<Answer>;
  /** Writes all that waits now. */
  readonly flush: () => void;
};

/** How many streams' last revisions are kept in memory: nobody else writes, so they are right. */
const KEPT_LASTS = 10_000;

type Insert = [number, string, number, string, string, number, string, string, string];

const statements = (db: Database.Database) => ({
  last: db.prepare<[string], { revision: number }>(
    'SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1',
  ),
  there: db.prepare<[string, number, number], EventRow>(
    `SELECT ${EVENT_COLUMNS} FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?`,
  ),
  insert: db.prepare<Insert>(
    `INSERT INTO events (${EVENT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ),
});

type Statements = ReturnType<typeof statements>;

const isTaken = (error: unknown): boolean => codeOf(error) === 'SQLITE_CONSTRAINT_UNIQUE';

const appendedOf = (events: readonly Envelope[]): Appended => {
  const { revision, position } = events.at(-1)!; // an append holds at least one event
  return { revision, position, events };
};

/** Inserts the events of an append behind `head`; undefined: their place is taken, and nothing of it was written. */
const inserter = ({ insert }: Statements) => {
  const put = (event: Envelope, position: number, { dataText, metadataText }: Prepared): void => {
    const { stream, revision, id, type, version, hash } = event;
    insert.run(position, stream, revision, id, type, version, hash, metadataText, dataText);
  };
  return (
    { stream, expected, drafts }: PreparedAppend,
    head: number,
  ): readonly Envelope[] | undefined => {
    const first = firstRevision(expected);
    try {
      return drafts.map((draft, index) => {
        const position = head + index + 1;
        const event = envelopeAt(stream, first + index, position, draft);
        put(event, position, draft);
        return event;
      });
    } catch (error) {
      // The first revision is behind the last of the stream or taken, so it is the first insert that fails.
      if (!isTaken(error)) throw error;
      return undefined;
    }
  };
};

/**
 * One append inside a transaction, with its own check and answer: its conflict does not touch the others. What the last revisions in
 * memory do not tell, the unique index does, so that a new stream is asked for by its insert alone.
 */
const transactOne = (db: Database.Database, path: string, lasts: LRUCache<string, number>) => {
  const sql = statements(db);
  const put = inserter(sql);
  const lastOf = (stream: string): number | 'none' =>
    lasts.get(stream) ?? sql.last.get(stream)?.revision ?? 'none';
  const repeatOrConflict = (append: PreparedAppend, actual: number | 'none'): Result => {
    const { stream, expected, drafts } = append;
    const rows = sql.there.all(stream, firstRevision(expected), drafts.length);
    const answer = isRepeat(drafts, rows)
      ? E.right(appendedOf(rows.map((row) => envelopeOf(row, path))))
      : E.left(conflict(append, actual));
    return { answer, written: [] };
  };
  return (append: PreparedAppend, head: number): Result => {
    const { stream, expected } = append;
    const actual = expected === 'none' ? (lasts.get(stream) ?? 'none') : lastOf(stream);
    if (actual !== expected) return repeatOrConflict(append, actual);
    const written = put(append, head);
    if (written === undefined) return repeatOrConflict(append, lastOf(stream));
    const appended = appendedOf(written);
    lasts.set(stream, appended.revision);
    return { answer: E.right(appended), written };
  };
};

const lost = (path: string): StoreFailure =>
  unavailable(
    path,
    'the file was removed or replaced while it was open',
    'put it back, or restore a backup, and start again',
  );

const weightOf = ({ size, drafts }: PreparedAppend): number => size / drafts.length;

/**
 * One queue with group commit: what waits together shares one transaction and one fsync, each append with its own check and its own
 * answer, which is given when the commit is on the disk. If the commit fails, all of its appends fail alike; so do all appends once
 * the file has been removed or replaced, since nobody would find again what is written to the one that is open.
 */
export const createWriter = (options: {
  readonly db: Database.Database;
  readonly path: string;
  readonly tail: Tail;
  readonly onCommit: () => void;
  /** Whether the path still names the file that is open. */
  readonly isThere: () => boolean;
}): Writer => {
  const { db, path, tail, onCommit, isThere } = options;
  const lasts = new LRUCache<string, number>({ max: KEPT_LASTS });
  const one = transactOne(db, path, lasts);
  const together = db.transaction((group: readonly Waiting[]): readonly Result[] => {
    let head = tail.head();
    return group.map(({ append }) => {
      const result = one(append, head);
      head += result.written.length;
      return result;
    });
  });
  /** All or nothing, and on the disk: a single event is so by itself, as nobody else writes between its check and its insert. */
  const transact = (group: readonly Waiting[]): readonly Result[] => {
    const [first] = group;
    const isSingle = group.length === 1 && first?.append.drafts.length === 1;
    return isSingle ? [one(first.append, tail.head())] : together.immediate(group);
  };
  const settle = (group: readonly Waiting[], results: readonly Result[]): void => {
    const before = tail.head();
    group.forEach(({ append }, index) => {
      for (const event of results[index]!.written) tail.push(event, weightOf(append));
    });
    if (tail.head() > before) onCommit();
    group.forEach(({ resolve }, index) => resolve(results[index]!.answer));
  };
  let isLost = false;
  const written = (group: readonly Waiting[]): E.Either<StoreFailure, readonly Result[]> => {
    isLost ||= !isThere();
    const results = isLost ? E.left(lost(path)) : attempt(path, () => transact(group));
    isLost ||= !isThere();
    return isLost ? E.left(lost(path)) : results;
  };
  const commit = (group: readonly Waiting[]): void => {
    try {
      const results = written(group);
      if (E.isRight(results)) return settle(group, results.right);
      lasts.clear();
      for (const { resolve } of group) resolve(results);
    } catch (bug) {
      lasts.clear();
      for (const { reject } of group) reject(bug);
    }
  };
  const queue = groupQueue<Waiting>(({ append }) => append.size, commit);
  return {
    append: (append) => new Promise((resolve, reject) => queue.push({ append, resolve, reject })),
    flush: queue.flush,
  };
};
