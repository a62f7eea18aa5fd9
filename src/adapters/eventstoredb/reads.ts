import type { StreamingRead } from '@eventstore/db-client';
import { E } from '../../engine/fp.ts';
import type { Envelope, EventStore, StoreFailure, StreamName } from '../../engine/store.ts';
import type { Address } from './address.ts';
import { ClientGivenUp, NobodyLeads, isRemembered, isUnknownUser, told } from './errors.ts';
import { storeFailure } from './failures.ts';
import { ignore, isGivenUp, type Lane } from './lane.ts';
import type { Client } from './library.ts';
import type { Policy } from '../resilience/policy.ts';
import type { Attempt } from '../resilience/attempt.ts';
import type { LogPosition } from './position.ts';
import { envelopeOf, type Recorded } from './wire.ts';

/** What reads need. */
export type Reading = { readonly address: Address; readonly policy: Policy; readonly lane: Lane };

/** All of a read. One that is cut off ends for the client as if there were no more: a part is never taken for the whole. */
export const whole = <Event>(
  client: Client,
  read: StreamingRead<Event>,
  signal: AbortSignal,
): Promise<readonly Event[]> => {
  signal.addEventListener('abort', () => void read.cancel().catch(ignore), { once: true });
  return new Promise((resolve, reject) => {
    const events: Event[] = [];
    read.on('data', (event) => events.push(event));
    read.on('end', () =>
      signal.aborted || isGivenUp(client)
        ? reject(new ClientGivenUp('a read was cut off'))
        : resolve(events),
    );
    read.on('error', reject);
  });
};

/** One attempt with the client of a lane. */
export const withClient = async <T>(
  lane: Lane,
  { attempt, signal }: Pick<Attempt, 'attempt' | 'signal'>,
  work: (client: Client) => Promise<T>,
): Promise<T> => {
  const client = await lane.client();
  // Who was cut off while a client was made sends nothing.
  signal.throwIfAborted();
  try {
    return await work(client);
  } catch (error) {
    if (isRemembered(error) || isUnknownUser(error)) lane.renew(client);
    if (attempt > 1 && told(error).type === 'not-leader') throw new NobodyLeads(String(error));
    throw error;
  }
};

/** Where a read of a stream begins, which way it goes, and how far. */
export type Range = {
  readonly from: bigint | 'start' | 'end';
  readonly backwards: boolean;
  readonly limit: number;
};

/** Events of a stream that are to be seen; undefined: there is no such stream. */
export const readRange = async (
  client: Client,
  stream: StreamName,
  { from, backwards, limit }: Range,
  signal: AbortSignal,
): Promise<readonly Envelope[] | undefined> => {
  const read = client.readStream(stream, {
    fromRevision: from,
    direction: backwards ? 'backwards' : 'forwards',
    maxCount: limit,
    requiresLeader: true,
  });
  try {
    const events = await whole<{ readonly event?: Recorded }>(client, read, signal);
    return events.flatMap(({ event }) =>
      event?.position === undefined ? [] : [envelopeOf(stream, event, event.position)],
    );
  } catch (error) {
    if (told(error).type === 'stream-not-found') return undefined;
    throw error;
  }
};

/** Events of the whole log, the newest first, before a position or from the end. */
export const readLogBackwards = (
  client: Client,
  before: LogPosition | 'end',
  limit: number,
  signal: AbortSignal,
): Promise<readonly { readonly event?: Recorded }[]> => {
  const options = { fromPosition: before, direction: 'backwards', maxCount: limit } as const;
  return whole(client, client.readAll({ ...options, requiresLeader: true }), signal);
};

/** Events that are asked for at once. */
const PAGE = 500;

const rangeOf = (
  { from, backwards = false }: NonNullable<Parameters<EventStore['read']>[1]>,
  last: Envelope | undefined,
): Pick<Range, 'from' | 'backwards'> | undefined => {
  if (last === undefined) {
    const begin = backwards ? 'end' : 'start';
    return { backwards, from: from === undefined ? begin : BigInt(from) };
  }
  const next = last.revision + (backwards ? -1 : 1);
  return next < 0 ? undefined : { backwards, from: BigInt(next) };
};

/** The events of a stream, page by page, each page a call with a deadline of its own. */
export const readStream = async (
  { address, policy, lane }: Reading,
  stream: StreamName,
  options: NonNullable<Parameters<EventStore['read']>[1]> = {},
): Promise<E.Either<StoreFailure, readonly Envelope[]>> => {
  const { limit = Infinity } = options;
  const events: Envelope[] = [];
  while (events.length < limit) {
    const range = rangeOf(options, events.at(-1));
    if (range === undefined) break;
    const wanted = Math.min(PAGE, limit - events.length);
    const page = await policy.run({ repeat: 'idempotent' }, (attempt) =>
      withClient(lane, attempt, (client) =>
        readRange(client, stream, { ...range, limit: wanted }, attempt.signal),
      ),
    )();
    if (E.isLeft(page)) return E.left(storeFailure(address, page.left, stream));
    events.push(...(page.right ?? []));
    if ((page.right?.length ?? 0) < wanted) break;
  }
  return E.right(events);
};
