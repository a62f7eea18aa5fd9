import type { OpenStore } from '../engine/rows.ts';
import { orFailed } from '../engine/run/consumer.ts';
import { partsOf } from '../engine/store.ts';
import type { StoredLog } from '../engine/stored-log.ts';
import { storedForm } from './leaf-keeper.ts';

/** How many events of a stream are read at once. */
const PAGE = 500;

/** The log of any open store as an auditor reads it. What a store gives as values, and not as texts, is equal in its meaning alone. */
export const storeLog = ({ events, rows, close }: OpenStore): StoredLog => ({
  name: events.name,
  async *pages(after) {
    const end = new AbortController();
    try {
      for await (const page of events.subscribe({ after, signal: end.signal })) {
        yield page.events.map((event) => ({ ...storedForm(event), position: event.position }));
        if (page.caughtUp) return;
      }
    } finally {
      end.abort();
    }
  },
  async *stream(name) {
    const parts = partsOf(name);
    if (parts === undefined) return;
    for (let from = 0; ;) {
      const stream = `${parts.category}-${parts.id}` as const;
      const page = orFailed(await events.read(stream, { from, limit: PAGE })());
      if (page.length > 0) {
        yield page.map((event) => ({ ...storedForm(event), position: event.position }));
      }
      if (page.length < PAGE) return;
      from += page.length;
    }
  },
  row: (table, key) => orFailed(rows.get(table, key)),
  close: () => void close(),
});
