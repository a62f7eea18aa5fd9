import { orFailed } from './consumer.ts';
import type { RowStore } from '../rows.ts';

/** What a process notes for itself under keys, beside the log: durable, local, and no event. */
export type Journal<Entry> = {
  readonly get: (key: string) => Entry | undefined;
  readonly put: (key: string, entry: Entry) => void;
};

/** How the tables of journals begin. */
export const JOURNALS = 'journal:';

/** A journal of a name; it shares nothing with read models but the file. */
export const journal = <Entry>(rows: RowStore, name: string): Journal<Entry> => {
  const table = `${JOURNALS}${name}`;
  return {
    // Only the journal of this name writes under it.
    get: (key) => orFailed(rows.get(table, key)) as Entry | undefined,
    put: (key, row) => orFailed(rows.commit({ changes: [{ table, key, row, entries: [] }] })),
  };
};
