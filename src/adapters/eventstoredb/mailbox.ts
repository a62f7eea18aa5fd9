import type { ResolvedEvent } from '@eventstore/db-client';
import { ignore } from './lane.ts';
import type { Client } from './library.ts';
import { waking } from './waking.ts';

/** What a group delivers to this connection, until it breaks. */
export type Mailbox = {
  /** The next delivery that is there. */
  readonly take: () => ResolvedEvent | undefined;
  readonly acknowledge: (delivered: ResolvedEvent) => void;
  readonly park: (delivered: ResolvedEvent, reason: string) => void;
  /** Why nothing more will come; what has not been answered will come again by another connection. */
  readonly failure: () => unknown;
  /** Resolves once there may be more, or the signal has aborted. */
  readonly more: (signal: AbortSignal) => Promise<void>;
  /** Resolves once the server has let us in; rejects where it refuses. */
  readonly confirmed: (signal: AbortSignal) => Promise<void>;
  /** Leaves the group, after the answers that have been given. */
  readonly close: () => Promise<void>;
};

/** Takes from a group; the server sends no more than there is room for. */
export const openMailbox = (client: Client, group: string, room: number): Mailbox => {
  const bell = waking();
  const waiting: ResolvedEvent[] = [];
  const answers = new Set<Promise<void>>();
  let isIn = false;
  let failure: unknown;
  const options = { bufferSize: room, requiresLeader: true };
  const subscription = client.subscribeToPersistentSubscriptionToAll(group, options);
  let broke = ignore;
  const broken = new Promise<void>((resolve) => {
    broke = resolve;
  });
  const fail = (cause: unknown): void => {
    failure ??= cause;
    broke();
    bell.wake();
  };
  subscription.on('confirmation', () => {
    isIn = true;
    bell.wake();
  });
  subscription.on('data', (delivered) => {
    waiting.push(delivered);
    bell.wake();
  });
  subscription.on('error', fail);
  subscription.on('end', () => fail(new Error('the group has ended')));
  subscription.on('close', () => fail(new Error('the group was closed')));

  // An answer that does not arrive is none: what it was about comes again.
  const answered = (answer: Promise<void>): void => {
    const settled = answer.catch(ignore).finally(() => answers.delete(settled));
    answers.add(settled);
  };

  return {
    take: () => waiting.shift(),
    acknowledge: (delivered) => answered(subscription.ack(delivered)),
    park: (delivered, reason) => answered(subscription.nack('park', reason, delivered)),
    failure: () => failure,
    more: (signal) =>
      failure === undefined && waiting.length === 0 ? bell.next(signal) : Promise.resolve(),
    confirmed: async (signal) => {
      if (!isIn && failure === undefined) await bell.next(signal);
      signal.throwIfAborted();
      if (!isIn) throw failure;
    },
    close: async () => {
      // What was not sent before the connection broke never ends.
      await Promise.race([Promise.all(answers), broken]);
      await subscription.unsubscribe().catch(ignore);
    },
  };
};
