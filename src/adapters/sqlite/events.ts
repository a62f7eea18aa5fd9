import { setImmediate as nextTurn } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { compareText } from '../../engine/bytes.ts';
import { E, type TE } from '../../engine/fp.ts';
import {
  StoreFailed,
  type Envelope,
  type EventStore,
  type Page,
  type StoreFailure,
  type StreamName,
} from '../../engine/store.ts';
import {
  APPEND_LIMIT_BYTES,
  comparePositions,
  positionNumber,
  prepareAppend,
  tooLarge,
} from '../append-rules.ts';
import { pagedSubscription, type PageSource } from '../paged-subscription.ts';
import { EVENT_COLUMNS, envelopeOf, isStreamName, weightOf, type EventRow } from './event-rows.ts';
import { attempt, corrupt } from './failures.ts';
import { SCANNED_REVISIONS } from './schema.ts';
import type { Tail } from './tail.ts';
import type { Writer } from './writer.ts';

/** An open file as its event store sees it; without a writer it was opened read-only. */
export type EventFile = {
  readonly db: Database.Database;
  readonly path: string;
  readonly writing: { readonly writer: Writer; readonly tail: Tail } | undefined;
  /** Why it does not serve now. */
  readonly refusal: (writes: boolean) => StoreFailure | undefined;
  /** Resolves once there may be more events, or the signal has aborted. */
  readonly more: PageSource['more'];
};

type Reading = { readonly from?: number; readonly backwards?: boolean; readonly limit?: number };

/** What is read at once, before others have a turn: so many events, or so many characters of their texts. */
const CHUNK_EVENTS = 1_000;
const CHUNK_WEIGHT = 4 * 1024 * 1024;
/** How many positions are searched at once for events of rare types. */
const SCANNED_EVENTS = 20_000;

const statements = (db: Database.Database) => {
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
type Statements = ReturnType<typeof statements>;
type StreamRow = { readonly stream: string; readonly revision: number };

/** Rows until they weigh enough; `cut`: there may be more. */
const gather = (
  rows: Iterable<EventRow>,
  path: string,
): { readonly events: Envelope[]; readonly cut: boolean } => {
  const events: Envelope[] = [];
  let weight = 0;
  for (const row of rows) {
    events.push(envelopeOf(row, path));
    weight += weightOf(row);
    if (weight > CHUNK_WEIGHT) return { events, cut: true };
  }
  return { events, cut: false };
};

const firstOf = ({ from, backwards }: Reading): number =>
  from ?? (backwards === true ? Number.MAX_SAFE_INTEGER : 0);

/** How many rows are asked for at once: most streams have fewer, and one answer costs less than a cursor. */
const FEW_ROWS = 32;

/** Rows of a stream: the first few at once, more of them by a cursor. */
function* rowsOf(
  statement: Statements['forwards'],
  stream: string,
  next: number,
  wanted: number,
): Generator<EventRow, void, undefined> {
  const few = statement.all(stream, next, Math.min(wanted, FEW_ROWS));
  yield* few.length < FEW_ROWS || wanted <= FEW_ROWS
    ? few
    : statement.iterate(stream, next, wanted);
}

/** Reads a stream chunk by chunk with turns for others in between; each chunk continues behind the last. */
const readStream = async (
  { path, refusal }: EventFile,
  sql: Statements,
  stream: string,
  options: Reading = {},
): Promise<E.Either<StoreFailure, readonly Envelope[]>> => {
  const limit = options.limit ?? Number.MAX_SAFE_INTEGER;
  const [statement, step] = options.backwards === true ? [sql.backwards, -1] : [sql.forwards, 1];
  const events: Envelope[] = [];
  let next = firstOf(options);
  while (events.length < limit) {
    const refused = refusal(false);
    if (refused !== undefined) return E.left(refused);
    const wanted = Math.min(CHUNK_EVENTS, limit - events.length);
    const chunk = attempt(path, () =>
      // Asking whether there is anything costs a quarter of asking for it, and most new streams are asked for.
      sql.exists.get(stream) === undefined
        ? { events: [], cut: false }
        : gather(rowsOf(statement, stream, next, wanted), path),
    );
    if (E.isLeft(chunk)) return chunk;
    const { events: found, cut } = chunk.right;
    for (const event of found) events.push(event);
    if (found.length < wanted && !cut) break;
    next = found.at(-1)!.revision + step; // a full or cut chunk is not empty
    await nextTurn();
  }
  return E.right(events);
};

const headOf = ({ writing }: EventFile, sql: Statements): number =>
  writing?.tail.head() ?? sql.head.get()?.head ?? 0;

/** The page of those events that are still in memory. */
const pageOfTail = (
  behind: readonly Envelope[],
  { after, types, limit }: Parameters<PageSource['pageAfter']>[0],
): Page => {
  const wanted = types === undefined ? undefined : new Set(types);
  const events: Envelope[] = [];
  let position = after;
  for (const event of behind) {
    if (events.length === limit) return { events, position, caughtUp: false };
    if (wanted === undefined || wanted.has(event.type)) events.push(event);
    position = event.position;
  }
  return { events, position, caughtUp: true };
};

const pageOfFile = (
  { path }: EventFile,
  sql: Statements,
  head: number,
  { after, types, limit }: Parameters<PageSource['pageAfter']>[0],
): Page => {
  const from = positionNumber(after);
  const through = types === undefined ? head : Math.min(head, from + SCANNED_EVENTS);
  const rows =
    types === undefined
      ? sql.all.iterate(from, through, limit)
      : sql.ofTypes.iterate(from, through, JSON.stringify(types), limit);
  const { events, cut } = gather(rows, path);
  const last = events.at(-1);
  const position =
    last !== undefined && (cut || events.length === limit) ? last.position : `${through}`;
  return { events, position, caughtUp: positionNumber(position) >= head };
};

const sourceOf = (file: EventFile, sql: Statements): PageSource => ({
  pageAfter: (request) => {
    const refused = file.refusal(false);
    if (refused !== undefined) throw new StoreFailed(refused);
    const page = attempt(file.path, () => {
      const [head, after] = [headOf(file, sql), positionNumber(request.after)];
      if (after > head) {
        const reason = `position ${after} was asked for, but the log ends at ${head}`;
        throw new StoreFailed(corrupt(file.path, reason));
      }
      const behind = file.writing?.tail.behind(after);
      return behind === undefined
        ? pageOfFile(file, sql, head, request)
        : pageOfTail(behind, request);
    });
    if (E.isLeft(page)) throw new StoreFailed(page.left);
    return page.right;
  },
  more: file.more,
});

const later = (a: string, b: string): string => (compareText(a, b) > 0 ? a : b);

const streamsOf = (
  sql: Statements,
  { category, after = '', limit }: Parameters<EventStore['streams']>[0],
): readonly { readonly stream: StreamName; readonly revision: number }[] => {
  // '.' follows '-', and every blob follows every text.
  const end = category === undefined ? Buffer.alloc(0) : `${category}.`;
  const begin = category === undefined ? after : later(`${category}-`, after);
  return sql.streams
    .all(begin, end, end, limit)
    .flatMap(({ stream, revision }) => (isStreamName(stream) ? [{ stream, revision }] : []));
};

/** The event store over an open file. */
export const sqliteEvents = (file: EventFile): EventStore => {
  const { db, path, writing, refusal } = file;
  const sql = statements(db);
  const source = sourceOf(file, sql);
  const serve =
    <T>(work: () => T): TE.TaskEither<StoreFailure, T> =>
    async () => {
      const refused = refusal(false);
      return refused === undefined ? attempt(path, work) : E.left(refused);
    };
  return {
    name: path,
    ...(writing === undefined ? {} : { isSoleWriter: true }),
    read: (stream, options) => () => readStream(file, sql, stream, options),
    append: (stream, expected, drafts) => async () => {
      const refused = refusal(true);
      if (refused !== undefined || writing === undefined) return E.left(refused ?? closed(path));
      const append = prepareAppend(stream, expected, drafts);
      if (append.size > APPEND_LIMIT_BYTES) return E.left(tooLarge(append));
      return writing.writer.append(append);
    },
    subscribe: (subscription) => pagedSubscription(source, subscription),
    head: () =>
      serve(() => {
        const head = headOf(file, sql);
        return head === 0 ? undefined : `${head}`;
      }),
    compare: comparePositions,
    find: (stream, id) =>
      serve(() => {
        const row = sql.lateById.get(stream, id) ?? sql.earlyById.get(stream, id);
        return row && envelopeOf(row, path);
      }),
    streams: (options) => serve(() => streamsOf(sql, options)),
  };
};

const closed = (path: string): StoreFailure => ({ type: 'StoreClosed', path });
