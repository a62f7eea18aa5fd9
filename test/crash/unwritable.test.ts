import { rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { temporary, testWhere } from '../support/cli.ts';
import {
  accepted,
  diskEngines,
  expectWhole,
  failures,
  type DiskEngine,
} from '../support/disk-engine.ts';
import { did, mounts } from '../support/disk-mounts.ts';

const { mount, unmount } = mounts();
const place = temporary();
const engineOn = diskEngines();
const TAKES_MS = 120_000;

const unavailable = (path: string, reason = /./) => ({
  type: 'StoreUnavailable',
  path,
  reason: expect.stringMatching(reason) as unknown,
  remedy: expect.stringMatching(/./) as unknown,
});

/** Sends, without success; what has been acknowledged can be read all the same. */
const expectUnwritable = async (
  engine: DiskEngine,
  from: number,
  known: readonly string[],
  failure: object,
): Promise<void> => {
  const answers = await engine.send(from, 20, 500);
  expect(accepted(answers)).toEqual([]);
  for (const answer of answers) expect(answer.failure).toEqual(failure);
  expect((await engine.look()).streams.toSorted()).toEqual(known.toSorted());
};

const image = place('disk.img');
const disk = place('disk');
const isDisk =
  did('truncate', '--size=32M', image) &&
  did('mkfs.ext4', '-q', '-F', image) &&
  mount(disk, '-o', 'loop', image);

describe('engine N23: a file system that becomes read-only under a running engine', () => {
  testWhere(
    isDisk,
    'NO TEST OF A READ-ONLY DISK: no ext4 image can be mounted through a loop device',
  )(
    'fails what would be written and still reads; it closes, is refused while nothing can be written, and then has all',
    async () => {
      const path = join(disk, 'data', 'store.db');
      const engine = await engineOn(path);
      const known = accepted(await engine.send(0, 400, 500));
      expect(known).toHaveLength(400);
      // What ext4 does by itself when it finds an error; an order to remount it read-only is refused while files are written.
      expect(did('/bin/mount', '-o', 'remount,abort', disk)).toBe(true);
      await expectUnwritable(engine, 400, known, unavailable(path));
      expect(await engine.close()).toEqual({ closed: true });
      expect((await engineOn(path)).opened).toEqual({ failure: unavailable(path) });

      expect(unmount(disk) && mount(disk, '-o', 'loop', image)).toBe(true);
      const again = await engineOn(path);
      await expectWhole(again, known);
      expect(await again.close()).toEqual({ closed: true });
    },
    TAKES_MS,
  );
});

const canLimit = did('prlimit', '--pid', `${process.pid}`, '--fsize');

describe('engine N23: files that may not grow', () => {
  testWhere(canLimit, 'NO TEST OF FILES THAT MAY NOT GROW: there is no prlimit')(
    'fail what would be written and are still read; the engine goes on by itself when they may grow again',
    async () => {
      const path = place('limited', 'store.db');
      const engine = await engineOn(path);
      const limit = (bytes: string) =>
        did('prlimit', '--pid', `${engine.pid}`, `--fsize=${bytes}:unlimited`);
      const known = accepted(await engine.send(0, 40, 500));
      expect(known).toHaveLength(40);
      await expectWhole(engine, known);
      // The write-ahead log is the file that grows.
      expect(limit(`${statSync(`${path}-wal`).size}`)).toBe(true);
      await expectUnwritable(engine, 40, known, unavailable(path));
      expect(limit('unlimited')).toBe(true);
      const more = accepted(await engine.send(60, 40, 500));
      expect(more).toHaveLength(40);
      await expectWhole(engine, [...known, ...more]);
      expect(await engine.close()).toEqual({ closed: true });
    },
    TAKES_MS,
  );
});

describe('engine N23: a directory that is removed under a running engine', () => {
  test(
    'acknowledges nothing more, says so, still reads what is open, and closes',
    async () => {
      const path = place('removed', 'store.db');
      const engine = await engineOn(path);
      const known = accepted(await engine.send(0, 40, 500));
      await expectWhole(engine, known);
      rmSync(dirname(path), { recursive: true });
      await expectUnwritable(engine, 40, known, unavailable(path, /removed or replaced/));
      expect(failures(await engine.send(60, 1, 500))).toEqual(['StoreUnavailable']);
      expect(await engine.close()).toEqual({ closed: true });
    },
    TAKES_MS,
  );
});
