import type { Batch, KeyedRow, OpenStore, RowChange, RowStore } from '../../src/engine/rows.ts';
import { now, right } from '../support/drafts.ts';
import { onStore, type MakeStore } from './event-store.contract.ts';

type On = (test: (rows: RowStore) => void) => () => Promise<void>;

const put = (key: string, row: unknown, status?: string, table = 'things'): RowChange => ({
  table,
  key,
  row,
  entries: status === undefined ? [] : [{ index: 'status', value: status }],
});

const commit = (rows: RowStore, ...changes: readonly RowChange[]): void =>
  now(rows.commit({ changes }));

const keysOf = (page: readonly KeyedRow[]): readonly string[] => page.map(({ key }) => key);

const checkpoint = (position: string): NonNullable<Batch['checkpoint']> => ({
  consumer: 'things/1',
  value: { position, events: Number(position), digest: `digest-${position}` },
});

const storing = (on: On) => {
  it(
    'keeps rows by table and key, the last one wins, and knows none that was never stored',
    on((rows) => {
      commit(rows, put('a', { n: 1 }), put('a', { n: 2 }), put('a', { n: 3 }, undefined, 'others'));
      expect(now(rows.get('things', 'a'))).toEqual({ n: 2 });
      expect(now(rows.get('others', 'a'))).toEqual({ n: 3 });
      expect(now(rows.get('things', 'b'))).toBeUndefined();
      expect(now(rows.get('nothing', 'a'))).toBeUndefined();
    }),
  );

  it.each([
    ['a text', 'text'],
    ['null', null],
    ['a list', [1, [2], {}]],
    ['deep data', { b: { a: [{ z: null }] }, a: '\u{1f600}e\u0301\u0000' }],
    ['a row of 300 KB', { text: 'x'.repeat(300_000) }],
  ])('gives back %s', (_, row) =>
    on((rows) => {
      commit(rows, put('a', row));
      expect(now(rows.get('things', 'a'))).toEqual(row);
      expect(now(rows.page('things', { limit: 1 }))).toEqual([{ key: 'a', row }]);
    })(),
  );

  it(
    'forgets a row that goes, with its index entries, and bears that it was not there',
    on((rows) => {
      commit(rows, put('a', 1, 'Open'), put('b', 2, 'Open'));
      commit(rows, put('a', undefined), put('never', undefined));
      expect(now(rows.get('things', 'a'))).toBeUndefined();
      expect(keysOf(now(rows.page('things', { limit: 9 })))).toEqual(['b']);
      const open = rows.where('things', { index: 'status', value: 'Open' }, { limit: 9 });
      expect(keysOf(now(open))).toEqual(['b']);
    }),
  );

  it(
    'hands out nothing through which a stored row could be changed',
    on((rows) => {
      const mine = { list: [1] };
      commit(rows, put('a', mine));
      mine.list.push(2);
      const read = now(rows.get('things', 'a')) as typeof mine;
      Reflect.set(read.list, 0, 9);
      expect(now(rows.get('things', 'a'))).toEqual({ list: [1] });
    }),
  );

  it(
    'N13 stores changes and checkpoint together or not at all',
    on((rows) => {
      now(rows.commit({ changes: [put('a', 1, 'Open')], checkpoint: checkpoint('1') }));
      const cycle: Record<string, unknown> = {};
      cycle['itself'] = cycle;
      const changes = [put('a', 2, 'Shut'), put('b', 1), put('bad', cycle)];
      expect(() => rows.commit({ changes, checkpoint: checkpoint('2') })).toThrow(Error);
      expect(now(rows.page('things', { limit: 9 }))).toEqual([{ key: 'a', row: 1 }]);
      const open = rows.where('things', { index: 'status', value: 'Open' }, { limit: 9 });
      expect(keysOf(now(open))).toEqual(['a']);
      expect(now(rows.checkpoint('things/1'))).toEqual(checkpoint('1').value);
    }),
  );
};

const paging = (on: On) => {
  // In the order of their UTF-8 bytes: the astral one comes last, though its UTF-16 units are smaller.
  const keys = [
    '',
    ' ',
    '10',
    '9',
    'Z',
    'a',
    'a\u0000b',
    'a-',
    'aa',
    '\u00e9',
    '\uff5e',
    '\u{1f600}',
  ];

  it(
    'N26 pages through keys in the order of their UTF-8 bytes',
    on((rows) => {
      const [odd, even] = [0, 1].map((rest) => keys.filter((_, n) => n % 2 === rest));
      commit(rows, ...even!.toReversed().map((key) => put(key, key)));
      expect(keysOf(now(rows.page('things', { limit: 99 })))).toEqual(even);
      commit(rows, ...odd!.map((key) => put(key, key)));
      const seen: string[] = [];
      for (;;) {
        const after = seen.at(-1);
        const request = after === undefined ? { limit: 5 } : { after, limit: 5 };
        const page = now(rows.page('things', request));
        seen.push(...keysOf(page));
        if (page.length < 5) break;
      }
      expect(seen).toEqual(keys);
    }),
  );

  it(
    'pages behind a key that is not there',
    on((rows) => {
      commit(rows, put('a', 1), put('c', 1));
      expect(keysOf(now(rows.page('things', { after: 'b', limit: 9 })))).toEqual(['c']);
      expect(keysOf(now(rows.page('things', { after: 'c', limit: 9 })))).toEqual([]);
      expect(keysOf(now(rows.page('nothing', { limit: 9 })))).toEqual([]);
    }),
  );

  it(
    'keeps 2,000 keys in order through changes and removals',
    on((rows) => {
      const many = Array.from({ length: 2_000 }, (_, n) => `key-${(n * 7_919) % 2_003}`);
      commit(rows, ...many.map((key) => put(key, 1, 'Open')));
      commit(rows, ...many.slice(0, 1_000).map((key) => put(key, undefined)));
      commit(rows, ...many.slice(0, 10).map((key) => put(key, 2, 'Shut')));
      const expected = [...many.slice(0, 10), ...many.slice(1_000)].toSorted();
      expect(keysOf(now(rows.page('things', { limit: 9_999 })))).toEqual(expected);
      const open = rows.where('things', { index: 'status', value: 'Open' }, { limit: 9_999 });
      expect(keysOf(now(open))).toEqual(many.slice(1_000).toSorted());
    }),
  );
};

const where = (rows: RowStore, index: string, value: string, after?: string, limit = 9) =>
  keysOf(
    now(rows.where('things', { index, value }, after === undefined ? { limit } : { after, limit })),
  );

const indexing = (on: On) => {
  it(
    'finds rows by an index, in key order, page by page',
    on((rows) => {
      commit(
        rows,
        ...['d', 'b', 'c', 'a'].map((key) => put(key, key, 'Open')),
        put('x', 1, 'Shut'),
      );
      expect(where(rows, 'status', 'Open', undefined, 2)).toEqual(['a', 'b']);
      expect(where(rows, 'status', 'Open', 'b')).toEqual(['c', 'd']);
      expect(where(rows, 'status', 'Shut')).toEqual(['x']);
      expect(where(rows, 'status', 'Never')).toEqual([]);
      expect(where(rows, 'never', 'Open')).toEqual([]);
      const page = rows.where('things', { index: 'status', value: 'Shut' }, { limit: 1 });
      expect(now(page)).toEqual([{ key: 'x', row: 1 }]);
    }),
  );

  it(
    'moves a row from value to value, also within one commit, and out of the index',
    on((rows) => {
      commit(rows, put('a', 1, 'Open'), put('a', 2, 'Held'), put('b', 1));
      expect(where(rows, 'status', 'Open')).toEqual([]);
      expect(where(rows, 'status', 'Held')).toEqual(['a']);
      commit(rows, put('a', 3, 'Shut'), put('b', 2, 'Shut'));
      expect(where(rows, 'status', 'Held')).toEqual([]);
      expect(where(rows, 'status', 'Shut')).toEqual(['a', 'b']);
      commit(rows, put('a', 4));
      expect(where(rows, 'status', 'Shut')).toEqual(['b']);
    }),
  );

  it(
    'lists a row under several values of several indexes, and keeps tables apart',
    on((rows) => {
      const entries = [
        { index: 'party', value: 'alice' },
        { index: 'party', value: 'bob' },
        { index: 'city', value: 'alice' },
      ];
      const other = { table: 'others', key: 'z', row: 1, entries };
      now(rows.commit({ changes: [{ table: 'things', key: 'a', row: 1, entries }, other] }));
      expect(where(rows, 'party', 'alice')).toEqual(['a']);
      expect(where(rows, 'party', 'bob')).toEqual(['a']);
      expect(where(rows, 'city', 'alice')).toEqual(['a']);
      expect(where(rows, 'city', 'bob')).toEqual([]);
    }),
  );
};

const clearing = (on: On) => {
  it(
    'knows no checkpoint that was never stored, then the last one',
    on((rows) => {
      expect(now(rows.checkpoint('things/1'))).toBeUndefined();
      now(rows.commit({ changes: [], checkpoint: checkpoint('4') }));
      now(rows.commit({ changes: [], checkpoint: checkpoint('5') }));
      expect(now(rows.checkpoint('things/1'))).toEqual(checkpoint('5').value);
      expect(now(rows.checkpoint('things/2'))).toBeUndefined();
    }),
  );

  it(
    'N14 clears a table with its index entries step by step, and nothing else',
    on((rows) => {
      const many = Array.from({ length: 2_500 }, (_, n) =>
        put(`k${n}`, n, n % 2 ? 'Open' : 'Shut'),
      );
      commit(rows, ...many, put('c', 1, 'Open', 'others'));
      let steps = 1;
      while (!now(rows.clear('things'))) steps += 1;
      expect(steps).toBeLessThan(9);
      const open = { index: 'status', value: 'Open' };
      expect(now(rows.page('things', { limit: 9 }))).toEqual([]);
      expect(now(rows.where('things', open, { limit: 9 }))).toEqual([]);
      expect(now(rows.isListed('things', open, 'k1'))).toBe(false);
      expect(keysOf(now(rows.where('others', open, { limit: 9 })))).toEqual(['c']);
      expect(now(rows.clear('things'))).toBe(true);
      commit(rows, put('a', 2, 'Open'));
      expect(keysOf(now(rows.where('things', open, { limit: 9 })))).toEqual(['a']);
    }),
  );

  it(
    'N14 forgets how far a consumer had come, together with what changes',
    on((rows) => {
      const keep = { ...checkpoint('3'), consumer: 'others/1' };
      now(rows.commit({ changes: [], checkpoint: checkpoint('3') }));
      now(rows.commit({ changes: [], checkpoint: keep }));
      const gone = { consumer: 'things/1', value: undefined };
      now(rows.commit({ changes: [put('a', 1)], checkpoint: gone }));
      expect(now(rows.checkpoint('things/1'))).toBeUndefined();
      expect(now(rows.checkpoint('others/1'))).toEqual(keep.value);
      expect(now(rows.get('things', 'a'))).toBe(1);
    }),
  );

  it(
    'knows whether an index lists a key under a value',
    on((rows) => {
      commit(rows, put('a', 1, 'Open'), put('b', 1));
      const listed = (index: string, value: string, key: string) =>
        now(rows.isListed('things', { index, value }, key));
      expect(listed('status', 'Open', 'a')).toBe(true);
      expect([listed('status', 'Shut', 'a'), listed('other', 'Open', 'a')]).toEqual([false, false]);
      expect([listed('status', 'Open', 'b'), listed('status', 'Open', 'c')]).toEqual([
        false,
        false,
      ]);
      commit(rows, put('a', 2, 'Shut'));
      expect(listed('status', 'Open', 'a')).toBe(false);
    }),
  );
};

const closing = (make: MakeStore) => {
  it(
    'answers StoreClosed once it is closed',
    onStore(make, async ({ rows, close }) => {
      await close();
      const closed = { _tag: 'Left', left: { type: 'StoreClosed' } };
      expect(rows.get('things', 'a')).toMatchObject(closed);
      expect(rows.commit({ changes: [] })).toMatchObject(closed);
    }),
  );

  it(
    'has after a restart what it had before, indexes too',
    onStore(make, async ({ rows, close }, store) => {
      const changes = [put('a', { n: 1 }, 'Open')];
      now(rows.commit({ changes, checkpoint: checkpoint('7') }));
      await close();
      const again: OpenStore = await right(store.open({ readOnly: false }));
      expect(now(again.rows.get('things', 'a'))).toEqual({ n: 1 });
      expect(now(again.rows.checkpoint('things/1'))).toEqual(checkpoint('7').value);
      commit(again.rows, put('a', { n: 2 }));
      const open = again.rows.where('things', { index: 'status', value: 'Open' }, { limit: 9 });
      expect(now(open)).toEqual([]);
      await again.close();
    }),
  );
};

/** What every row store does for its callers; each adapter's test calls it. */
export const rowStoreContract = (name: string, make: MakeStore): void => {
  const on: On = (test) => onStore(make, async ({ rows }) => test(rows));
  describe(`the row store ${name}`, () => {
    describe('stores', () => storing(on));
    describe('pages', () => paging(on));
    describe('indexes', () => indexing(on));
    describe('clears and checkpoints', () => clearing(on));
    describe('closes', () => closing(make));
  });
};
