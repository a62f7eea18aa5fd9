import { EventStoreDBClient } from '@eventstore/db-client';
import type { Delivery, EventGroups, Joining } from '../../src/engine/group.ts';
import type { OpenStore } from '../../src/engine/rows.ts';
import { draft, drafts, freshStream, idsOf, left, right } from '../support/drafts.ts';
import { startCluster } from '../support/esdb/cluster.ts';
import { connectTo } from '../support/esdb/client.ts';
import type { StandIn } from '../support/esdb/stand-in.ts';
import { onStandIn, storeOn } from '../support/esdb/store-on.ts';

const GROUP = 'chancery-test-react';
const SHARED = { shareReactions: true } as const;

const groupsOf = ({ groups }: OpenStore): EventGroups => groups!;

const types = [draft().type];

/** Takes from a group until a test has enough; leaves it when told. */
const joining = (groups: EventGroups, options: Partial<Joining> = {}) => {
  const stop = new AbortController();
  const deliveries = groups.join({
    group: GROUP,
    after: undefined,
    types,
    room: 8,
    joined: () => undefined,
    signal: stop.signal,
    ...options,
  });
  const next = async (): Promise<Delivery> => {
    const { value, done } = await deliveries.next();
    if (done === true) throw new Error('the deliveries have ended');
    return value;
  };
  const take = async (count: number): Promise<readonly Delivery[]> => {
    const taken: Delivery[] = [];
    while (taken.length < count) taken.push(await next());
    return taken;
  };
  const leave = async (): Promise<void> => {
    stop.abort();
    while ((await deliveries.next()).done !== true) continue;
  };
  return { next, take, leave };
};

const eventsOf = (deliveries: readonly Delivery[]) =>
  idsOf(deliveries.map(({ event }) => event)).toSorted();

/** Asks the server for a group until it is as expected. */
const whenGroup = async (
  server: StandIn,
  isSo: (group: NonNullable<ReturnType<StandIn['groups']['find']>>) => boolean,
): Promise<void> => {
  for (;;) {
    const group = server.groups.find('$all', GROUP);
    if (group !== undefined && isSo(group)) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
const allAnswered = (server: StandIn) => whenGroup(server, ({ inFlight }) => inFlight.size === 0);

/** What an administrator does at the server itself. */
const administering = async (
  server: { readonly connectionString: string },
  work: (client: EventStoreDBClient) => Promise<unknown>,
): Promise<void> => {
  const client = connectTo(server.connectionString);
  await work(client);
  await client.dispose();
};

describe('a group', () => {
  it(
    'is there only where a store shares reactions',
    onStandIn(async ({ groups }) => expect(groups).toBeUndefined()),
  );

  it(
    'N19: gives each event to one of those that take from it, and what is unanswered again',
    onStandIn(async (opened, server) => {
      const { events } = opened;
      const batch = drafts(6);
      await right(events.append(freshStream(), 'none', batch));
      const one = joining(groupsOf(opened), { room: 3 });
      const first = await one.take(3);
      const other = joining(groupsOf(opened), { room: 3 });
      const second = await other.take(3);
      expect(eventsOf([...first, ...second])).toEqual(idsOf(batch).toSorted());
      for (const { acknowledge } of second) acknowledge();
      await one.leave();
      const third = await other.take(3);
      expect(eventsOf(third)).toEqual(eventsOf(first));
      for (const { acknowledge } of third) acknowledge();
      await allAnswered(server);
      await other.leave();
    }, SHARED),
  );

  it(
    'N19: gives an event again when it is not answered in time',
    onStandIn(
      async (opened, server) => {
        const [event] = drafts(1);
        await right(opened.events.append(freshStream(), 'none', [event!]));
        const { take, leave } = joining(groupsOf(opened));
        const [first, again] = await take(2);
        expect(eventsOf([first!, again!])).toEqual([event!.id, event!.id]);
        again!.acknowledge();
        await allAnswered(server);
        await leave();
      },
      { ...SHARED, redeliverAfterMs: 40 },
    ),
  );

  it(
    'begins behind a position, and gives the types that are asked for alone, with their places',
    onStandIn(async (opened, server) => {
      const { events } = opened;
      const stream = freshStream();
      const before = await right(events.append(stream, 'none', drafts(2)));
      const wanted = draft();
      const unwanted = { ...draft(), type: 'Other' };
      const { events: written } = await right(events.append(stream, 1, [unwanted, wanted]));
      const { take, leave } = joining(groupsOf(opened), { after: before.position });
      const taken = await take(2);
      // The server begins with the event at the position itself.
      expect(taken.map(({ event }) => event)).toEqual([before.events[1], written[1]]);
      for (const { acknowledge } of taken) acknowledge();
      await allAnswered(server);
      await leave();
    }, SHARED),
  );

  it(
    'N19: is made anew when it was deleted under way, and gone on with when it was changed',
    onStandIn(async (opened, server) => {
      const [one, two] = drafts(2);
      const stream = freshStream();
      await right(opened.events.append(stream, 'none', [one!]));
      const { next, leave } = joining(groupsOf(opened));
      expect((await next()).event.id).toBe(one!.id);
      await administering(server, (client) => client.deletePersistentSubscriptionToAll(GROUP));
      const again = await next();
      expect(again.event.id).toBe(one!.id);
      again.acknowledge();
      await allAnswered(server);
      server.groups.dropConsumers();
      await right(opened.events.append(stream, 0, [two!]));
      const later = await next();
      expect(later.event.id).toBe(two!.id);
      later.acknowledge();
      await allAnswered(server);
      await leave();
    }, SHARED),
  );

  it('N19: goes on at another node when that leads', async () => {
    const cluster = await startCluster(3);
    const opened = await right(storeOn(cluster.connectionString, SHARED).open({ readOnly: false }));
    const { next, leave } = joining(groupsOf(opened));
    const [one, two] = drafts(2);
    const stream = freshStream();
    await right(opened.events.append(stream, 'none', [one!]));
    (await next()).acknowledge();
    await allAnswered(cluster.leader());
    cluster.elect(1);
    await right(opened.events.append(stream, 0, [two!]));
    expect((await next()).event.id).toBe(two!.id);
    await leave();
    await opened.close();
    await cluster.stop();
  });

  it(
    'N19: goes on when the server comes back',
    onStandIn(async (opened, server) => {
      const batch = drafts(2);
      await right(opened.events.append(freshStream(), 'none', batch));
      const { take, leave } = joining(groupsOf(opened));
      await take(2);
      await server.stop('kill');
      await server.restart();
      expect(eventsOf(await take(2))).toEqual(idsOf(batch).toSorted());
      await leave();
    }, SHARED),
  );

  it(
    'is a typed failure where the server denies it, and ends where the store is closed',
    onStandIn(async (opened, server) => {
      server.fail('persistent', 'access-denied');
      const denied = joining(groupsOf(opened)).next();
      await expect(denied).rejects.toMatchObject({
        failure: {
          type: 'StoreUnavailable',
          reason: `the group ${GROUP}: access to $all is denied`,
          remedy: expect.stringContaining('check the user'),
        },
      });
      server.heal();
      const waiting = joining(groupsOf(opened)).next();
      await whenGroup(server, ({ consumers }) => consumers.length > 0);
      await opened.close();
      await expect(waiting).rejects.toMatchObject({ failure: { type: 'StoreClosed' } });
      expect(await left(groupsOf(opened).parked(GROUP))).toMatchObject({ type: 'StoreClosed' });
    }, SHARED),
  );
});

describe('what is parked', () => {
  /** Parks events, the reasons being their ids. */
  const parking = async (opened: OpenStore, server: StandIn, count: number) => {
    const { events } = await right(opened.events.append(freshStream(), 'none', drafts(count)));
    const { take, leave } = joining(groupsOf(opened));
    for (const { event, park } of await take(count)) park(`because ${event.id}`);
    await allAnswered(server);
    await leave();
    return events;
  };

  it(
    'N19: is listed with its place, its reason and its time; where there is no group, nothing is',
    onStandIn(async (opened, server) => {
      expect(await right(groupsOf(opened).parked(GROUP))).toEqual([]);
      const events = await parking(opened, server, 3);
      const parked = await right(groupsOf(opened).parked(GROUP));
      expect(parked).toEqual(
        events.map((event) => ({ event, reason: `because ${event.id}`, at: expect.any(Number) })),
      );
    }, SHARED),
  );

  it(
    'N19: is dropped one by one, wherever it lies',
    onStandIn(async (opened, server) => {
      const groups = groupsOf(opened);
      const [one, two, three] = await parking(opened, server, 3);
      const stillThere = async () => {
        const parked = await right(groups.parked(GROUP));
        return parked.map(({ event, reason }) => `${event.id}: ${reason}`);
      };
      const told = (id: string) => `${id}: because ${id}`;
      expect(await right(groups.drop(GROUP, two!.id))).toBe(true);
      expect((await stillThere()).toSorted()).toEqual([told(one!.id), told(three!.id)].toSorted());
      expect(await right(groups.drop(GROUP, two!.id))).toBe(false);
      expect(await right(groups.drop(GROUP, one!.id))).toBe(true);
      expect(await stillThere()).toEqual([told(three!.id)]);
      expect(await right(groups.drop(GROUP, three!.id))).toBe(true);
      expect(await stillThere()).toEqual([]);
    }, SHARED),
  );

  it(
    'N19: comes again with its own place when the server replays it',
    onStandIn(async (opened, server) => {
      const events = await parking(opened, server, 2);
      await administering(server, (client) => client.replayParkedMessagesToAll(GROUP));
      const { take, leave } = joining(groupsOf(opened));
      const again = await take(2);
      expect(again.map(({ event }) => event)).toEqual(events);
      for (const { acknowledge } of again) acknowledge();
      await allAnswered(server);
      expect(await right(groupsOf(opened).parked(GROUP))).toEqual([]);
      await leave();
    }, SHARED),
  );
});
