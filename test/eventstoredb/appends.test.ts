import { caughtUp, draft, drafts, freshStream, idsOf, left, right } from '../support/drafts.ts';
import { connectTo } from '../support/esdb/client.ts';
import { textEvent } from '../support/esdb/record.ts';
import { onStandIn, storeOn } from '../support/esdb/store-on.ts';

const FAST = { attemptMs: 150 };

describe('an append whose answer is lost', () => {
  it.each([
    'silent',
    'silent-after-write',
    'unavailable',
    'unavailable-after-write',
    'cancelled',
    'cancelled-after-write',
    'internal',
    'not-ready',
    'too-busy',
  ] as const)('N2 N8 is sent again under the same ids and lies there once: %s', (fault) =>
    onStandIn(async ({ events }, server) => {
      const [stream, three] = [freshStream(), drafts(3)];
      await right(events.append(stream, 'none', [draft()]));
      server.fail('append', fault, { times: 2 });
      const appended = await right(events.append(stream, 0, three));
      expect(idsOf(appended.events)).toEqual(idsOf(three));
      expect(await right(events.read(stream, { from: 1 }))).toEqual(appended.events);
      expect(server.log.stream(stream).records).toHaveLength(4);
    }, FAST)(),
  );

  it(
    'N45 ends with its deadline, and says that the outcome is unknown and what to do',
    onStandIn(
      async ({ events }, server) => {
        server.fail('append', 'silent');
        const began = performance.now();
        const failure = await left(events.append('order-1', 'none', [draft()]));
        expect(performance.now() - began).toBeLessThan(5_000);
        expect(failure).toMatchObject({
          type: 'StoreUnavailable',
          reason: expect.stringContaining('whether it had its effect is not known'),
          remedy: expect.stringContaining('recognised by its id'),
        });
      },
      { attemptMs: 100, deadlineMs: 400 },
    ),
  );

  it(
    'N4 does not take the append of somebody else for its own',
    onStandIn(async ({ events }, server) => {
      await right(events.append('order-1', 'none', [draft()]));
      server.fail('append', 'silent', { times: 1 });
      const waiting = left(events.append('order-1', 0, [draft()]));
      const other = connectTo(server.connectionString);
      server.log.append('order-1', 0n, [textEvent(draft().id, 'Other', '{}')]);
      expect(await waiting).toMatchObject({ type: 'RevisionConflict', expected: 0, actual: 1 });
      await other.dispose();
    }, FAST),
  );

  it(
    'goes on with a new client where the old one remembers an error for ever',
    onStandIn(async ({ events }, server) => {
      server.fail('features', 'internal', { times: 2 });
      expect(await right(events.append('order-1', 'none', [draft()]))).toHaveProperty(
        'revision',
        0,
      );
    }),
  );
});

describe('a stream that was deleted or cut', () => {
  it(
    'is StreamDeleted for ever once it is tombstoned, and nowhere in the log or the list',
    onStandIn(async ({ events }, server) => {
      const [gone, kept] = [freshStream(), freshStream()];
      for (const stream of [gone, kept]) await right(events.append(stream, 'none', [draft()]));
      const listed = async () =>
        (await right(events.streams({ limit: 9 }))).map(({ stream }) => stream);
      expect((await listed()).toSorted()).toEqual([gone, kept].toSorted());
      server.log.tombstone(gone, 0n);
      const deleted = { type: 'StreamDeleted', stream: gone };
      expect(await left(events.read(gone))).toEqual(deleted);
      expect(await left(events.append(gone, 0, [draft()]))).toEqual(deleted);
      expect(await left(events.append(gone, 'none', [draft()]))).toEqual(deleted);
      expect(await listed()).toEqual([kept]);
      const head = await right(events.head());
      const { events: seen } = await caughtUp(events, undefined);
      expect(seen.map(({ stream }) => stream)).toEqual([gone, kept]);
      expect(events.compare(head!, seen[1]!.position)).toBeGreaterThan(0);
    }),
  );

  it(
    'N2 is opened anew where its numbering stopped, and a repeat of that is recognised',
    onStandIn(async ({ events }, server) => {
      await right(events.append('order-1', 'none', drafts(2)));
      server.log.delete('order-1', 1n);
      expect(await right(events.read('order-1'))).toEqual([]);
      const two = drafts(2);
      const opened = await right(events.append('order-1', 'none', two));
      expect(opened.events.map(({ revision }) => revision)).toEqual([2, 3]);
      expect(await right(events.append('order-1', 'none', two))).toEqual(opened);
      expect(await right(events.read('order-1'))).toEqual(opened.events);
      const conflict = await left(events.append('order-1', 'none', [draft()]));
      expect(conflict).toMatchObject({ type: 'RevisionConflict', expected: 'none', actual: 3 });
    }),
  );

  it(
    'goes on behind what is hidden, also where all is hidden',
    onStandIn(async ({ events }, server) => {
      const client = connectTo(server.connectionString);
      await right(events.append('order-1', 'none', drafts(4)));
      await client.setStreamMetadata('order-1', { truncateBefore: 2 });
      expect((await right(events.read('order-1'))).map(({ revision }) => revision)).toEqual([2, 3]);
      await client.setStreamMetadata('order-1', { truncateBefore: 4 });
      expect(await right(events.read('order-1'))).toEqual([]);
      const one = [draft()];
      const next = await right(events.append('order-1', 'none', one));
      expect(next.events.map(({ revision }) => revision)).toEqual([4]);
      expect(await right(events.append('order-1', 'none', one))).toEqual(next);
      await client.dispose();
    }),
  );

  it(
    'answers an append of which its retention keeps only a part, and a repeat of what is hidden',
    onStandIn(async ({ events }, server) => {
      const client = connectTo(server.connectionString);
      await client.setStreamMetadata('order-1', { maxCount: 1 });
      const three = drafts(3);
      const appended = await right(events.append('order-1', 'none', three));
      expect(idsOf(appended.events)).toEqual(idsOf(three));
      expect(appended.revision).toBe(2);
      await client.setStreamMetadata('order-1', { truncateBefore: 3 });
      const repeated = await right(events.append('order-1', 'none', three));
      expect(idsOf(repeated.events)).toEqual(idsOf(three));
      await client.dispose();
    }),
  );
});

describe('what others have written', () => {
  it(
    'N10 N16 is unreadable, by name, where it is no event of an engine or was altered; the rest is read',
    onStandIn(async ({ events }, server) => {
      await right(events.append('order-1', 'none', [draft({ text: 'mine' })]));
      const [mine] = server.log.stream('order-1').records;
      const altered = { ...mine!, id: draft().id, data: Buffer.from('{"text":"his"}') };
      const id = () => draft().id;
      server.log.append('order-1', 0n, [
        textEvent(id(), 'Json', '{"n":1}'),
        textEvent(id(), 'Broken', '{"n":'),
        textEvent(id(), 'Bytes', 'hello', 'application/octet-stream'),
        altered,
      ]);
      const found = await right(events.read('order-1'));
      expect(found.map(({ unreadable }) => unreadable)).toEqual([
        undefined,
        'its metadata are not those of an engine',
        'its metadata are not those of an engine',
        'its payload is binary, not JSON',
        'it is not what was appended: its content has another hash',
      ]);
    }),
  );

  it('is not seen where it is in other categories, whatever lies between', async () => {
    await onStandIn(async ({ events }, server) => {
      const { append } = server.log;
      await right(events.append('order-1', 'none', [draft()]));
      for (let n = 0; n < 1_200; n += 1)
        append(`other-${n}`, 'no_stream', [textEvent(draft().id, 'X', '{}')]);
      const store = storeOn(server.connectionString);
      const mine = await right(store.open({ readOnly: false, categories: ['order', 'instance'] }));
      const { position } = await right(mine.events.append('order-2', 'none', [draft()]));
      for (let n = 0; n < 700; n += 1)
        append(`orders-${n}`, 'no_stream', [textEvent(draft().id, 'X', '{}')]);
      expect(await right(mine.events.head())).toBe(position);
      expect(await right(mine.events.head())).toBe(position);
      const listed = await right(mine.events.streams({ limit: 9 }));
      expect(listed.map(({ stream }) => stream)).toEqual(['order-1', 'order-2']);
      await mine.close();
    })();
  });

  it(
    'N16 does not disturb what we wrote: its content is proved by the hash that lies with it',
    onStandIn(async ({ events }, server) => {
      const [stream, two] = [freshStream(), drafts(2)];
      await right(events.append(stream, 'none', two));
      const [record] = server.log.stream(stream).records;
      const metadata: unknown = JSON.parse(Buffer.from(record!.metadata).toString());
      expect(metadata).toEqual({
        $correlationId: 'correlation-1',
        at: 1_700_000_000_000,
        actor: 'alice',
        commandId: 'command-1',
        payloadHash: 'ab'.repeat(32),
        version: 1,
        contentHash: expect.stringMatching(/^[\da-f]{64}$/u),
      });
    }),
  );
});
