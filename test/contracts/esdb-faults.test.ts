import type { EventStoreDBClient } from '@eventstore/db-client';
import {
  appendOne,
  connectTo,
  happened,
  listenTo,
  revisionsOf,
  seen,
  SILENCE_MS,
} from '../support/esdb/client.ts';
import { createLog } from '../support/esdb/log.ts';
import { textEvent } from '../support/esdb/record.ts';
import { startStandIn, type StandIn } from '../support/esdb/stand-in.ts';

/** What the unmodified client makes of each fault: an adapter may rely on it. */

let server: StandIn;
let client: EventStoreDBClient;
let now = 1_700_000_000_000;

beforeEach(async () => {
  server = await startStandIn({ log: createLog(() => now) });
  client = connectTo(server.connectionString);
});

afterEach(async () => {
  await client.dispose();
  await server.stop('kill');
});

const written = (stream: string): number => server.log.stream(stream).records.length;

describe('an append', () => {
  it('that the server takes and never answers ends in nothing, and wrote nothing', async () => {
    await appendOne(client, 'order-0');
    server.fail('append', 'silent', { times: 1 });
    const silent = appendOne(client, 'order-1');
    expect(await seen(appendOne(client, 'order-2'))).toHaveProperty('done.success', true);
    expect([await seen(silent, 0), written('order-1')]).toEqual(['no answer', 0]);
  });

  it('that is written and never answered is recognised when it is sent again', async () => {
    await appendOne(client, 'order-0');
    server.fail('append', 'silent-after-write', { times: 1 });
    const event = happened();
    const append = () => client.appendToStream('order-1', event, { expectedRevision: 'no_stream' });
    const silent = append();
    expect(await seen(append())).toHaveProperty('done.nextExpectedRevision', 0n);
    expect([await seen(silent, 0), written('order-1')]).toEqual(['no answer', 1]);
  });

  it('of a fresh client is overtaken by the next one that starts with it', async () => {
    await Promise.all([appendOne(client, 'order-1'), appendOne(client, 'order-2')]);
    expect(server.log.records.map(({ stream }) => stream)).toEqual(['order-2', 'order-1']);
  });

  const ends = [
    ['unavailable', 0, 'UnavailableError', 'unavailable', 14, 'UNAVAILABLE: Connection dropped'],
    ['unavailable-after-write', 1, 'UnavailableError', 'unavailable', 14, 'UNAVAILABLE'],
    ['cancelled', 0, 'CancelledError', 'cancelled', 1, 'CANCELLED'],
    ['cancelled-after-write', 1, 'CancelledError', 'cancelled', 1, 'CANCELLED'],
    ['internal', 0, 'UnknownError', 'unknown', 13, 'INTERNAL: Unexpected server error.'],
    ['not-ready', 0, 'UnknownError', 'unknown', undefined, 'recognize Server Is Not Ready'],
    ['too-busy', 0, 'UnknownError', 'unknown', undefined, 'recognize Server Is Too Busy'],
    ['access-denied', 0, 'AccessDeniedError', 'access-denied', undefined, ''],
    ['unauthenticated', 0, 'AccessDeniedError', 'access-denied', 16, 'UNAUTHENTICATED'],
  ] as const;

  it.each(ends)('that meets %s has written %i events and is a %s', async (...row) => {
    const [fault, count, error, type, code, words] = row;
    server.fail('append', fault, { times: 1 });
    const end = await seen(appendOne(client, 'order-1'));
    expect(end).toEqual({ error, type, code, message: expect.stringContaining(words) });
    expect(written('order-1')).toBe(count);
    expect(await seen(appendOne(client, 'order-2'))).toHaveProperty('done.success', true);
  });

  it('that ends with the connection takes every other append of the client with it', async () => {
    await appendOne(client, 'order-0');
    server.fail('append', 'silent', { times: 1 });
    server.fail('append', 'unavailable', { times: 1 });
    const both = await Promise.all([
      seen(appendOne(client, 'order-1')),
      seen(appendOne(client, 'order-2')),
    ]);
    expect(both.map((end) => typeof end === 'object' && 'code' in end && end.code)).toEqual([
      14, 14,
    ]);
  });

  it('is refused until the server is ready', async () => {
    server.fail('all', 'not-ready', { forMs: 1000 });
    const refused = { error: 'UnknownError', message: 'Could not recognize Server Is Not Ready' };
    expect(await seen(appendOne(client, 'order-1'))).toMatchObject(refused);
    now += 999;
    expect(await seen(appendOne(client, 'order-1'))).toMatchObject(refused);
    now += 1;
    expect(await seen(appendOne(client, 'order-1'))).toHaveProperty('done.success', true);
  });

  it('answered late is answered', async () => {
    server.fail('append', { delayMs: 100 }, { times: 1 });
    const append = appendOne(client, 'order-1');
    expect(await seen(append, 20)).toBe('no answer');
    expect(await seen(append)).toHaveProperty('done.success', true);
  });
});

describe('what the server can do', () => {
  it('is asked once: an error is remembered by the client for ever', async () => {
    server.fail('features', 'internal', { times: 1 });
    const failed = { error: 'Error', type: undefined, code: 13 };
    expect(await seen(appendOne(client, 'order-1'))).toMatchObject(failed);
    expect(await seen(appendOne(client, 'order-1'))).toMatchObject(failed);
    const other = connectTo(server.connectionString);
    expect(await seen(appendOne(other, 'order-1'))).toHaveProperty('done.success', true);
    await other.dispose();
  });

  it('is asked again after an unavailable server', async () => {
    server.fail('features', 'unavailable', { times: 1 });
    expect(await seen(appendOne(client, 'order-1'))).toMatchObject({ error: 'Error', code: 14 });
    expect(await seen(appendOne(client, 'order-1'))).toHaveProperty('done.success', true);
  });
});

describe('a read', () => {
  const ends = [
    ['unavailable', 'UnavailableError', 14],
    ['not-ready', 'UnavailableError', 14],
    ['internal', 'UnknownError', 13],
    ['access-denied', 'AccessDeniedError', 7],
    ['unauthenticated', 'AccessDeniedError', 16],
    ['cancelled', 'CancelledError', 1],
  ] as const;

  it.each(ends)('that meets %s is a %s of code %i', async (fault, error, code) => {
    await appendOne(client, 'order-1');
    server.fail('read', fault, { times: 1 });
    expect(await seen(revisionsOf(client, 'order-1'))).toMatchObject({ error, code });
    expect(await revisionsOf(client, 'order-1')).toEqual([0]);
  });

  it('of nothing, or forwards from the end, is an UnknownError of code 2', async () => {
    await appendOne(client, 'order-1');
    const first = async (options: object): Promise<void> => {
      for await (const _ of client.readStream('order-1', options)) return;
    };
    const threw = { error: 'UnknownError', type: 'unknown', code: 2 };
    expect(await seen(first({ maxCount: 0 }))).toMatchObject(threw);
    expect(await seen(first({ fromRevision: 'end' }))).toMatchObject(threw);
  });

  it('gives JSON that is none as the text it is', async () => {
    const id = '00000000-0000-4000-8000-000000000001';
    server.log.append('order-1', 'no_stream', [textEvent(id, 'Happened', '{"n":')]);
    for await (const { event } of client.readStream('order-1')) {
      expect([event?.isJson, event?.data]).toEqual([true, '{"n":']);
    }
    expect.assertions(1);
  });

  it('gives a link to an event that is gone without the event', async () => {
    const id = '00000000-0000-4000-8000-000000000002';
    await appendOne(client, 'order-1');
    server.log.append('links-1', 'no_stream', [textEvent(id, '$>', '0@order-1')]);
    const links = async () => {
      const found: unknown[] = [];
      for await (const read of client.readStream('links-1', { resolveLinkTos: true })) {
        found.push([read.event?.streamId, read.link?.streamId]);
      }
      return found;
    };
    expect(await links()).toEqual([['order-1', 'links-1']]);
    await client.deleteStream('order-1');
    expect(await links()).toEqual([[undefined, 'links-1']]);
  });
});

describe('a live subscription', () => {
  const live = async (fromPosition: 'start' | 'end' = 'start') => {
    const subscription = client.subscribeToAll({ fromPosition });
    const heard = listenTo(subscription);
    await heard.until('caughtUp');
    return heard;
  };

  const dropped = {
    on: 'error',
    given: { error: 'TimeoutError', type: 'timeout', code: 10, message: expect.any(String) },
  };

  it('is dropped by one append of 1,000 events', async () => {
    const { told, until } = await live();
    const many = Array.from({ length: 1000 }, (_, n) => happened(n));
    await client.appendToStream('order-1', many);
    await until('error');
    expect(told.filter(({ on }) => on !== 'data').slice(0, 3)).toEqual([
      { on: 'confirmation' },
      { on: 'caughtUp' },
      dropped,
    ]);
  });

  it('is dropped at the next event when it is to be slow', async () => {
    server.fail('subscribe', 'slow-consumer', { times: 1 });
    const { told, until } = await live();
    await appendOne(client, 'order-1');
    await until('error');
    expect(told.at(2)).toEqual(dropped);
  });

  it('keeps up with 300 appends of one event', async () => {
    const { told, until } = await live();
    for (let n = 0; n < 300; n += 1) await appendOne(client, `order-${n}`);
    await until('data', 300);
    expect(new Set(told.map(({ on }) => on))).toEqual(
      new Set(['confirmation', 'caughtUp', 'data']),
    );
  });

  it('ends with code 14 when the server is killed, with code 13 when it stops with grace', async () => {
    const killed = await live();
    await server.stop('kill');
    await killed.until('error');
    expect(killed.told.at(2)).toMatchObject({ given: { error: 'UnavailableError', code: 14 } });
    await server.restart();
    const stopped = await live();
    await server.stop('graceful');
    await stopped.until('error');
    expect(stopped.told.slice(2)).toEqual([
      {
        on: 'error',
        given: {
          error: 'UnknownError',
          type: 'unknown',
          code: 13,
          message: expect.stringContaining('RST_STREAM with code 0'),
        },
      },
    ]);
    await server.restart();
    await seen(revisionsOf(client, 'order-1'));
    expect([killed, stopped].map(({ told }) => told.slice(2).map(({ on }) => on))).toEqual([
      ['error'],
      ['error'],
    ]);
  });

  it('after the head of a log that went back says that it has caught up, and nothing of what is new', async () => {
    await appendOne(client, 'order-1');
    const { position } = await appendOne(client, 'order-2');
    server.log.goBackTo(1);
    const heard = listenTo(client.subscribeToAll({ fromPosition: position! }));
    await heard.until('caughtUp');
    await appendOne(client, 'order-3');
    await revisionsOf(client, 'order-3'); // over the connection that an event would have come by
    expect(heard.told.map(({ on }) => on)).toEqual(['confirmation', 'caughtUp']);
  });
});

describe('a server', () => {
  it('that is killed ends every append on its way with code 14, written or not', async () => {
    await appendOne(client, 'order-0');
    server.fail('append', 'silent', { times: 1 });
    server.fail('append', 'silent-after-write', { times: 1 });
    const onTheirWay = [appendOne(client, 'order-1'), appendOne(client, 'order-2')].map((append) =>
      seen(append),
    );
    await appendOne(client, 'order-3');
    await server.stop('kill');
    const unavailable = { error: 'UnavailableError', type: 'unavailable', code: 14 };
    expect(await Promise.all(onTheirWay)).toMatchObject([unavailable, unavailable]);
    expect([written('order-1'), written('order-2')]).toEqual([0, 1]);
  });

  it('that is not there refuses a fresh client: code 14', async () => {
    await server.stop('kill');
    expect(await seen(appendOne(client, 'order-1'))).toMatchObject({ error: 'Error', code: 14 });
    const refused = { error: 'UnavailableError', code: 14 };
    expect(await seen(revisionsOf(client, 'order-1'))).toMatchObject(refused);
    const { told, until } = listenTo(client.subscribeToAll());
    await until('error');
    expect(told.at(0)).toMatchObject({ on: 'error', given: refused });
    await server.restart();
  });

  it('that comes back on its port has its log', async () => {
    await appendOne(client, 'order-1');
    await server.stop('kill');
    expect(await seen(appendOne(client, 'order-1', 0n))).toMatchObject({ code: 14 });
    await server.restart();
    expect(await seen(appendOne(client, 'order-1', 0n))).toHaveProperty('done.success', true);
    expect(await revisionsOf(client, 'order-1')).toEqual([0, 1]);
  });

  it('that takes bytes and answers nothing hangs calls old and new until it thaws', async () => {
    await appendOne(client, 'order-1');
    server.freeze();
    const other = connectTo(server.connectionString);
    const calls = [revisionsOf(client, 'order-1'), revisionsOf(other, 'order-1')];
    const waits = await Promise.all(calls.map((call) => seen(call, SILENCE_MS)));
    expect(waits).toEqual(['no answer', 'no answer']);
    server.thaw();
    expect(await Promise.all(calls)).toEqual([[0], [0]]);
    await other.dispose();
  });
});
