import { setImmediate as nextTurn } from 'node:timers/promises';
import { E } from '../../engine/fp.ts';
import {
  StoreFailed,
  type Envelope,
  type Page,
  type Position,
  type StreamName,
  type Subscription,
} from '../../engine/store.ts';
import { systemClock } from '../system-clock.ts';
import { pause } from '../resilience/attempt.ts';
import { backoffMs } from '../resilience/retry.ts';
import { told } from './errors.ts';
import { storeFailure } from './failures.ts';
import { refuseBeyond, type LogEnds } from './head.ts';
import { openInbox, type Inbox, type Item } from './inbox.ts';
import type { Library } from './library.ts';
import { isStreamName, STREAM_DELETED, type Own } from './own-events.ts';
import { compareTexts, positionPair, positionText, START } from './position.ts';
import { withClient, type Reading } from './reads.ts';
import { envelopeOf } from './wire.ts';

/** What subscriptions need. */
export type Following = Reading & {
  readonly library: Library;
  readonly own: Own;
  readonly ends: LogEnds;
  /** Throws where the store does not serve any more. */
  readonly demandOpen: () => void;
  /** Hears of streams that are deleted for ever. */
  readonly gone: (stream: StreamName) => void;
};

/** A subscription that the server has taken, and the position at which it will have caught up. */
type Feed = { readonly inbox: Inbox; readonly head: Position };

/** Subscribes behind a position, unless the log has gone back behind it. */
const subscribed = async (
  { address, policy, lane, library, own, ends }: Following,
  after: Position,
  signal: AbortSignal,
): Promise<Feed | undefined> => {
  const opened = await policy.run({ repeat: 'idempotent', signal }, (attempt) =>
    withClient(lane, attempt, async (client) => {
      const found = await ends(client, attempt.signal);
      refuseBeyond(address, after, found);
      const from = after === START ? 'start' : positionPair(after);
      const inbox = openInbox(client, library, own, from);
      try {
        await inbox.confirmed(attempt.signal);
        attempt.signal.throwIfAborted();
      } catch (error) {
        inbox.close();
        throw error;
      }
      return { inbox, head: found.own === undefined ? START : positionText(found.own) };
    }),
  )();
  if (E.isRight(opened)) return opened.right;
  if (opened.left.type === 'Aborted') return undefined;
  throw new StoreFailed(storeFailure(address, opened.left));
};

/** Items that are looked at for one page. */
const MOST_LOOKED_AT = 2_000;

/** How far a subscription has come, beyond what it has given. */
type Progress = { position: Position; isLive: boolean };

const isBehind = (position: Position, other: Position): boolean =>
  compareTexts(position, other) > 0;

/** Moves on to a position, unless it is at or before where the subscription is. */
const moved = (progress: Progress, position: Position): boolean => {
  if (!isBehind(position, progress.position)) return false;
  progress.position = position;
  return true;
};

/** The event of an item, where it is new, ours and wanted. */
const eventOf = (
  item: Item,
  { head }: Feed,
  { own, gone }: Following,
  types: Subscription['types'],
  progress: Progress,
): Envelope | undefined => {
  if (item.type === 'CaughtUp') {
    progress.isLive = true;
    moved(progress, head);
    return undefined;
  }
  const position = item.type === 'Passed' ? item.position : item.event.position;
  if (position === undefined || !moved(progress, positionText(position))) return undefined;
  if (item.type === 'Passed') return undefined;
  const { streamId: stream, type } = item.event;
  if (type === STREAM_DELETED && isStreamName(stream)) gone(stream);
  const isWanted = types === undefined || types.includes(type);
  if (!isWanted || !own.isOwn(item.event) || !isStreamName(stream)) return undefined;
  return envelopeOf(stream, item.event, position);
};

/** Takes what is there, as far as it fits into one page. */
const taken = (
  feed: Feed,
  parts: Following,
  { types, pageSize = 500 }: Pick<Subscription, 'types' | 'pageSize'>,
  progress: Progress,
): readonly Envelope[] => {
  const events: Envelope[] = [];
  for (let looked = 0; looked < MOST_LOOKED_AT && events.length < pageSize; looked += 1) {
    const item = feed.inbox.take();
    if (item === undefined) break;
    const event = eventOf(item, feed, parts, types, progress);
    if (event !== undefined) events.push(event);
  }
  // Servers that do not say that one has caught up are older than 23.10.
  progress.isLive ||= !isBehind(feed.head, progress.position);
  return events;
};

/** Pauses between subscriptions that end before they have given anything. */
const BACKOFF = { baseMs: 100, maxMs: 5_000 };

/** The server drops who is too slow for it; who comes back at once reads on from its files. */
const isTooSlow = (cause: unknown): boolean => {
  const { type, code } = told(cause);
  return type === 'timeout' || code === 10;
};

/** What a subscription has given so far, from one connection to the next. */
type Given = { position: Position | undefined; toldCaughtUp: boolean };

/** Pages from one connection until it breaks; returns why it did. */
async function* fed(
  parts: Following,
  feed: Feed,
  subscription: Subscription,
  given: Given,
  signal: AbortSignal,
): AsyncGenerator<Page, unknown, undefined> {
  const { inbox } = feed;
  const progress: Progress = { position: given.position ?? START, isLive: false };
  for (;;) {
    const events = taken(feed, parts, subscription, progress);
    const { position, isLive } = progress;
    const caughtUp = isLive && inbox.isEmpty();
    if (position !== given.position || (caughtUp && !given.toldCaughtUp)) {
      given.position = position;
      given.toldCaughtUp = caughtUp;
      yield { events, position, caughtUp };
      // Catching up leaves the event loop to others between two pages.
      if (!caughtUp) await nextTurn();
    } else if (inbox.failure() !== undefined && inbox.isEmpty()) {
      return inbox.failure();
    } else {
      await inbox.more(signal);
    }
    if (signal.aborted) return undefined;
  }
}

async function* pages(
  parts: Following,
  subscription: Subscription,
  leaving: AbortSignal,
  closing: AbortSignal,
): AsyncGenerator<Page, undefined, undefined> {
  const signal = AbortSignal.any([leaving, closing]);
  const given: Given = { position: subscription.after, toldCaughtUp: false };
  const clock = systemClock();
  let fruitless = 0;
  while (!signal.aborted) {
    const before = given.position;
    const feed = await subscribed(parts, before ?? START, signal);
    if (feed === undefined) break;
    let cause: unknown;
    try {
      cause = yield* fed(parts, feed, subscription, given, signal);
    } finally {
      feed.inbox.close();
    }
    fruitless = given.position === before ? fruitless + 1 : 0;
    if (fruitless > 0 && !isTooSlow(cause)) {
      await pause(clock, backoffMs(BACKOFF, fruitless, Math.random()), signal);
    }
  }
  if (!leaving.aborted) parts.demandOpen();
  return undefined;
}

/**
 * The log behind a position, page by page, from one connection to the next: the client itself never resumes. Where it is closed while
 * somebody waits, `closing` aborts and the next page fails.
 */
export const follow =
  (parts: Following, closing: AbortSignal) =>
  (subscription: Subscription, signal: AbortSignal): AsyncGenerator<Page, undefined, undefined> =>
    pages(parts, subscription, signal, closing);
