import { setImmediate as nextTurn } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { E } from '../../engine/fp.ts';
import type { Envelope, StoreFailure } from '../../engine/store.ts';
import { envelopeOf, weightOf, type EventRow } from './event-rows.ts';
import type { EventStatements } from './event-statements.ts';
import { attempt } from './failures.ts';
import { SCANNED_REVISIONS } from './schema.ts';

type Reading = { readonly from?: number; readonly backwards?: boolean; readonly limit?: number };

/** What is read at once, before others have a turn: so many events, or so many characters of their texts. */
const CHUNK_EVENTS = 1_000;
const CHUNK_WEIGHT = 4 * 1024 * 1024;

/** Rows until they weigh enough; `cut`: there may be more. */
export const gather = (
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
  statement: EventStatements['forwards'],
  stream: string,
  next: number,
  wanted: number,
): Generator<EventRow, void, undefined> {
  const few = statement.all(stream, next, Math.min(wanted, FEW_ROWS));
  yield* few.length < FEW_ROWS || wanted <= FEW_ROWS
    ? few
    : statement.iterate(stream, next, wanted);
}

/** Long streams whose first ids are kept in memory. */
const KEPT_STREAMS = 1_000;

/**
 * Whether an id is among those of a stream's first events, which no index has. Once there are all of them they never change, so
 * that a long stream is gone through once and not for every id that is asked for.
 */
export const earlyIds = (
  sql: Pick<EventStatements, 'earlyIds'>,
): ((stream: string, id: string) => boolean) => {
  const kept = new LRUCache<string, ReadonlySet<string>>({ max: KEPT_STREAMS });
  return (stream, id) => {
    const known = kept.get(stream);
    if (known !== undefined) return known.has(id);
    const ids = sql.earlyIds.all(stream);
    if (ids.length === SCANNED_REVISIONS) kept.set(stream, new Set(ids));
    return ids.includes(id);
  };
};

/** The file that is read, and why it does not serve now. */
type ReadFile = {
  readonly path: string;
  readonly refusal: (writes: boolean) => StoreFailure | undefined;
};

/** Reads a stream chunk by chunk with turns for others in between; each chunk continues behind the last. */
export const readStream = async (
  { path, refusal }: ReadFile,
  sql: EventStatements,
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
