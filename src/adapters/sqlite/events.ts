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
import { envelopeOf, isStreamName } from './event-rows.ts';
import { eventStatements, type EventStatements } from './event-statements.ts';
import { attempt, corrupt } from './failures.ts';
import { earlyIds, gather, readStream } from './stream-reads.ts';
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

/** How many positions are searched at once for events of rare types. */
const SCANNED_EVENTS = 20_000;

const headOf = ({ writing }: EventFile, sql: EventStatements): number =>
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
  sql: EventStatements,
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

const sourceOf = (file: EventFile, sql: EventStatements): PageSource => ({
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
  sql: EventStatements,
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
  const sql = eventStatements(db);
  const source = sourceOf(file, sql);
  const isEarly = earlyIds(sql);
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
        const row = isEarly(stream, id)
          ? sql.earlyById.get(stream, id)
          : sql.lateById.get(stream, id);
        return row && envelopeOf(row, path);
      }),
    streams: (options) => serve(() => streamsOf(sql, options)),
  };
};

const closed = (path: string): StoreFailure => ({ type: 'StoreClosed', path });
