import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { backupStore } from '../../src/adapters/sqlite/backup.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import type { EventStore } from '../../src/engine/store.ts';
import { caughtUp, draft, drafts, freshStream, idsOf, left, right } from '../support/drafts.ts';
import { inDirectory, storeProcess } from '../support/store-files.ts';

const openFor = (path: string, readOnly = false) => sqliteStore(path).open({ readOnly });

/** A store with three events, closed. */
const written = async (path: string) => {
  const { events, close } = await right(openFor(path));
  const { events: three } = await right(events.append(freshStream(), 'none', drafts(3)));
  await close();
  return three;
};

/** Mounts a file system of 4 MiB in memory at a directory; says why it cannot. */
const mountSmall = (directory: string): string | undefined => {
  const options = ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', directory];
  const { status, stderr, error } = spawnSync('/bin/mount', options, { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
};

/** Skips with a printed reason where this user cannot mount anything. */
const itOnSmallDisk = (() => {
  const directory = mkdtempSync(join(tmpdir(), 'chancery-mount-'));
  const reason = mountSmall(directory);
  if (reason === undefined) spawnSync('/bin/umount', [directory]);
  else
    process.stderr.write(`sqlite.files.test: skipped: no full disk without a mount: ${reason}\n`);
  rmSync(directory, { recursive: true });
  return reason === undefined ? it : it.skip;
})();

/** Appends until an append fails. */
const fill = async (events: EventStore) => {
  const acknowledged: string[] = [];
  for (;;) {
    const one = draft({ text: 'x'.repeat(50_000) });
    const answer = await events.append(freshStream(), 'none', [one])();
    if (answer._tag === 'Left') return { acknowledged, failure: answer.left };
    acknowledged.push(one.id);
  }
};

const unavailable = (path: string) => ({
  type: 'StoreUnavailable',
  path,
  reason: expect.any(String),
  remedy: expect.any(String),
});

describe('the place of a SQLite store', () => {
  it(
    'N23 is created where its directory is missing',
    inDirectory(async (directory) => {
      const path = join(directory, 'not', 'there', 'store.db');
      const three = await written(path);
      const { events, close } = await right(openFor(path));
      expect((await caughtUp(events, undefined)).events).toEqual(three);
      await close();
    }),
  );

  it(
    'N23 is refused with path and remedy where it cannot be created or is no file',
    inDirectory(async (directory) => {
      const file = join(directory, 'file');
      writeFileSync(file, '');
      const below = join(file, 'store.db');
      expect(await left(openFor(below))).toEqual(unavailable(below));
      expect(await left(openFor(directory))).toEqual(unavailable(directory));
      const missing = join(directory, 'missing.db');
      expect(await left(openFor(missing, true))).toEqual(unavailable(missing));
      const closed = `/proc/${process.pid}/store.db`; // no right to write there, even for root
      expect(await left(openFor(closed))).toEqual(unavailable(closed));
    }),
  );

  it.each([
    ['removed', () => undefined],
    ['replaced', (path: string) => writeFileSync(path, '')],
  ])('N23 acknowledges nothing more once the file has been %s, and still reads', (_, replace) =>
    inDirectory(async (directory) => {
      const path = join(directory, 'data', 'store.db');
      const { events, close } = await right(openFor(path));
      const stream = freshStream();
      await right(events.append(stream, 'none', drafts(1)));
      rmSync(join(directory, 'data'), { recursive: true });
      mkdirSync(join(directory, 'data'));
      replace(path);
      const appends = [events.append(stream, 0, drafts(1)), events.append(stream, 0, drafts(2))];
      for (const append of appends) expect(await left(append)).toEqual(unavailable(path));
      expect(await right(events.read(stream))).toHaveLength(1);
      await close();
    })(),
  );

  it(
    'N23 is refused where it holds something else, which stays as it was',
    inDirectory(async (directory) => {
      const garbage = join(directory, 'garbage.db');
      writeFileSync(garbage, 'no database, '.repeat(1_000));
      const corrupt = { type: 'StoreCorrupt', remedy: expect.stringContaining('another path') };
      expect(await left(openFor(garbage))).toMatchObject({ ...corrupt, path: garbage });
      expect(readFileSync(garbage, 'utf8')).toMatch(/^no database, /);

      const foreign = join(directory, 'foreign.db');
      const db = new Database(foreign);
      db.exec('CREATE TABLE theirs (a)');
      db.close();
      const before = readFileSync(foreign);
      expect(await left(openFor(foreign))).toMatchObject({ ...corrupt, path: foreign });
      expect(await left(openFor(foreign, true))).toMatchObject({ ...corrupt, path: foreign });
      expect(readFileSync(foreign).equals(before)).toBe(true);
    }),
  );

  it(
    'N23 is refused where its file was cut',
    inDirectory(async (directory) => {
      const path = join(directory, 'store.db');
      const { events, close } = await right(openFor(path));
      await right(events.append(freshStream(), 'none', drafts(2_000)));
      await close();
      truncateSync(path, Math.floor(statSync(path).size / 2));
      expect(await left(openFor(path))).toMatchObject({ type: 'StoreCorrupt', path });
      expect(await left(openFor(path, true))).toMatchObject({ type: 'StoreCorrupt', path });
    }),
  );

  it(
    'N10 names the event that is no longer JSON, and reads the others',
    inDirectory(async (directory) => {
      const path = join(directory, 'store.db');
      const [first] = await written(path);
      const db = new Database(path);
      db.exec(`UPDATE events SET data = '{"n":' WHERE position = 2`);
      db.close();
      const { events, close } = await right(openFor(path));
      const failure = await left(events.read(first!.stream));
      expect(failure).toMatchObject({ type: 'StoreCorrupt', path });
      expect(failure).toHaveProperty('reason', expect.stringContaining(`1 of ${first!.stream}`));
      expect(await right(events.read(first!.stream, { limit: 1 }))).toEqual([first]);
      await close();
    }),
  );

  itOnSmallDisk(
    'N23 keeps what was acknowledged when the disk is full, and goes on once there is room',
    inDirectory(async (directory) => {
      const disk = join(directory, 'disk');
      mkdirSync(disk);
      expect(mountSmall(disk)).toBeUndefined();
      try {
        const [ballast, path] = [join(disk, 'ballast'), join(disk, 'store.db')];
        writeFileSync(ballast, Buffer.alloc(2_500_000));
        const { events, rows, close } = await right(openFor(path));
        const { acknowledged, failure } = await fill(events);
        expect(failure).toMatchObject({ type: 'StoreFull', path });
        const big = { table: 'things', key: 'a', row: 'x'.repeat(500_000), entries: [] };
        expect(rows.commit({ changes: [big] })).toMatchObject({ left: { type: 'StoreFull' } });
        expect(idsOf((await caughtUp(events, undefined)).events)).toEqual(acknowledged);
        rmSync(ballast);
        const { events: more } = await right(events.append(freshStream(), 'none', drafts(2)));
        await close();
        const again = await right(openFor(path));
        const all = [...acknowledged, ...idsOf(more)];
        expect(idsOf((await caughtUp(again.events, undefined)).events)).toEqual(all);
        await again.close();
      } finally {
        spawnSync('/bin/umount', [disk]);
      }
    }),
  );
});

describe('the lock of a SQLite store', () => {
  it(
    'N22 refuses a second writer of this process and of another, naming the holder',
    inDirectory(async (directory) => {
      const path = join(directory, 'store.db');
      const { close } = await right(openFor(path));
      const locked = {
        type: 'StoreLocked',
        path,
        holder: expect.stringContaining(`${process.pid}`),
      };
      expect(await left(openFor(path))).toMatchObject(locked);
      const other = storeProcess('hold', path);
      expect(await other.next()).toMatchObject({ type: 'StoreLocked', path });
      await other.end();
      await close();
      await written(path);
    }),
  );

  it(
    'N22 lets exactly one of five processes in, and the next after it was killed',
    inDirectory(async (directory) => {
      const path = join(directory, 'store.db');
      const racers = Array.from({ length: 5 }, () => storeProcess('hold', path));
      const answers = await Promise.all(racers.map((racer) => racer.next()));
      const winner = racers.find((_, n) => answers[n]?.['opened'] !== undefined)!;
      const holder = expect.stringContaining(`process ${winner.pid} on `);
      const refused = answers.filter((answer) => answer?.['opened'] === undefined);
      expect(refused).toHaveLength(4);
      expect(await left(openFor(path))).toMatchObject({ type: 'StoreLocked', holder });
      await Promise.all(racers.map((racer) => racer.kill()));
      await written(path);
    }),
  );

  it(
    'N22 opens read-only beside a running writer and follows what it appends',
    inDirectory(async (directory) => {
      const path = join(directory, 'store.db');
      const writer = storeProcess('hold', path);
      expect(await writer.next()).toEqual({ opened: writer.pid });
      const { events, rows, close } = await right(openFor(path, true));
      const stop = new AbortController();
      const pages = events.subscribe({ after: undefined, signal: stop.signal });
      expect(await pages.next()).toMatchObject({ value: { events: [], caughtUp: true } });
      const next = pages.next();
      writer.tell('hello');
      const acknowledged = await writer.next();
      const { value } = await next;
      expect(idsOf(value?.events ?? [])).toEqual(acknowledged?.['appended']);
      expect(await left(events.append(freshStream(), 'none', [draft()]))).toMatchObject({
        type: 'StoreUnavailable',
        remedy: 'open it for writing',
      });
      expect(rows.commit({ changes: [] })).toMatchObject({ left: { type: 'StoreUnavailable' } });
      stop.abort();
      await writer.end();
      expect(await right(events.head())).toBe('1');
      await close();
    }),
  );

  it(
    'N22 opens read-only where nobody writes: closed in order, or killed',
    inDirectory(async (directory) => {
      const path = join(directory, 'store.db');
      const three = await written(path);
      const reader = await right(openFor(path, true));
      expect(await right(reader.events.read(three[0]!.stream))).toEqual(three);
      await reader.close();
      const writer = storeProcess('hold', path);
      await writer.next();
      writer.tell('hello');
      await writer.next();
      await writer.kill();
      const again = await right(openFor(path, true));
      expect(await right(again.events.head())).toBe('4');
      await again.close();
    }),
  );
});

describe('a backup of a SQLite store', () => {
  it(
    'N24 is consistent while another process appends, opens as a store, and overwrites nothing',
    inDirectory(async (directory) => {
      const [path, copy] = [join(directory, 'store.db'), join(directory, 'copy.db')];
      await written(path);
      const writer = storeProcess('append', path);
      for (let n = 0; n < 50; n += 1) await writer.next();
      await right(backupStore(path, copy));
      await writer.kill();
      expect(await left(backupStore(path, copy))).toMatchObject({ type: 'StoreUnavailable' });
      const source = await right(openFor(path));
      const { events: all } = await caughtUp(source.events, undefined);
      await source.close();
      const reader = await right(openFor(copy, true));
      const { events: copied } = await caughtUp(reader.events, undefined);
      await reader.close();
      expect(copied.length).toBeGreaterThan(50);
      expect(copied).toEqual(all.slice(0, copied.length));
      const store = await right(openFor(copy));
      await right(store.events.append(freshStream(), 'none', [draft()]));
      await store.close();
    }),
  );
});
