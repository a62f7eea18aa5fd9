import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { nativeEventHash } from '../../src/adapters/event-hash.ts';
import { connectRows, connectWriter } from '../../src/adapters/sqlite/connection.ts';
import { migrate, MIGRATIONS, STORE_FILE } from '../../src/adapters/sqlite/schema.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { eventHash, type HashedEvent } from '../../src/engine/ids.ts';
import { canonicalJson } from '../../src/engine/json.ts';
import { eventStoreContract } from '../contracts/event-store.contract.ts';
import { rowStoreContract } from '../contracts/row-store.contract.ts';
import { caughtUp, draft, drafts, freshStream, left, now, right } from '../support/drafts.ts';
import { inDirectory } from '../support/store-files.ts';

const make = async () => {
  const directory = mkdtempSync(join(tmpdir(), 'chancery-'));
  return {
    store: sqliteStore(join(directory, 'store.db')),
    cleanup: async () => rmSync(directory, { recursive: true }),
  };
};

eventStoreContract('in SQLite', make);
rowStoreContract('in SQLite', make);

/** How many transactions lie in a WAL that was never reset: its frames that carry a commit (sqlite.org/fileformat2.html#walformat). */
const commitsIn = (path: string): number => {
  const wal = readFileSync(`${path}-wal`);
  const frame = 24 + wal.readUInt32BE(8);
  let commits = 0;
  for (let offset = 32; offset + frame <= wal.length; offset += frame) {
    if (wal.readUInt32BE(offset + 4) !== 0) commits += 1;
  }
  return commits;
};

describe('a SQLite store', () => {
  it(
    'N50 clears a table in bounded steps, however many rows and index entries it has',
    inDirectory(async (directory) => {
      const path = join(directory, 'store.db');
      const { rows, close } = await right(sqliteStore(path).open({ readOnly: false }));
      const entries = ['a', 'b', 'c'].map((index) => ({ index, value: 'v' }));
      const changes = Array.from({ length: 3_500 }, (_, n) => ({
        table: n % 2 === 0 ? 'even' : 'odd',
        key: `${n}`,
        row: n,
        entries,
      }));
      now(rows.commit({ changes }));
      const db = new Database(path, { readonly: true });
      const counts = () =>
        ['rows', 'row_index'].map(
          (table) =>
            db
              .prepare<[], { n: number }>(`SELECT count(*) AS n FROM ${table} WHERE tbl = 'even'`)
              .get()!.n,
        );
      let [before, isEmpty, steps] = [counts(), false, 0];
      for (; !isEmpty; steps += 1) {
        isEmpty = now(rows.clear('even'));
        const after = counts();
        const removed = before.map((count, index) => count - after[index]!);
        expect(Math.max(...removed)).toBeLessThanOrEqual(1_000);
        before = after;
      }
      expect([before, steps]).toEqual([[0, 0], 6]);
      expect(now(rows.page('odd', { limit: 9_999 }))).toHaveLength(1_750);
      db.close();
      await close();
    }),
  );

  it(
    'N8 N21 writes events through a WAL connection with synchronous FULL, rows through one with NORMAL',
    inDirectory(async (directory) => {
      const path = join(directory, 'store.db');
      const [events, rows] = [connectWriter(path), connectRows(path)];
      const settings = [events, rows].map((db) => [
        db.pragma('journal_mode', { simple: true }),
        db.pragma('synchronous', { simple: true }),
      ]);
      rows.close();
      events.close();
      expect(settings).toEqual([
        ['wal', 2],
        ['wal', 1],
      ]);
    }),
  );

  it(
    'N21 commits appends that wait together in one transaction, each with its own answer',
    inDirectory(async (directory) => {
      const path = join(directory, 'store.db');
      const { events, close } = await right(sqliteStore(path).open({ readOnly: false }));
      const taken = freshStream();
      await right(events.append(taken, 'none', [draft()]));
      const before = commitsIn(path);
      const streams = [taken, ...Array.from({ length: 63 }, () => freshStream())];
      const answers = await Promise.all(
        streams.map((stream) => events.append(stream, 'none', [draft()])()),
      );
      const commits = commitsIn(path) - before;
      await close();
      expect(commits).toBe(1);
      expect(answers.map(({ _tag }) => _tag)).toEqual(['Left', ...Array(63).fill('Right')]);
    }),
  );

  it(
    'N22 gives its lock back although a connection could not be closed',
    inDirectory(async (directory) => {
      const store = sqliteStore(join(directory, 'store.db'));
      const { close } = await right(store.open({ readOnly: false }));
      const closing = jest.spyOn(Database.prototype, 'close').mockImplementationOnce(() => {
        throw new Error('it is busy');
      });
      await expect(close()).rejects.toThrow('it is busy');
      closing.mockRestore();
      await (await right(store.open({ readOnly: false }))).close();
    }),
  );

  it(
    'N21 answers what waits when it is closed',
    inDirectory(async (directory) => {
      const path = join(directory, 'store.db');
      const store = sqliteStore(path);
      const { events, close } = await right(store.open({ readOnly: false }));
      const waiting = Array.from({ length: 600 }, () =>
        right(events.append(freshStream(), 'none', [draft()])),
      );
      await close();
      expect(await Promise.all(waiting)).toHaveLength(600);
      const again = await right(store.open({ readOnly: false }));
      expect(await right(again.events.head())).toBe('600');
      await again.close();
    }),
  );

  it(
    'N13 gives from the file what it no longer keeps in memory: many events, and heavy ones',
    inDirectory(async (directory) => {
      const path = join(directory, 'store.db');
      const { events, close } = await right(sqliteStore(path).open({ readOnly: false }));
      for (let n = 0; n < 10; n += 1) {
        await right(events.append(freshStream(), 'none', drafts(1_000)));
      }
      for (let n = 0; n < 45; n += 1) {
        await right(events.append(freshStream(), 'none', [draft({ text: 'x'.repeat(900_000) })]));
      }
      const { events: all, pages } = await caughtUp(events, undefined);
      expect(all.map(({ position }) => Number(position))).toEqual(all.map((_, n) => n + 1));
      expect(all).toHaveLength(10_045);
      const weights = pages.map((page) => JSON.stringify(page.events).length);
      expect(Math.max(...weights)).toBeLessThan(40_000_000);
      await close();
      const again = await right(sqliteStore(path).open({ readOnly: false }));
      expect((await caughtUp(again.events, '9990')).events).toEqual(all.slice(9_990));
      await again.close();
    }),
  );

  it(
    'N13 says so where a position lies beyond the log, as that of another file does',
    inDirectory(async (directory) => {
      const path = join(directory, 'store.db');
      const { events, close } = await right(sqliteStore(path).open({ readOnly: false }));
      const { signal } = new AbortController();
      const failure = { failure: { type: 'StoreCorrupt', path } };
      await expect(events.subscribe({ after: '7', signal }).next()).rejects.toMatchObject(failure);
      await close();
    }),
  );

  it(
    'N16 stores RFC 8785 texts and a hash that the file alone proves, to the byte',
    inDirectory(async (directory) => {
      const path = join(directory, 'store.db');
      const { events, close } = await right(sqliteStore(path).open({ readOnly: false }));
      const data = { b: 1, a: ['\u{1f600}e\u0301\u0000', 1e21, { 10: 0, 9: 0 }] };
      const two = [draft(data), draft({ n: 2 })];
      const { events: written } = await right(events.append(freshStream(), 'none', two));
      await close();
      const db = new Database(path, { readonly: true });
      const select = db.prepare<[], HashedEvent & { hash: string }>('SELECT * FROM events');
      const stored = select.all();
      db.close();
      expect(stored.map((event) => event.data)).toEqual([canonicalJson(data), '{"n":2}']);
      expect(stored[0]!.metadata).toBe(canonicalJson(two[0]!.metadata));
      expect(stored.map(eventHash)).toEqual(stored.map(({ hash }) => hash));
      expect(written.map(({ hash }) => hash)).toEqual(stored.map(({ hash }) => hash));
      expect(stored.map(nativeEventHash)).toEqual(stored.map(eventHash));
      expect(eventHash({ ...stored[1]!, data: '{"n":3}' })).not.toBe(stored[1]!.hash);
    }),
  );
});

describe('the version of a SQLite store', () => {
  it(
    'N12 refuses a file of a newer engine and names both versions',
    inDirectory(async (directory) => {
      const path = join(directory, 'store.db');
      const store = sqliteStore(path);
      await (await right(store.open({ readOnly: false }))).close();
      const db = new Database(path);
      db.pragma('user_version = 99');
      db.close();
      const tooNew = { type: 'StoreTooNew', path, found: 99, supported: MIGRATIONS.length };
      expect(await left(store.open({ readOnly: false }))).toEqual(tooNew);
      expect(await left(store.open({ readOnly: true }))).toEqual(tooNew);
    }),
  );

  it(
    'N12 lifts an older file in one transaction, or not at all',
    inDirectory(async (directory) => {
      const path = join(directory, 'store.db');
      const store = sqliteStore(path);
      await (await right(store.open({ readOnly: false }))).close();
      const db = new Database(path);
      const found = () => [
        db.pragma('user_version', { simple: true }),
        db.prepare('SELECT value FROM meta').pluck().all(),
        db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'more'").pluck().get(),
      ];
      const steps = [...MIGRATIONS, 'CREATE TABLE more (a); INSERT INTO meta VALUES (1, 2);'];
      expect(() =>
        migrate(db, path, { ...STORE_FILE, steps: [...steps, 'CREATE TABLE more (a)'] }),
      ).toThrow('more');
      const before = found();
      migrate(db, path, { ...STORE_FILE, steps });
      const after = found();
      db.close();
      const [old, next] = [MIGRATIONS.length, MIGRATIONS.length + 1];
      expect(before).toEqual([old, [`${old}`], 0]);
      expect(after).toEqual([next, ['2', `${next}`], 1]);
    }),
  );
});
