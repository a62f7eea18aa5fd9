import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inspectSqlite } from '../../src/adapters/sqlite/inspection.ts';
import { sqliteScratch } from '../../src/adapters/sqlite/scratch.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { examine } from '../../src/engine/doctor/doctor.ts';
import { temporary } from '../support/cli.ts';
import { engines } from '../support/engines.ts';
import { builtBy1, leftIn, seenBy, v2 } from '../support/generations.ts';

const start = engines();
const place = temporary();
const [COUNT, NOTES, PAGE] = [3, 9, 4];
const script = join(__dirname, '..', 'support', 'build-process.ts');

/** Runs a build that is killed before a write; resolves to the notes that it took in, and whether it was killed. */
const builtUntil = (path: string, fatal: number) => {
  const { stdout, signal, status } = spawnSync(process.execPath, [script, path, `${fatal}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  const taken = stdout.split('\n').filter((line) => line !== '');
  return { taken, isKilled: signal === 'SIGKILL', status };
};

const findingsIn = (path: string): readonly string[] => {
  const [inspection, scratch] = [inspectSqlite(path), sqliteScratch()];
  try {
    return [...examine({ inspection, scratch, subsystems: v2, now: (latest) => latest })].map(
      ({ type }) => type,
    );
  } finally {
    inspection.close();
    scratch.close();
  }
};

/** What doctor may say while a build is on its way: the live rows are old, or old rows are still to be removed. */
const ON_THE_WAY = ['ProjectionStale', 'RowsLeftOver'];

test('engine N13, N14: kill -9 before any write of a build leaves rows of one version, and the build goes on where it was', async () => {
  const source = place('source', 'chancery.db');
  mkdirSync(dirname(source), { recursive: true });
  await builtBy1(start)(() => sqliteStore(source), COUNT, NOTES);
  let fatal = 1;
  for (; ; fatal += 1) {
    const path = place(`killed-${fatal}`, 'chancery.db');
    cpSync(dirname(source), dirname(path), { recursive: true });
    const killed = builtUntil(path, fatal);
    const looking = await start({ store: sqliteStore(path), subsystems: v2, readOnly: true });
    const seen = await seenBy(looking);
    await looking.close();
    expect({ fatal, ...seen }).toEqual({
      fatal,
      versions: [expect.stringMatching(/^v[12]$/)],
      rows: COUNT,
      notes: NOTES,
    });
    const odd = findingsIn(path).filter((type) => !ON_THE_WAY.includes(type));
    expect({ fatal, odd }).toEqual({ fatal, odd: [] });

    const again = builtUntil(path, Infinity);
    expect(again.status).toBe(0);
    // Only the page that was under way is taken in again.
    expect(killed.taken.length + again.taken.length).toBeLessThanOrEqual(NOTES + PAGE);
    expect(findingsIn(path)).toEqual([]);
    expect(await leftIn(sqliteStore(path))).toEqual({ numbers: [1], consumers: [1] });
    if (!killed.isKilled) break;
  }
  expect(fatal).toBeGreaterThan(6);
});
