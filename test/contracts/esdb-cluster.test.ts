import type { EventStoreDBClient } from '@eventstore/db-client';
import { persistentSubscriptionToStreamSettingsFromDefaults } from '@eventstore/db-client';
import {
  appendOne,
  connectTo,
  happened,
  listenTo,
  revisionsOf,
  seen,
} from '../support/esdb/client.ts';
import { startCluster, type Cluster } from '../support/esdb/cluster.ts';

let cluster: Cluster;
let client: EventStoreDBClient;

beforeEach(async () => {
  cluster = await startCluster(3);
  client = connectTo(cluster.connectionString);
});

afterEach(async () => {
  await client.dispose();
  await cluster.stop();
});

const appendToLeader = (stream: string) =>
  client.appendToStream(stream, happened(), { requiresLeader: true });

describe('a cluster of three', () => {
  it('is written to at any node and read at any other', async () => {
    const [one, two] = cluster.nodes.map((node) => connectTo(node.connectionString));
    await appendOne(one!, 'order-1');
    await appendOne(two!, 'order-1', 0n);
    expect(await revisionsOf(client, 'order-1')).toEqual([0, 1]);
    await one!.dispose();
    await two!.dispose();
  });

  it('is found by gossip, at its leader', async () => {
    for (const index of [1, 2]) cluster.nodes[index]!.fail('append', 'silent');
    expect(await seen(appendToLeader('order-1'))).toHaveProperty('done.success', true);
  });

  it('sends a client that wants the leader to the new one: a NotLeaderError of code 5, then success', async () => {
    await appendToLeader('order-1');
    cluster.elect(2);
    expect(await seen(appendToLeader('order-2'))).toEqual({
      error: 'NotLeaderError',
      type: 'not-leader',
      code: 5,
      message: '5 NOT_FOUND: Leader info available',
    });
    for (const index of [0, 1]) cluster.nodes[index]!.fail('append', 'silent');
    expect(await seen(appendToLeader('order-3'))).toHaveProperty('done.success', true);
  });

  it('answers reads and subscriptions that want the leader with the same error', async () => {
    const follower = connectTo(cluster.nodes[1]!.connectionString);
    const notLeader = { error: 'NotLeaderError', code: 5 };
    const heard = listenTo(follower.subscribeToAll({ requiresLeader: true }));
    await heard.until('error');
    expect(heard.told).toMatchObject([{ given: notLeader }]);
    await follower.dispose();
    const other = connectTo(cluster.nodes[1]!.connectionString);
    const read = async (): Promise<void> => {
      for await (const _ of other.readStream('order-1', { requiresLeader: true })) return;
    };
    expect(await seen(read())).toMatchObject(notLeader);
    await other.dispose();
  });

  it('is left by a client whose node dies for one that is alive', async () => {
    await appendToLeader('order-1');
    await cluster.leader().stop('kill');
    cluster.declare(0, false);
    cluster.elect(1);
    expect(await seen(appendToLeader('order-2'))).toMatchObject({ code: 14 });
    expect(await seen(appendToLeader('order-3'))).toHaveProperty('done.success', true);
  });

  it('keeps the consumers of its leader when a follower dies', async () => {
    const settings = persistentSubscriptionToStreamSettingsFromDefaults();
    await client.createPersistentSubscriptionToStream('work-1', 'g', settings);
    const heard = listenTo(client.subscribeToPersistentSubscriptionToStream('work-1', 'g'));
    await heard.until('confirmation');
    await cluster.nodes[1]!.stop('kill');
    await appendOne(client, 'work-1');
    await heard.until('data');
    expect(heard.told.map(({ on }) => on)).toEqual(['confirmation', 'data']);
  });

  it('ends consumers of persistent subscriptions when the leader changes', async () => {
    const settings = persistentSubscriptionToStreamSettingsFromDefaults();
    await client.createPersistentSubscriptionToStream('work-1', 'g', settings);
    const consumer = client.subscribeToPersistentSubscriptionToStream('work-1', 'g');
    const heard = listenTo(consumer);
    await heard.until('confirmation');
    cluster.elect(1);
    await heard.until('error');
    expect(heard.told.at(1)).toMatchObject({
      given: { error: 'PersistentSubscriptionDroppedError', code: 1 },
    });
  });
});
