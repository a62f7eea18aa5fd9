import type { Envelope, EventStore, Page } from '../../src/engine/store.ts';
import { caughtUp, draft, drafts, freshStream, idsOf, pull, right } from '../support/drafts.ts';

type On = (test: (events: EventStore) => Promise<void>) => () => Promise<void>;

const appendMany = async (
  events: EventStore,
  count: number,
  type?: string,
): Promise<readonly Envelope[]> => {
  const written: Envelope[] = [];
  for (let n = 0; n < count; n += 1) {
    written.push(...(await right(events.append(freshStream(), 'none', drafts(2, type)))).events);
  }
  return written;
};

const isOrdered = (events: EventStore, pages: readonly Page[]): boolean =>
  pages.every(({ position }, n) => n === 0 || events.compare(pages[n - 1]!.position, position) < 0);

const catchingUp = (on: On) => {
  it(
    'gives all behind a position in log order, in pages, and says when it is at the head',
    on(async (events) => {
      const begin = await right(events.head());
      const written = await appendMany(events, 25);
      const { events: seen, pages } = await caughtUp(events, begin, { pageSize: 7 });
      expect(seen).toEqual(written);
      expect(pages.every((page) => page.events.length <= 7)).toBe(true);
      expect(isOrdered(events, pages)).toBe(true);
      const head = await right(events.head());
      expect(events.compare(pages.at(-1)!.position, head!)).toBeGreaterThanOrEqual(0);
    }),
  );

  it(
    'gives the whole log without a position',
    on(async (events) => {
      const written = await appendMany(events, 3);
      const { events: seen } = await caughtUp(events, undefined);
      expect(seen.slice(-written.length)).toEqual(written);
    }),
  );

  it(
    'says at once that it is at the head, when it is',
    on(async (events) => {
      await appendMany(events, 1);
      const { pages } = await caughtUp(events, await right(events.head()));
      expect(pages).toHaveLength(1);
      expect(pages[0]).toMatchObject({ events: [], caughtUp: true });
    }),
  );

  it(
    'N13 resumes from every position, of events and of pages, with neither gap nor repeat',
    on(async (events) => {
      const begin = await right(events.head());
      const written = await appendMany(events, 12);
      const { pages } = await caughtUp(events, begin, { pageSize: 3 });
      const positions = [...pages, ...written].map(({ position }) => position);
      for (const after of positions) {
        const { events: rest } = await caughtUp(events, after, { pageSize: 5 });
        const behind = written.filter(({ position }) => events.compare(position, after) > 0);
        expect(idsOf(rest)).toEqual(idsOf(behind));
      }
    }),
  );

  it(
    'gives only the types asked for, and positions that move on over the others',
    on(async (events) => {
      const begin = await right(events.head());
      await appendMany(events, 20, 'CommonSeen');
      const [rare] = await appendMany(events, 1, 'RareSeen');
      await appendMany(events, 20, 'CommonSeen');
      const options = { types: ['RareSeen', 'NeverSeen'], pageSize: 5 };
      const { events: seen, pages } = await caughtUp(events, begin, options);
      expect(seen.map(({ type }) => type)).toEqual(['RareSeen', 'RareSeen']);
      expect(seen[0]).toEqual(rare);
      const head = await right(events.head());
      expect(events.compare(pages.at(-1)!.position, head!)).toBeGreaterThanOrEqual(0);
      for (const { position } of pages) {
        const { events: rest } = await caughtUp(events, position, options);
        const behind = seen.filter((event) => events.compare(event.position, position) > 0);
        expect(idsOf(rest)).toEqual(idsOf(behind));
      }
    }),
  );
};

const following = (on: On) => {
  it(
    'goes from catching up to live without gap or repeat while appends go on',
    on(async (events) => {
      const begin = await right(events.head());
      const before = await appendMany(events, 50);
      const stop = new AbortController();
      const pages = events.subscribe({ after: begin, pageSize: 10, signal: stop.signal });
      const appends = [1, 2, 3, 4].map(() => appendMany(events, 50));
      const total = before.length + 400;
      const seen = await pull(pages, (all) => all.length >= total);
      const during = (await Promise.all(appends)).flat();
      stop.abort();
      expect(idsOf(seen.events).toSorted()).toEqual(idsOf([...before, ...during]).toSorted());
      expect(isOrdered(events, seen.pages)).toBe(true);
      const { events: again } = await caughtUp(events, begin);
      expect(seen.events).toEqual(again);
    }),
  );

  it(
    'waits at the head and gives the next append to all who wait',
    on(async (events) => {
      await appendMany(events, 1);
      const after = await right(events.head());
      const stop = new AbortController();
      const followers = [1, 2, 3].map(() => events.subscribe({ after, signal: stop.signal }));
      await Promise.all(followers.map((pages) => pages.next()));
      const waiting = followers.map((pages) => pull(pages, (all) => all.length >= 2));
      const written = await appendMany(events, 1);
      for (const seen of await Promise.all(waiting)) expect(seen.events).toEqual(written);
      stop.abort();
    }),
  );

  it(
    'serves a slow consumer page by page: it misses nothing and is never flooded',
    on(async (events) => {
      const begin = await right(events.head());
      const stop = new AbortController();
      const pages = events.subscribe({ after: begin, pageSize: 20, signal: stop.signal });
      const written: Envelope[] = [];
      const seen: Page[] = [];
      for await (const page of pages) {
        seen.push(page);
        if (written.length < 600) written.push(...(await appendMany(events, 20)));
        else if (page.caughtUp) break;
      }
      expect(idsOf(seen.flatMap((page) => page.events))).toEqual(idsOf(written));
      expect(Math.max(...seen.map((page) => page.events.length))).toBeLessThanOrEqual(20);
    }),
  );

  it(
    'tells a live follower of rare types how far the log was seen',
    on(async (events) => {
      await appendMany(events, 1);
      const after = await right(events.head());
      const stop = new AbortController();
      const pages = events.subscribe({ after, types: ['RareSeen'], signal: stop.signal });
      await pages.next();
      await appendMany(events, 3, 'CommonSeen');
      const head = await right(events.head());
      const { events: seen } = await pull(
        pages,
        (_, { position }) => events.compare(position, head!) >= 0,
      );
      expect(seen).toEqual([]);
      stop.abort();
    }),
  );
};

const ending = (on: On) => {
  const done = { done: true, value: undefined };

  it(
    'ends when the signal aborts: before it starts, between pages, while it waits',
    on(async (events) => {
      await appendMany(events, 5);
      const aborted = events.subscribe({ after: undefined, signal: AbortSignal.abort() });
      expect(await aborted.next()).toEqual(done);

      const between = new AbortController();
      const paging = events.subscribe({ after: undefined, pageSize: 2, signal: between.signal });
      expect(await paging.next()).toHaveProperty('done', false);
      between.abort();
      expect(await paging.next()).toEqual(done);

      const stop = new AbortController();
      const after = await right(events.head());
      const waiting = events.subscribe({ after, signal: stop.signal });
      await waiting.next();
      const next = waiting.next();
      stop.abort();
      expect(await next).toEqual(done);
      expect(await waiting.next()).toEqual(done);
    }),
  );

  it(
    'ends when the consumer returns, also while it waits',
    on(async (events) => {
      await appendMany(events, 1);
      const after = await right(events.head());
      const pages = events.subscribe({ after, signal: new AbortController().signal });
      await pages.next();
      const next = pages.next();
      expect(await pages.return?.()).toEqual(done);
      expect(await next).toEqual(done);
      const unused = events.subscribe({ after, signal: new AbortController().signal });
      expect(await unused.return?.()).toEqual(done);
      await right(events.append(freshStream(), 'none', [draft()]));
      expect(await pages.next()).toEqual(done);
    }),
  );
};

/** What it is to follow the log of any store; part of the event store contract. */
export const subscriptionContract = (on: On): void => {
  describe('catching up', () => catchingUp(on));
  describe('live', () => following(on));
  describe('to an end', () => ending(on));
};
