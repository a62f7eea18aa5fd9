import { E } from '../../src/engine/fp.ts';
import type { Batch, OpenStore, Store } from '../../src/engine/rows.ts';
import type { Draft, Page, StoreFailure } from '../../src/engine/store.ts';

/** What a store is to do wrong; each is asked before the store acts. Changed by a test as it goes. */
export type Faults = {
  /** `lost`: it is written, but the answer never comes; `refused`, `corrupt`: it is not written, for an outage or for good. */
  append?: (stream: string, drafts: readonly Draft[]) => 'lost' | 'refused' | 'corrupt' | undefined;
  /** Whether to fail instead of changing rows, or (`lost`) after they have been changed. */
  commit?: (batch: Batch) => boolean | 'lost';
  /** Whether to fail instead of clearing a part of a table. */
  clear?: (table: string) => boolean;
  /** Whether to fail instead of giving a row of a table. */
  get?: (table: string) => boolean;
  /** Called before a stream is read. */
  reading?: (stream: string) => void;
  /** Every subscription goes through this. */
  pages?: (
    pages: AsyncIterableIterator<Page>,
    types: readonly string[],
  ) => AsyncIterableIterator<Page>;
};

export const unavailable: StoreFailure = {
  type: 'StoreUnavailable',
  path: 'faulty',
  reason: 'the test wants it',
  remedy: 'none',
};

const corrupt: StoreFailure = { ...unavailable, type: 'StoreCorrupt' };

/** A store that fails when it is told to, in front of one that works. */
export const faultyStore = (inner: Store, faults: Faults): Store => ({
  ...inner,
  open: (options) => async () => {
    const opened = await inner.open(options)();
    return E.isLeft(opened) ? opened : E.right(faulty(opened.right, faults));
  },
});

const faulty = ({ events, rows, close }: OpenStore, faults: Faults): OpenStore => ({
  close,
  events: {
    ...events,
    append: (stream, expected, drafts) => async () => {
      const fault = faults.append?.(stream, drafts);
      if (fault === 'refused') return E.left(unavailable);
      if (fault === 'corrupt') return E.left(corrupt);
      const written = await events.append(stream, expected, drafts)();
      return fault === 'lost' ? E.left(unavailable) : written;
    },
    read: (stream, options) => {
      faults.reading?.(stream);
      return events.read(stream, options);
    },
    subscribe: (subscription) => {
      const pages = events.subscribe(subscription);
      return faults.pages?.(pages, subscription.types ?? []) ?? pages;
    },
  },
  rows: {
    ...rows,
    get: (table, key) =>
      faults.get?.(table) === true ? E.left(unavailable) : rows.get(table, key),
    clear: (table) => (faults.clear?.(table) === true ? E.left(unavailable) : rows.clear(table)),
    commit: (batch) => {
      const fault = faults.commit?.(batch) ?? false;
      if (fault === true) return E.left(unavailable);
      const stored = rows.commit(batch);
      return fault === 'lost' ? E.left(unavailable) : stored;
    },
  },
});
