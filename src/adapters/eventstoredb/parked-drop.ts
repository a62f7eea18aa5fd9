import { randomUUID } from 'node:crypto';
import { E } from '../../engine/fp.ts';
import { StoreFailed } from '../../engine/store.ts';
import type { Attempt } from '../resilience/attempt.ts';
import { told } from './errors.ts';
import { groupFailure, type Grouping } from './group.ts';
import type { Client } from './library.ts';
import { linksOf, PAGE, parkedStream } from './parked-links.ts';
import { whole, withClient, type Reading } from './reads.ts';
import type { Recorded } from './wire.ts';

/** What the operator's calls need: `writing` is for what changes a group's parked messages. */
export type Parking = Grouping & { readonly writing: Reading };

/** One call that writes, in an attempt whose client is given up if it hangs. */
const written = async (
  { address, writing: { policy, lane } }: Parking,
  group: string,
  work: (client: Client, attempt: Attempt) => Promise<unknown>,
): Promise<void> => {
  const answer = await policy.run({ repeat: 'idempotent' }, (attempt) =>
    withClient(lane, attempt, (client) => {
      attempt.signal.addEventListener('abort', () => lane.renew(client), { once: true });
      return work(client, attempt);
    }),
  )();
  if (E.isLeft(answer)) throw new StoreFailed(groupFailure(address, group, answer.left));
};

/** The settings of a group's stream of parked messages, and the revision at which they stand. */
const settingsOf = async (client: Client, group: string, signal: AbortSignal) => {
  const read = client.readStream(`$$${parkedStream(group)}`, {
    fromRevision: 'end',
    direction: 'backwards',
    maxCount: 1,
    requiresLeader: true,
  });
  const found = whole<{ readonly event?: Recorded }>(client, read, signal).catch(
    (error: unknown) => {
      if (told(error).type === 'stream-not-found') return [];
      throw error;
    },
  );
  const event = (await found)[0]?.event;
  const data: unknown = event?.data;
  const settings = typeof data === 'object' && data !== null ? data : {};
  return { settings, revision: event?.revision ?? ('no_stream' as const) };
};

/** Hides the links of a group before a revision; somebody else may be doing that too. */
const cutBefore = async (
  { library: { jsonEvent } }: Parking,
  client: Client,
  group: string,
  before: number,
  signal: AbortSignal,
): Promise<void> => {
  for (;;) {
    signal.throwIfAborted();
    const { settings, revision } = await settingsOf(client, group, signal);
    const known: unknown = Reflect.get(settings, '$tb');
    if (typeof known === 'number' && known >= before) return;
    const event = jsonEvent({ type: '$metadata', data: { ...settings, $tb: before } });
    const options = { expectedRevision: revision, requiresLeader: true };
    try {
      await client.appendToStream(`$$${parkedStream(group)}`, event, options);
      return;
    } catch (error) {
      if (told(error).type !== 'wrong-expected-version') throw error;
    }
  }
};

/**
 * The server can only cut a stream off from its beginning: what lies before the last link to the event is written anew behind it first.
 * Who is interrupted between leaves some links twice, which changes nothing.
 */
export const dropped = async (parts: Parking, group: string, eventId: string): Promise<boolean> => {
  const links = await linksOf(parts, group);
  const last = links.findLast(({ event }) => event?.id === eventId);
  if (last === undefined) return false;
  const { binaryEvent } = parts.library;
  const kept = links
    .slice(0, links.indexOf(last))
    .filter(({ event }) => event?.id !== eventId)
    .map(({ link: { type, data, metadata } }) =>
      binaryEvent({
        id: randomUUID(),
        type,
        data: data instanceof Uint8Array ? data : Buffer.from(String(data)),
        metadata: Buffer.from(JSON.stringify(metadata ?? {})),
      }),
    );
  for (let from = 0; from < kept.length; from += PAGE) {
    const some = kept.slice(from, from + PAGE);
    await written(parts, group, (client) =>
      client.appendToStream(parkedStream(group), some, { requiresLeader: true }),
    );
  }
  const end = Number(last.link.revision) + 1;
  await written(parts, group, (client, { signal }) => cutBefore(parts, client, group, end, signal));
  return true;
};
