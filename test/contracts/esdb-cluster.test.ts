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

  it('is left by a client whose node dies for one that is alive', async () => {
    await appendToLeader('order-1');
    await cluster.leader().stop('kill');
    cluster.declare(0, false);
    cluster.elect(1);
    expect(await seen(appendToLeader('order-2'))).toMatchObject({ code: 14 });
    expect(await seen(appendToLeader('order-3'))).toHaveProperty('done.success', true);
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
