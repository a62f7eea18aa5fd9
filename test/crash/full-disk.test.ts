import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporary, testWhere } from '../support/cli.ts';
import {
  accepted,
  diskEngines,
  expectWhole,
  failures,
  sendUntilFailing,
} from '../support/disk-engine.ts';
import { mounts } from '../support/disk-mounts.ts';

const { mount } = mounts();
const place = temporary();
const engineOn = diskEngines();

const small = place('small');
// What is sent makes a store of 10 MB and a write-ahead log of 15 MB at most: with the ballast too much, without it a third.
const isSmall = mount(small, '-t', 'tmpfs', '-o', 'size=64m', 'tmpfs');
const ballast = join(small, 'ballast');
const BALLAST_BYTES = 62_000_000;
const TAKES_MS = 120_000;

beforeEach(() => {
  if (isSmall) writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES));
});

describe('engine N23: a disk that fills up under a running engine', () => {
  const where = testWhere(
    isSmall,
    'NO TEST OF A DISK THAT FILLS UP: no small tmpfs can be mounted',
  );

  where(
    'StoreFull until there is room again; reads go on, nothing acknowledged is lost, the followers recover by themselves',
    async () => {
      const path = join(small, 'store.db');
      const engine = await engineOn(path);
      const { known, failed, next } = await sendUntilFailing(engine, 0, 8_000);
      expect(known.length).toBeGreaterThan(20);
      expect(failed).toEqual(['StoreFull']);
      const full = await engine.send(next, 40, 8_000);
      expect(failures(full)).toEqual(['StoreFull']);
      expect(full.find(({ failure }) => failure)?.failure).toMatchObject({
        path,
        remedy: expect.stringMatching(/free space/) as unknown,
      });
      const seen = await engine.look();
      expect(seen.streams).toEqual(expect.arrayContaining([...known, ...accepted(full)]));

      rmSync(ballast);
      const after = await engine.send(next + 40, 40, 100);
      expect(failures(after)).toEqual([]);
      const all = [...known, ...accepted(full), ...accepted(after)];
      await expectWhole(engine, all);
      expect(await engine.close()).toEqual({ closed: true });
      const again = await engineOn(path);
      await expectWhole(again, all);
      expect(await again.close()).toEqual({ closed: true });
      for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
    },
    TAKES_MS,
  );

  where(
    'a close on the full disk works, and the next process has all that was acknowledged',
    async () => {
      const path = join(small, 'closing', 'store.db');
      const engine = await engineOn(path);
      const { known } = await sendUntilFailing(engine, 0, 20_000);
      expect(known.length).toBeGreaterThan(20);
      expect(await engine.close()).toEqual({ closed: true });
      rmSync(ballast);
      const again = await engineOn(path);
      await expectWhole(again, known);
      expect(await again.close()).toEqual({ closed: true });
    },
    TAKES_MS,
  );
});
