import { E } from '../../engine/fp.ts';
import type { RowChange, RowStore } from '../../engine/rows.ts';
import {
  partsOf,
  StoreFailed,
  type Envelope,
  type EventStore,
  type Page,
  type Position,
  type StoreFailure,
  type StreamName,
  type Subscription,
} from '../../engine/store.ts';
import { isStreamName } from './own-events.ts';

/** The table in which streams are listed: the server itself keeps no list that can be relied upon. */
const TABLE = 'eventstoredb.streams';
const CATEGORY = 'category';

type Listing = Parameters<EventStore['streams']>[0];
type Listed = { readonly stream: StreamName; readonly revision: number };

const changeOf = ({ stream, revision }: Envelope): RowChange => ({
  table: TABLE,
  key: stream,
  row: { revision },
  entries: [{ index: CATEGORY, value: partsOf(stream)?.category ?? '' }],
});

const removalOf = (stream: StreamName): RowChange => ({
  table: TABLE,
  key: stream,
  row: undefined,
  entries: [],
});

const listed = (key: string, row: unknown): readonly Listed[] =>
  isStreamName(key) &&
  typeof row === 'object' &&
  row !== null &&
  'revision' in row &&
  typeof row.revision === 'number'
    ? [{ stream: key, revision: row.revision }]
    : [];

const orThrow = <T>(answer: E.Either<StoreFailure, T>): T => {
  if (E.isLeft(answer)) throw new StoreFailed(answer.left);
  return answer.right;
};

/** Lists streams from rows that are brought up to the head of the log whenever somebody asks. */
export const streamIndex = (
  rows: RowStore,
  subscribe: (
    subscription: Subscription,
    gone: (stream: StreamName) => void,
  ) => AsyncIterable<Page>,
) => {
  const store = (
    { events, position }: Page,
    gone: readonly StreamName[],
    before: number,
  ): number => {
    const latest = new Map(events.map((event) => [event.stream, event] as const));
    const value = { position, events: before + events.length, digest: '' };
    const changes = [...[...latest.values()].map(changeOf), ...gone.map(removalOf)];
    orThrow(rows.commit({ changes, checkpoint: { consumer: TABLE, value } }));
    return value.events;
  };

  const catchUp = async (): Promise<void> => {
    const checkpoint = orThrow(rows.checkpoint(TABLE));
    let seen = checkpoint?.events ?? 0;
    const after: Position | undefined = checkpoint?.position;
    const { signal } = new AbortController();
    const gone: StreamName[] = [];
    for await (const page of subscribe({ after, signal }, (stream) => gone.push(stream))) {
      seen = store(page, gone.splice(0), seen);
      if (page.caughtUp) return;
    }
  };

  /** Those who ask at once share a walk that begins after they have asked. */
  let walking: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  const brought = (): Promise<void> => {
    next ??= (walking ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        next = undefined;
        walking = catchUp();
        return walking;
      });
    return next;
  };

  return async ({
    category,
    after,
    limit,
  }: Listing): Promise<E.Either<StoreFailure, readonly Listed[]>> => {
    try {
      await brought();
    } catch (cause) {
      if (cause instanceof StoreFailed) return E.left(cause.failure);
      throw cause;
    }
    const request = { limit, ...(after === undefined ? {} : { after }) };
    const page =
      category === undefined
        ? rows.page(TABLE, request)
        : rows.where(TABLE, { index: CATEGORY, value: category }, request);
    return E.isLeft(page) ? page : E.right(page.right.flatMap(({ key, row }) => listed(key, row)));
  };
};
