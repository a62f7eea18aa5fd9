import { TE } from '../../src/engine/fp.ts';
import type { OpenStore, Store } from '../../src/engine/rows.ts';
import { StoreFailed, type EventStore, type StreamName } from '../../src/engine/store.ts';
import { draft, drafts, freshStream, idsOf, left, right } from '../support/drafts.ts';
import { repeatContract } from './repeat.contract.ts';
import { subscriptionContract } from './subscription.contract.ts';

/** A store for one test, and what ends it. */
export type MakeStore = () => Promise<{
  readonly store: Store;
  readonly cleanup: () => Promise<void>;
}>;

/** Runs a test on an open store of its own. */
export const onStore =
  (make: MakeStore, test: (opened: OpenStore, store: Store) => Promise<void>) => async () => {
    const { store, cleanup } = await make();
    const opened = await right(store.open({ readOnly: false }));
    try {
      await test(opened, store);
    } finally {
      await opened.close();
      await cleanup();
    }
  };

type On = (test: (events: EventStore) => Promise<void>) => () => Promise<void>;

const appending = (on: On) => {
  it(
    'N1 counts revisions from 0 and answers the last revision and all envelopes',
    on(async (events) => {
      const stream = freshStream();
      const three = drafts(3);
      const first = await right(events.append(stream, 'none', three));
      const second = await right(events.append(stream, 2, [draft()]));
      expect(first.events.map(({ revision }) => revision)).toEqual([0, 1, 2]);
      expect(idsOf(first.events)).toEqual(idsOf(three));
      expect([first.revision, second.revision]).toEqual([2, 3]);
      expect(first.events[1]).toMatchObject({ ...three[1], stream });
      expect(events.compare(first.position, second.position)).toBeLessThan(0);
    }),
  );

  it(
    'N4 refuses a wrong expected revision with both revisions',
    on(async (events) => {
      const stream = freshStream();
      await right(events.append(stream, 'none', drafts(2)));
      const conflict = { type: 'RevisionConflict', stream };
      const wrong = (expected: number | 'none') => left(events.append(stream, expected, [draft()]));
      expect(await wrong('none')).toEqual({ ...conflict, expected: 'none', actual: 1 });
      expect(await wrong(0)).toEqual({ ...conflict, expected: 0, actual: 1 });
      expect(await wrong(7)).toEqual({ ...conflict, expected: 7, actual: 1 });
      expect(await right(events.read(stream))).toHaveLength(2);
    }),
  );

  it(
    'N4 refuses any revision of a stream that does not exist',
    on(async (events) => {
      const stream = freshStream();
      const failure = await left(events.append(stream, 3, [draft()]));
      const conflict = { type: 'RevisionConflict', stream, expected: 3, actual: 'none' };
      expect(failure).toEqual(conflict);
      expect(await right(events.read(stream))).toEqual([]);
    }),
  );

  it(
    'N50 refuses a batch over 1 MiB with its size and the limit, and writes nothing',
    on(async (events) => {
      const stream = freshStream();
      const half = draft({ text: 'x'.repeat(600_000) });
      const failure = await left(events.append(stream, 'none', [half, draft(half.data)]));
      expect(failure).toMatchObject({ type: 'AppendTooLarge', limit: 1_048_576 });
      expect(failure).toHaveProperty('size', expect.any(Number));
      expect(await right(events.read(stream))).toEqual([]);
    }),
  );

  it(
    'throws where the caller is wrong: no events, two equal ids',
    on(async (events) => {
      const [stream, twin] = [freshStream(), draft()];
      await expect(events.append(stream, 'none', [])()).rejects.toThrow('no events');
      await expect(events.append(stream, 'none', [twin, twin])()).rejects.toThrow(twin.id);
      expect(await right(events.read(stream))).toEqual([]);
    }),
  );
};

const appendWithRetry = async (events: EventStore, stream: StreamName): Promise<string> => {
  const event = draft();
  for (;;) {
    const [last] = await right(events.read(stream, { backwards: true, limit: 1 }));
    const written = await events.append(stream, last?.revision ?? 'none', [event])();
    if (written._tag === 'Right') return event.id;
    expect(written.left.type).toBe('RevisionConflict');
  }
};

const concurrency = (on: On) => {
  it(
    'N4 N8 lets 16 writers on one stream each decide on what they extend: no hole, no repeat',
    on(async (events) => {
      const stream = freshStream();
      const writers = Array.from({ length: 16 }, async () => [
        await appendWithRetry(events, stream),
        await appendWithRetry(events, stream),
      ]);
      const ids = (await Promise.all(writers)).flat();
      const all = await right(events.read(stream));
      expect(all.map(({ revision }) => revision)).toEqual([...all.keys()]);
      expect(idsOf(all).toSorted()).toEqual(ids.toSorted());
    }),
  );

  it(
    'N4 gives each of those who append at once its own answer: one conflict touches nobody else',
    on(async (events) => {
      const taken = freshStream();
      await right(events.append(taken, 'none', [draft()]));
      const streams = Array.from({ length: 64 }, (_, n) => (n % 8 === 0 ? taken : freshStream()));
      const answers = await Promise.all(
        streams.map((stream) => events.append(stream, 'none', drafts(2))()),
      );
      const expected = streams.map((stream) => (stream === taken ? 'Left' : 'Right'));
      expect(answers.map(({ _tag }) => _tag)).toEqual(expected);
      const lengths = streams.map(async (stream) => (await right(events.read(stream))).length);
      expect(await Promise.all(lengths)).toEqual(
        streams.map((stream) => (stream === taken ? 1 : 2)),
      );
    }),
  );
};

const reading = (on: On) => {
  it(
    'reads both ways, from a revision, up to a limit',
    on(async (events) => {
      const stream = freshStream();
      await right(events.append(stream, 'none', drafts(10)));
      const revisions = async (options: Parameters<EventStore['read']>[1]) =>
        (await right(events.read(stream, options))).map(({ revision }) => revision);
      expect(await revisions({ from: 7 })).toEqual([7, 8, 9]);
      expect(await revisions({ from: 2, limit: 3 })).toEqual([2, 3, 4]);
      expect(await revisions({ from: 10 })).toEqual([]);
      expect(await revisions({ backwards: true, limit: 2 })).toEqual([9, 8]);
      expect(await revisions({ backwards: true, from: 2 })).toEqual([2, 1, 0]);
      expect(await revisions({ backwards: true, from: 99, limit: 1 })).toEqual([9]);
    }),
  );

  it(
    'reads a missing stream as no events',
    on(async (events) => {
      expect(await right(events.read(freshStream()))).toEqual([]);
      expect(await right(events.read(freshStream(), { backwards: true, limit: 1 }))).toEqual([]);
    }),
  );

  it(
    'reads a stream of 10,000 events whole, both ways',
    on(async (events) => {
      const stream = freshStream();
      for (let last = -1; last < 9_999; last += 500) {
        await right(events.append(stream, last < 0 ? 'none' : last, drafts(500)));
      }
      const all = await right(events.read(stream));
      expect(all.map(({ revision }) => revision)).toEqual([...Array(10_000).keys()]);
      expect(await right(events.read(stream, { backwards: true }))).toEqual(all.toReversed());
      const [middle] = await right(events.read(stream, { from: 5_000, limit: 1 }));
      expect(middle).toEqual(all[5_000]);
    }),
  );

  it(
    'N2 finds an event by stream and id at any age, where the store keeps an index',
    on(async (events) => {
      const [stream, many] = [freshStream(), drafts(300)];
      const { events: written } = await right(events.append(stream, 'none', many));
      const known = events.find !== undefined;
      const find = events.find ?? (() => TE.right(undefined));
      for (const n of [0, 1, 63, 64, 299]) {
        const expected = known ? written[n] : undefined;
        expect(await right(find(stream, many[n]!.id))).toEqual(expected);
      }
      expect(await right(find(stream, draft().id))).toBeUndefined();
      const short = freshStream();
      const [first, second] = drafts(2);
      await right(events.append(short, 'none', [first!]));
      expect(await right(find(short, second!.id))).toBeUndefined();
      const { events: later } = await right(events.append(short, 0, [second!]));
      expect(await right(find(short, second!.id))).toEqual(known ? later[0] : undefined);
      expect(await right(find(freshStream(), many[0]!.id))).toBeUndefined();
    }),
  );

  it(
    'lists the streams of a category in byte order with their last revision, page by page',
    on(async (events) => {
      const category = `listed${freshStream().slice(9, 17)}`;
      const names: readonly StreamName[] = [
        `${category}-Z`,
        `${category}-a`,
        `${category}-b-1`,
        `${category}-\u{ff5e}`,
        `${category}-\u{1f600}`, // behind U+FF5E as UTF-8, before it as UTF-16
      ];
      for (const stream of names.toReversed()) {
        await right(events.append(stream, 'none', drafts(names.indexOf(stream) + 1)));
      }
      await right(events.append(`${category}x-1`, 'none', [draft()]));
      const listed = names.map((stream, n) => ({ stream, revision: n }));
      expect(await right(events.streams({ category, limit: 100 }))).toEqual(listed);
      expect(await right(events.streams({ category, limit: 2 }))).toEqual(listed.slice(0, 2));
      const behind = await right(events.streams({ category, after: names[1]!, limit: 2 }));
      expect(behind).toEqual(listed.slice(2, 4));
      const all = await right(events.streams({ after: names[3]!, limit: 2 }));
      expect(all).toEqual([listed[4], { stream: `${category}x-1`, revision: 0 }]);
    }),
  );

  it(
    'tells the head of the log, and orders positions',
    on(async (events) => {
      const first = await right(events.append(freshStream(), 'none', drafts(3)));
      const later = await right(events.append(freshStream(), 'none', [draft()]));
      expect(await right(events.head())).toBe(later.position);
      expect(events.compare(first.position, first.position)).toBe(0);
      expect(events.compare(later.position, first.position)).toBeGreaterThan(0);
      for (let n = 0; n < 12; n += 1) {
        const next = await right(events.append(freshStream(), 'none', [draft()]));
        expect(events.compare(next.position, later.position)).toBeGreaterThan(0);
      }
    }),
  );
};

const roundTrip = async (events: EventStore, data: unknown): Promise<unknown> => {
  const stream = freshStream();
  const written = await right(events.append(stream, 'none', [draft(data)]));
  const [read] = await right(events.read(stream));
  expect(written.events).toEqual([read]);
  return read?.data;
};

const values = (on: On) => {
  it.each([
    ['unsorted keys', { b: 1, a: { d: [1, { z: 0, y: null }], c: '' } }],
    ['keys like indexes', { 10: 'ten', 9: 'nine', a: { 1: 1, 0: 0 } }],
    ['numbers', [0, 1e21, 1e-7, 5e-324, 1.7976931348623157e308, 9007199254740991, -1.5]],
    ['plain values', [true, false, null, 'text', [], {}]],
    ['a bare text', 'text'],
    ['astral and combining text', { '\u{1f600}': 'e\u0301 \u00e9 \u{10ffff} \u0000 \u2028 "\\' }],
  ])('N8 gives back what was appended: %s', (_, data) =>
    on(async (events) => {
      expect(await roundTrip(events, data)).toEqual(data);
    })(),
  );

  it(
    'N50 gives back an event of 900 KB',
    on(async (events) => {
      const data = { text: '\u00e9'.repeat(450_000) };
      expect(await roundTrip(events, data)).toEqual(data);
    }),
  );

  it(
    'N8 keeps type, version, metadata, names beyond ASCII',
    on(async (events) => {
      const stream: StreamName = `${freshStream()}-\u{1f600}e\u0301`;
      const { metadata, ...event } = draft({}, 'Geschlo\u00dfen');
      const full = {
        ...event,
        version: 7,
        metadata: { ...metadata, sender: 'bob', causationId: draft().id, skewMs: 5 },
      };
      await right(events.append(stream, 'none', [full]));
      const [read] = await right(events.read(stream));
      expect(read).toMatchObject({ ...full, stream, revision: 0 });
    }),
  );

  it(
    'N8 hands out nothing through which the log could be changed',
    on(async (events) => {
      const stream = freshStream();
      const mine = { list: [1, 2], deep: { text: 'as appended' } };
      const written = await right(events.append(stream, 'none', [draft(mine)]));
      mine.list.push(3);
      mine.deep.text = 'changed by the caller';
      const read = await right(events.read(stream));
      for (const { data } of [...written.events, ...read]) {
        const { deep } = data as typeof mine;
        expect(
          Reflect.set(deep, 'text', 'changed by a reader') && written.events[0] === read[0],
        ).toBe(false);
      }
      const [again] = await right(events.read(stream));
      expect(again?.data).toEqual({ list: [1, 2], deep: { text: 'as appended' } });
    }),
  );
};

const closing = (make: MakeStore) => {
  it(
    'answers StoreClosed once it is closed, and ends who waits for more with it',
    onStore(make, async ({ events, close }) => {
      const stream = freshStream();
      await right(events.append(stream, 'none', [draft()]));
      const after = await right(events.head());
      const pages = events.subscribe({ after, signal: new AbortController().signal });
      await pages.next();
      const waiting = pages.next().catch((error: unknown) => error);
      await close();
      expect(await waiting).toBeInstanceOf(StoreFailed);
      expect(await left(events.append(stream, 0, [draft()]))).toHaveProperty('type', 'StoreClosed');
      expect(await left(events.read(stream))).toHaveProperty('type', 'StoreClosed');
      expect(await left(events.head())).toHaveProperty('type', 'StoreClosed');
    }),
  );

  it(
    'N8 has after a restart what it had before, and goes on behind it',
    onStore(make, async ({ events, close }, store) => {
      const stream = freshStream();
      const { events: written, position } = await right(events.append(stream, 'none', drafts(3)));
      await close();
      const again = await right(store.open({ readOnly: false }));
      expect(await right(again.events.read(stream))).toEqual(written);
      expect(await right(again.events.head())).toBe(position);
      const next = await right(again.events.append(stream, 2, [draft()]));
      expect(again.events.compare(next.position, position)).toBeGreaterThan(0);
      await again.close();
    }),
  );
};

/** What every event store does for its callers; each adapter's test calls it. */
export const eventStoreContract = (name: string, make: MakeStore): void => {
  const on: On = (test) => onStore(make, ({ events }) => test(events));
  describe(`the event store ${name}`, () => {
    describe('appends', () => appending(on));
    describe('recognises repeats', () => repeatContract(on));
    describe('serves many at once', () => concurrency(on));
    describe('reads', () => reading(on));
    describe('keeps values', () => values(on));
    describe('is followed', () => subscriptionContract(on));
    describe('closes', () => closing(make));
  });
};
