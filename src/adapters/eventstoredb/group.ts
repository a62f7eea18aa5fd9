import type { ResolvedEvent } from '@eventstore/db-client';
import { E } from '../../engine/fp.ts';
import type { Delivery, Joining } from '../../engine/group.ts';
import { StoreFailed, type Envelope, type StoreFailure } from '../../engine/store.ts';
import { pause, type Attempt } from '../resilience/attempt.ts';
import type { PolicyFailure } from '../resilience/failure.ts';
import { backoffMs } from '../resilience/retry.ts';
import { systemClock } from '../system-clock.ts';
import type { Address } from './address.ts';
import { told } from './errors.ts';
import { storeFailure } from './failures.ts';
import type { Client, Library } from './library.ts';
import { openMailbox, type Mailbox } from './mailbox.ts';
import { isStreamName, type Own } from './own-events.ts';
import { positionPair } from './position.ts';
import { readRange, withClient, type Reading } from './reads.ts';
import { envelopeOf, type Recorded } from './wire.ts';

/** What groups need. */
export type Grouping = Reading & {
  readonly library: Library;
  readonly own: Own;
  /** Throws where the store does not serve any more. */
  readonly demandOpen: () => void;
  /** How long the server waits for an answer before it gives an event to somebody else, in milliseconds. */
  readonly redeliverAfterMs: number;
};

/** What a call about a group came to as a failure of the store. */
export const groupFailure = (
  address: Address,
  group: string,
  failure: PolicyFailure,
): StoreFailure => {
  const found = storeFailure(address, failure);
  if (found.type !== 'StoreUnavailable') return found;
  return { ...found, reason: `the group ${group}: ${found.reason}` };
};

/** The server would park by itself what was redelivered so often: only an engine knows when work has failed for good. */
const WITHOUT_END = 2 ** 31 - 1;

/**
 * Makes a group of all but the server's own events: its filter can never be changed, and who listens to what does change. Another engine
 * may have made it meanwhile.
 */
const created = async (
  { library, redeliverAfterMs }: Grouping,
  client: Client,
  { group, after }: Joining,
): Promise<void> => {
  const settings = library.persistentSubscriptionToAllSettingsFromDefaults({
    startFrom: after === undefined ? library.START : positionPair(after),
    messageTimeout: redeliverAfterMs,
    maxRetryCount: WITHOUT_END,
  });
  const filter = library.streamNameFilter({ regex: '^[^$].*' });
  const options = { filter, requiresLeader: true };
  try {
    await client.createPersistentSubscriptionToAll(group, settings, options);
  } catch (error) {
    if (told(error).type !== 'persistent-subscription-exists') throw error;
  }
};

const entered = async (
  client: Client,
  { group, room }: Joining,
  { signal }: Attempt,
): Promise<Mailbox> => {
  const mailbox = openMailbox(client, group, room);
  try {
    await mailbox.confirmed(signal);
    return mailbox;
  } catch (error) {
    void mailbox.close();
    throw error;
  }
};

/** Joins a group, and makes it where it is not there; undefined: nobody wants it any more. */
const joined = async (
  parts: Grouping,
  joining: Joining,
  signal: AbortSignal,
): Promise<Mailbox | undefined> => {
  const { address, policy, lane } = parts;
  const answer = await policy.run({ repeat: 'idempotent', signal }, (attempt) =>
    withClient(lane, attempt, async (client) => {
      try {
        return await entered(client, joining, attempt);
      } catch (error) {
        if (told(error).type !== 'persistent-subscription-does-not-exist') throw error;
        await created(parts, client, joining);
        return entered(client, joining, attempt);
      }
    }),
  )();
  if (E.isRight(answer)) return answer.right;
  if (answer.left.type === 'Aborted') return undefined;
  throw new StoreFailed(groupFailure(address, joining.group, answer.left));
};

/** An event at its own place, which a link to it does not tell; undefined: nobody can read it there any more. */
export const linked = async (
  { address, policy, lane }: Reading,
  { streamId: stream, revision: from }: Recorded,
  group: string,
): Promise<Envelope | undefined> => {
  if (!isStreamName(stream)) return undefined;
  const range = { from, backwards: false, limit: 1 };
  const found = await policy.run({ repeat: 'idempotent' }, (attempt) =>
    withClient(lane, attempt, (client) => readRange(client, stream, range, attempt.signal)),
  )();
  if (E.isLeft(found)) throw new StoreFailed(groupFailure(address, group, found.left));
  return found.right?.find(({ revision }) => revision === Number(from));
};

/** The event of a delivery, where it is ours and wanted; one that was parked comes as a link. */
const eventIn = async (
  parts: Grouping,
  { event, link }: ResolvedEvent,
  { group, types }: Joining,
): Promise<Envelope | undefined> => {
  if (event === undefined || !types.includes(event.type) || !parts.own.isOwn(event)) {
    return undefined;
  }
  if (link !== undefined) return linked(parts, event, group);
  const { streamId: stream, position } = event;
  if (position === undefined || !isStreamName(stream)) return undefined;
  return envelopeOf(stream, event, position);
};

/** Deliveries by one connection until it breaks, or nobody wants more. What nobody wants is done. */
async function* delivered(
  parts: Grouping,
  mailbox: Mailbox,
  joining: Joining,
  signal: AbortSignal,
): AsyncGenerator<Delivery, undefined, undefined> {
  while (!signal.aborted && mailbox.failure() === undefined) {
    const next = mailbox.take();
    if (next === undefined) {
      await mailbox.more(signal);
      continue;
    }
    const event = await eventIn(parts, next, joining);
    if (event === undefined) {
      mailbox.acknowledge(next);
      continue;
    }
    yield {
      event,
      acknowledge: () => mailbox.acknowledge(next),
      park: (reason) => mailbox.park(next, reason),
    };
  }
  return undefined;
}

/** Pauses between connections that end before they have given anything. */
const BACKOFF = { baseMs: 100, maxMs: 5_000 };

/**
 * What a group delivers, from one connection to the next: the server ends them when the group is changed or removed, and when another
 * node leads. `closing` aborts where the store is closed.
 */
export async function* deliveries(
  parts: Grouping,
  joining: Joining,
  closing: AbortSignal,
): AsyncGenerator<Delivery, undefined, undefined> {
  const signal = AbortSignal.any([joining.signal, closing]);
  const clock = systemClock();
  let fruitless = 0;
  while (!signal.aborted) {
    const mailbox = await joined(parts, joining, signal);
    if (mailbox === undefined) break;
    joining.joined();
    fruitless += 1;
    try {
      for await (const delivery of delivered(parts, mailbox, joining, signal)) {
        fruitless = 0;
        yield delivery;
      }
    } finally {
      await mailbox.close();
    }
    if (fruitless > 0) await pause(clock, backoffMs(BACKOFF, fruitless, Math.random()), signal);
  }
  if (!joining.signal.aborted) parts.demandOpen();
  return undefined;
}
