import {
  persistentSubscriptionToStreamSettingsFromDefaults,
  START,
  type EventStoreDBClient,
  type PersistentSubscriptionToStream,
  type PersistentSubscriptionToStreamSettings,
  type ResolvedEvent,
} from '@eventstore/db-client';
import { appendOne, connectTo, happened, listenTo, seen } from '../support/esdb/client.ts';
import { startStandIn, type StandIn } from '../support/esdb/stand-in.ts';

let server: StandIn;
let client: EventStoreDBClient;

beforeEach(async () => {
  server = await startStandIn();
  client = connectTo(server.connectionString);
});

afterEach(async () => {
  await client.dispose();
  await server.stop('kill');
});

const create = (settings: Partial<PersistentSubscriptionToStreamSettings> = {}) =>
  client.createPersistentSubscriptionToStream(
    'work-1',
    'g',
    persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START, ...settings }),
  );

const consume = (bufferSize = 10) =>
  client.subscribeToPersistentSubscriptionToStream('work-1', 'g', { bufferSize });

/** What a consumer gets, each delivery answered or not. */
const deliveries = (
  consumer: PersistentSubscriptionToStream,
  answer: (event: ResolvedEvent) => unknown = () => undefined,
) => {
  const got: string[] = [];
  const answers: unknown[] = [];
  consumer.on('data', (event) => {
    got.push(`${event.event?.revision}/${event.retryCount}`);
    answers.push(answer(event));
  });
  return { got, answered: () => Promise.all(answers), ...listenTo(consumer) };
};

const info = () => client.getPersistentSubscriptionToStreamInfo('work-1', 'g');

describe('a persistent subscription', () => {
  it('has no more on its way to a consumer than its buffer', async () => {
    await create();
    await client.appendToStream('work-1', [happened(0), happened(1), happened(2)]);
    const consumer = consume(2);
    const { got, until } = deliveries(consumer);
    await until('data', 2);
    expect([got, (await info()).stats.totalInFlightMessages]).toEqual([['0/0', '1/0'], 2]);
  });

  it('delivers what is written later, and again what a consumer left without an answer', async () => {
    await create();
    const first = consume();
    const { until } = deliveries(first);
    await until('confirmation');
    await appendOne(client, 'work-1');
    await until('data');
    await first.unsubscribe();
    const second = consume();
    const again = deliveries(second, (event) => second.ack(event));
    await again.until('data');
    expect(again.got).toEqual(['0/1']);
  });

  it('parks what was retried as often as it may be', async () => {
    await create({ maxRetryCount: 1 });
    await appendOne(client, 'work-1');
    const consumer = consume();
    const { got, until } = deliveries(consumer, (event) => consumer.nack('retry', 'no', event));
    await until('data', 2);
    await appendOne(client, 'work-1', 0n);
    await until('data', 4);
    await appendOne(client, 'work-1', 1n);
    await until('data', 6);
    expect(got).toEqual(['0/0', '0/1', '1/0', '1/1', '2/0', '2/1']);
    expect(Number((await info()).stats.parkedMessageCount)).toBeGreaterThanOrEqual(2);
  });

  it('replays as many parked messages as it is told', async () => {
    await create();
    await client.appendToStream('work-1', [happened(0), happened(1)]);
    const first = consume();
    const { got, answered, until } = deliveries(
      first,
      (event) => event.link === undefined && first.nack('park', 'no', event),
    );
    await until('data', 2);
    await answered();
    await client.replayParkedMessagesToStream('work-1', 'g', { stopAt: 1 });
    await until('data', 3);
    expect([got, (await info()).stats.parkedMessageCount]).toEqual([['0/0', '1/0', '0/0'], 1n]);
  });

  const ends = [
    ['deleted', () => client.deletePersistentSubscriptionToStream('work-1', 'g')],
    [
      'updated',
      () =>
        client.updatePersistentSubscriptionToStream(
          'work-1',
          'g',
          persistentSubscriptionToStreamSettingsFromDefaults({ maxRetryCount: 3 }),
        ),
    ],
  ] as const;

  it.each(ends)('ends its consumers when it is %s: code 1', async (_how, change) => {
    await create();
    const { told, until } = deliveries(consume());
    await until('confirmation');
    await change();
    await until('error');
    expect(told.at(1)).toMatchObject({
      given: { error: 'PersistentSubscriptionDroppedError', code: 1 },
    });
  });

  it('refuses one consumer more than it may have: code 9', async () => {
    await create({ maxSubscriberCount: 1 });
    await deliveries(consume()).until('confirmation');
    const second = deliveries(consume());
    await second.until('error');
    expect(second.told).toMatchObject([
      {
        on: 'error',
        given: { error: 'PersistentSubscriptionMaximumSubscribersReachedError', code: 9 },
      },
    ]);
  });

  it('is told of with its settings, and listed', async () => {
    await create({ messageTimeout: 700, maxRetryCount: 2 });
    const { settings, groupName, eventSource } = await info();
    expect([groupName, eventSource]).toEqual(['g', 'work-1']);
    expect(settings).toMatchObject({
      startFrom: START,
      messageTimeout: 700,
      maxRetryCount: 2,
      consumerStrategyName: 'RoundRobin',
    });
    expect(await client.listAllPersistentSubscriptions()).toHaveLength(1);
    expect(await client.listPersistentSubscriptionsToStream('work-1')).toHaveLength(1);
    expect(await seen(client.listPersistentSubscriptionsToStream('work-2'))).toMatchObject({
      error: 'PersistentSubscriptionDoesNotExistError',
    });
  });

  it('survives the end of its server with what was not acknowledged', async () => {
    await create();
    await client.appendToStream('work-1', [happened(0), happened(1)]);
    const first = consume();
    const before = deliveries(first, (event) => event.event?.revision === 0n && first.ack(event));
    await before.until('data', 2);
    await before.answered();
    await info(); // over the connection that the acknowledgement went by
    await server.stop('kill');
    await before.until('error');
    await server.restart();
    const after = deliveries(consume());
    await after.until('data');
    expect(after.got).toEqual(['1/0']);
  });
});
