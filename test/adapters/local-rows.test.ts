import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { withLocalRows } from '../../src/adapters/sqlite/local-rows.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import type { Store } from '../../src/engine/rows.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import { rowStoreContract } from '../contracts/row-store.contract.ts';
import { ada, engines, failureOf, opened } from '../support/engines.ts';
import { inDirectory, storeProcess } from '../support/store-files.ts';
import { ticketCommands, ticketSubsystem, tickets } from '../support/tickets.ts';

rowStoreContract('in a file of rows beside a log elsewhere', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'chancery-'));
  return {
    store: withLocalRows(memoryStore(), join(directory, 'rows.db')),
    cleanup: async () => rmSync(directory, { recursive: true }),
  };
});

const start = engines();
const { OpenTicket, AddNote } = ticketCommands.of;

/** Two tickets with notes, one of which a reaction has added. */
const someTickets = async (engine: Engine): Promise<void> => {
  const ask = (stream: string, id: string, command: Parameters<typeof engine.send>[2]) =>
    engine.send(ticketSubsystem, stream, command as never, { actor: ada, commandId: id });
  await ask('ticket-1', 'c1', OpenTicket({ title: 'echo', answerBy: 9_000 }));
  await ask('ticket-2', 'c2', OpenTicket({ title: 'quiet', answerBy: 9_000 }));
  await ask('ticket-2', 'c3', AddNote({ note: 'one' }));
  await engine.settle();
};

/** All that is seen of an engine's rows: the rows, and what its projections have consumed. */
const seenIn = async (engine: Engine) => {
  const { head, projections } = await engine.status();
  const rows = await engine.query(tickets).page({ limit: 9 });
  return { head, rows, consumed: projections.map(({ events, digest }) => ({ events, digest })) };
};

const ROWS = [
  { key: '1', row: { title: 'echo', open: true, notes: 1 } },
  { key: '2', row: { title: 'quiet', open: true, notes: 1 } },
];

/** What an engine on a store ends with, closed again. */
const lived = async (store: Store, fill = false, now = 0) => {
  const engine = await start({ store, clock: virtualClock(now) });
  if (fill) await someTickets(engine);
  await engine.settle();
  const seen = await seenIn(engine);
  await engine.close();
  return seen;
};

describe('rows in a local file beside a log that lies elsewhere', () => {
  it(
    'N13: go on where they were after a restart, in the same file',
    inDirectory(async (directory) => {
      const store = withLocalRows(memoryStore(), join(directory, 'data', 'rows.db'));
      const before = await lived(store, true);
      expect(before.rows).toEqual(ROWS);
      expect(await lived(store)).toEqual(before);
    }),
  );

  it(
    'N16: two processes on one log build the same rows, each in its own file, and react once',
    inDirectory(async (directory) => {
      const log = memoryStore();
      const one = await start({ store: withLocalRows(log, join(directory, 'one.db')) });
      await someTickets(one);
      const two = await start({ store: withLocalRows(log, join(directory, 'two.db')) });
      await two.settle();
      const seen = await seenIn(two);
      expect(seen).toEqual(await seenIn(one));
      expect(seen.rows).toEqual(ROWS);
      expect((await two.history('ticket-1')).map(({ type }) => type)).toEqual([
        'TicketOpened',
        'NoteAdded',
      ]);
    }),
  );

  it(
    'N13: are built anew from the log when their file is lost; nothing is appended for it',
    inDirectory(async (directory) => {
      const path = join(directory, 'rows.db');
      const store = withLocalRows(memoryStore(), path);
      const before = await lived(store, true);
      for (const name of [path, `${path}-wal`, `${path}-shm`]) rmSync(name, { force: true });
      expect(await lived(store)).toEqual(before);
    }),
  );

  it(
    'N24: are refused beside the log of another instance, by name, and stay as they are',
    inDirectory(async (directory) => {
      const path = join(directory, 'rows.db');
      const own = withLocalRows(memoryStore(), path);
      const before = await lived(own, true);
      const other = withLocalRows(memoryStore(), path);
      expect(await failureOf(start({ store: other, instance: 'other' }))).toEqual({
        type: 'StoreUnavailable',
        path,
        reason: 'its rows are of instance test in memory, and not of instance other in memory',
        remedy: expect.stringContaining('another directory') as unknown,
      });
      expect(await lived(own)).toEqual(before);
    }),
  );

  it(
    'N24: are refused beside the same instance in another place',
    inDirectory(async (directory) => {
      const path = join(directory, 'rows.db');
      const [first, second] = ['first', 'second'].map((name) => ({ ...memoryStore(), name }));
      const named = ({ name, ...log }: Store): Store => ({
        ...log,
        name,
        open: (options) => async () => {
          const open = await log.open(options)();
          if (open._tag === 'Left') return open;
          const { events, ...rest } = open.right;
          return { ...open, right: { ...rest, events: { ...events, name } } };
        },
      });
      await lived(withLocalRows(named(first!), path), true);
      expect(await failureOf(start({ store: withLocalRows(named(second!), path) }))).toMatchObject({
        reason: 'its rows are of instance test in first, and not of instance test in second',
      });
    }),
  );

  it(
    'N13: of a log that was made anew under the same names are built anew; who only reads refuses them',
    inDirectory(async (directory) => {
      const path = join(directory, 'rows.db');
      await lived(withLocalRows(memoryStore(), path), true);
      const log = memoryStore();
      await lived(log, false, 7);
      const again = withLocalRows(log, path);
      expect(await failureOf(start({ store: again, readOnly: true }))).toMatchObject({
        path,
        reason: 'its rows are of an earlier log of the same name',
      });
      expect((await lived(again, false, 7)).rows).toEqual([]);
      const reader = await start({ store: again, readOnly: true });
      expect((await reader.status()).projections).toMatchObject([{ events: 0 }]);
    }),
  );

  it(
    'are not needed by who only reads the log: no file is made',
    inDirectory(async (directory) => {
      const log = memoryStore();
      await lived(log, true);
      const path = join(directory, 'nowhere', 'rows.db');
      const reader = await start({ store: withLocalRows(log, path), readOnly: true });
      expect(await reader.history('ticket-2')).toHaveLength(2);
      expect(existsSync(join(directory, 'nowhere'))).toBe(false);
    }),
  );

  it(
    'N22: are held by one process at a time; others may read beside it',
    inDirectory(async (directory) => {
      const path = join(directory, 'rows.db');
      const log = memoryStore();
      const holder = await start({ store: withLocalRows(log, path) });
      await someTickets(holder);
      expect(await failureOf(start({ store: withLocalRows(log, path) }))).toMatchObject({
        type: 'StoreLocked',
        path,
        holder: expect.stringContaining(`process ${process.pid}`) as unknown,
      });
      const reader = await start({ store: withLocalRows(log, path), readOnly: true });
      expect(await seenIn(reader)).toEqual(await seenIn(holder));
    }),
  );

  it(
    'N22: another process that holds the file is named',
    inDirectory(async (directory) => {
      const path = join(directory, 'rows.db');
      const holder = storeProcess('hold', path);
      try {
        await holder.next();
        expect(await failureOf(start({ store: withLocalRows(memoryStore(), path) }))).toMatchObject(
          { type: 'StoreLocked', holder: expect.stringContaining(`${holder.pid}`) as unknown },
        );
      } finally {
        await holder.end();
      }
    }),
  );

  it(
    'N23: a store with a log of its own is no file of rows, and the other way round',
    inDirectory(async (directory) => {
      const [store, rows] = [join(directory, 'store.db'), join(directory, 'rows.db')];
      await (await opened(sqliteStore(store))).close();
      await lived(withLocalRows(memoryStore(), rows));
      expect(await failureOf(start({ store: withLocalRows(memoryStore(), store) }))).toMatchObject({
        type: 'StoreCorrupt',
        reason: 'it is not a Chancery file of rows',
        remedy: expect.stringContaining('its own log') as unknown,
      });
      expect(await failureOf(start({ store: sqliteStore(rows) }))).toMatchObject({
        type: 'StoreCorrupt',
        reason: 'it is not a Chancery store',
        remedy: expect.stringContaining('elsewhere') as unknown,
      });
    }),
  );
});
