/**
 * A process of its own with a store: `node store-process.ts hold|append PATH [SEED]`. It prints a line of JSON for what happened. `hold`
 * opens for writing, appends an event for every line it reads, and closes at the end of its input; `append` appends until it is killed
 * and prints the ids of each acknowledged batch.
 */
import { createInterface } from 'node:readline';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import type { OpenStore } from '../../src/engine/rows.ts';
import type { StreamName } from '../../src/engine/store.ts';
import { draft, freshStream, idsOf, right } from './drafts.ts';

const [mode = '', path = '', seed = '1'] = process.argv.slice(2);

/** To a pipe this is synchronous: what was printed outlives a kill. */
const say = (what: unknown): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

const hold = async ({ events, close }: OpenStore): Promise<void> => {
  for await (const line of createInterface(process.stdin)) {
    const { events: written } = await right(events.append(freshStream(), 'none', [draft(line)]));
    say({ appended: idsOf(written) });
  }
  await close();
};

const worker = async ({ events, rows }: OpenStore, stream: StreamName, size: number) => {
  for (;;) {
    const [last] = await right(events.read(stream, { backwards: true, limit: 1 }));
    const batch = draft().id;
    const drafts = Array.from({ length: size }, () => draft({ batch, size }));
    const { position } = await right(events.append(stream, last?.revision ?? 'none', drafts));
    const value = { position, events: Number(position), digest: '' };
    rows.commit({
      changes: [{ table: 'seen', key: stream, row: position, entries: [] }],
      checkpoint: { consumer: 'seen', value },
    });
    say({ acknowledged: idsOf(drafts) });
  }
};

const opened = await sqliteStore(path).open({ readOnly: false })();
say(opened._tag === 'Left' ? opened.left : { opened: process.pid });
if (opened._tag === 'Right' && mode === 'hold') await hold(opened.right);
if (opened._tag === 'Right' && mode === 'append') {
  const streams = Array.from({ length: 12 }, (_, n): StreamName => `crash-${seed}-${n}`);
  await Promise.all(streams.map((stream, n) => worker(opened.right, stream, 1 + (n % 5))));
}
