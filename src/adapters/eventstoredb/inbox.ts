import type { Client, Library } from './library.ts';
import { ignore } from './lane.ts';
import type { Own } from './own-events.ts';
import type { LogPosition } from './position.ts';
import { waking } from './waking.ts';
import type { Recorded } from './wire.ts';

/** What a subscription tells, in the order of the log. */
export type Item =
  | { readonly type: 'Event'; readonly event: Recorded }
  /** All up to a position has been looked at. */
  | { readonly type: 'Passed'; readonly position: LogPosition }
  | { readonly type: 'CaughtUp' };

/** A subscription that is pulled from: what is not taken holds the server back. */
export type Inbox = {
  /** The next item that is there. */
  readonly take: () => Item | undefined;
  readonly isEmpty: () => boolean;
  /** Why nothing more will come. */
  readonly failure: () => unknown;
  /** Resolves once there may be more, or the signal has aborted. */
  readonly more: (signal: AbortSignal) => Promise<void>;
  /** Resolves once the server has taken the subscription; rejects where it refuses. */
  readonly confirmed: (signal: AbortSignal) => Promise<void>;
  readonly close: () => void;
};

/** Events that may wait here. */
const BUFFER = 256;

/** What was told out of band, and how many events still lie before it. */
type Mark = { behind: number; readonly item: Item };

/** Subscribes behind a position. */
export const openInbox = (
  client: Client,
  library: Library,
  own: Own,
  fromPosition: LogPosition | 'start',
): Inbox => {
  const marks: Mark[] = [];
  const bell = waking();
  let failure: unknown;
  const passed = (position: LogPosition): void => mark({ type: 'Passed', position });
  const filter = own.filter(library, passed);
  const subscription = client.subscribeToAll({ fromPosition, filter }, { highWaterMark: BUFFER });
  const mark = (item: Item): void => {
    marks.push({ behind: subscription.readableLength, item });
    bell.wake();
  };
  const fail = (cause: unknown): void => {
    failure ??= cause;
    bell.wake();
  };
  subscription.on('readable', bell.wake);
  subscription.on('caughtUp', () => mark({ type: 'CaughtUp' }));
  subscription.on('error', fail);
  subscription.on('end', () => fail(new Error('the subscription has ended')));
  subscription.on('close', () => fail(new Error('the subscription was closed')));

  const confirmation = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      for (const what of ['confirmation', 'error', 'end', 'close']) {
        subscription.once(what, () => resolve());
      }
      signal.addEventListener('abort', () => resolve(), { once: true });
    });

  const takeEvent = (): Item | undefined => {
    for (;;) {
      // The stream gives what the client's conversion made: a resolved event, or null where there is none yet.
      const read: { readonly event?: Recorded } | null = subscription.read();
      if (read === null) return undefined;
      for (const each of marks) each.behind -= 1;
      if (read.event !== undefined) return { type: 'Event', event: read.event };
      if (marks[0]?.behind === 0) return marks.shift()?.item;
    }
  };

  return {
    take: () => (marks[0]?.behind === 0 ? marks.shift()?.item : takeEvent()),
    isEmpty: () => subscription.readableLength === 0 && marks.length === 0,
    failure: () => failure,
    more: (signal) =>
      failure === undefined && subscription.readableLength === 0 && marks.length === 0
        ? bell.next(signal)
        : Promise.resolve(),
    confirmed: async (signal) => {
      await confirmation(signal);
      if (failure !== undefined) throw failure;
    },
    close: () => {
      subscription.unsubscribe().catch(ignore);
    },
  };
};
