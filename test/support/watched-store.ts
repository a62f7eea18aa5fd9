import { E } from '../../src/engine/fp.ts';
import type { OpenStore, Store } from '../../src/engine/rows.ts';
import type { EventStore } from '../../src/engine/store.ts';

/** How many events have been read stream by stream. */
export type Reads = { events: number };

/** A store in front of another one that counts what is read, and has no index of ids if `find` is false. */
export const watchedStore = (
  inner: Store,
  { reads = { events: 0 }, find = true }: { readonly reads?: Reads; readonly find?: boolean },
): Store => ({
  ...inner,
  open: (options) => async () => {
    const opened = await inner.open(options)();
    return E.isLeft(opened) ? opened : E.right(watched(opened.right, reads, find));
  },
});

const watched = (store: OpenStore, reads: Reads, find: boolean): OpenStore => {
  const { find: finder, ...events } = store.events;
  const read: EventStore['read'] = (stream, options) => async () => {
    const page = await events.read(stream, options)();
    if (E.isRight(page)) reads.events += page.right.length;
    return page;
  };
  const known = find && finder !== undefined ? { find: finder } : {};
  return { ...store, events: { ...events, read, ...known } };
};
