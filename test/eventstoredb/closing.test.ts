import { draft, drafts, left, right } from '../support/drafts.ts';
import { onStandIn } from '../support/esdb/store-on.ts';
import { textEvent } from '../support/esdb/record.ts';
import { startStandIn } from '../support/esdb/stand-in.ts';
import { storeOn } from '../support/esdb/store-on.ts';

/** Enough turns for a call to have reached the server: it answers a later one. */
const SLOW = { delayMs: 200 };

describe('a store that is closed while it works', () => {
  it(
    'answers StoreClosed to what is under way, never a part of it, and dials nobody any more',
    onStandIn(async ({ events, close }, server) => {
      await right(events.append('order-1', 'none', drafts(3)));
      server.fail('append', 'silent');
      server.fail('read', SLOW);
      const ends = [
        left(events.read('order-1')),
        left(events.head()),
        left(events.append('order-1', 2, [draft()])),
      ];
      await new Promise((next) => setTimeout(next, 50));
      server.heal();
      await close();
      const types = (await Promise.all(ends)).map(({ type }) => type);
      expect(types).toEqual(['StoreClosed', 'StoreClosed', 'StoreClosed']);
      expect(server.log.stream('order-1').records).toHaveLength(3);
    }),
  );
});

describe('a server that others fill', () => {
  it('is opened though no single attempt sees an event of ours: the next one goes on where it was cut off', async () => {
    const server = await startStandIn();
    const { append } = server.log;
    append('order-1', 'no_stream', [textEvent(draft().id, 'X', '{}')]);
    const foreign = Array.from({ length: 500 }, () => textEvent(draft().id, 'X', '{}'));
    for (let n = 0; n < 8; n += 1) {
      append(
        `other-${n}`,
        'no_stream',
        foreign.map((event) => ({ ...event, id: draft().id })),
      );
    }
    // 10 pages of 150 ms each do not fit into one attempt.
    server.fail('read', { delayMs: 150 });
    const store = storeOn(server.connectionString, { attemptMs: 1_000 });
    const opened = await right(store.open({ readOnly: false, categories: ['order'] }));
    server.heal();
    const head = await right(opened.events.head());
    append('other-new', 'no_stream', [textEvent(draft().id, 'X', '{}')]);
    append('order-1', 0n, [textEvent(draft().id, 'X', '{}')]);
    expect(opened.events.compare((await right(opened.events.head()))!, head!)).toBeGreaterThan(0);
    expect((await right(opened.events.read('order-1'))).at(0)?.position).toBe(head);
    await opened.close();
    await server.stop('kill');
  });
});
