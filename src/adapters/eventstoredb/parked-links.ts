import { E } from '../../engine/fp.ts';
import { StoreFailed } from '../../engine/store.ts';
import { told } from './errors.ts';
import { groupFailure, type Grouping } from './group.ts';
import type { Client } from './library.ts';
import { whole, withClient } from './reads.ts';
import type { Recorded } from './wire.ts';

/** A link in the stream where the server puts what is parked, and the event that it leads to. */
export type Link = { readonly link: Recorded; readonly event: Recorded | undefined };

/** Where the server puts what a group parks. */
export const parkedStream = (group: string): string =>
  `$persistentsubscription-$all::${group}-parked`;

/** Links that are asked for at once, and that are written at once. */
export const PAGE = 500;

const pageOf = async (
  client: Client,
  group: string,
  fromRevision: bigint | 'start',
  signal: AbortSignal,
): Promise<readonly Link[]> => {
  const read = client.readStream(parkedStream(group), {
    fromRevision,
    direction: 'forwards',
    maxCount: PAGE,
    resolveLinkTos: true,
    requiresLeader: true,
  });
  try {
    type Resolved = { readonly link?: Recorded; readonly event?: Recorded };
    const page = await whole<Resolved>(client, read, signal);
    // A link whose event is gone may come as an event without a link.
    return page.flatMap(({ link, event }): readonly Link[] => {
      if (link !== undefined) return [{ link, event }];
      return event === undefined ? [] : [{ link: event, event: undefined }];
    });
  } catch (error) {
    if (told(error).type === 'stream-not-found') return [];
    throw error;
  }
};

/** All that is parked; throws `StoreFailed`. */
export const linksOf = async (
  { address, policy, lane }: Grouping,
  group: string,
): Promise<readonly Link[]> => {
  const links: Link[] = [];
  for (;;) {
    const last = links.at(-1)?.link.revision;
    const from = last === undefined ? 'start' : last + 1n;
    const page = await policy.run({ repeat: 'idempotent' }, (attempt) =>
      withClient(lane, attempt, (client) => pageOf(client, group, from, attempt.signal)),
    )();
    if (E.isLeft(page)) throw new StoreFailed(groupFailure(address, group, page.left));
    links.push(...page.right);
    if (page.right.length < PAGE) return links;
  }
};
