import { join } from 'node:path';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import type { Envelope } from '../../src/engine/store.ts';
import { caughtUp, now, right } from '../support/drafts.ts';
import { inDirectory, storeProcess } from '../support/store-files.ts';

const KILLS = 5;
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** After how many acknowledgements each process is killed: a linear congruence (Numerical Recipes), so that a seed repeats them. */
const killPoints = (): readonly number[] => {
  let state = seed;
  return Array.from({ length: KILLS }, () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return 1 + (state % 400);
  });
};

const killedAfter = async (path: string, acknowledgements: number): Promise<readonly string[]> => {
  const child = storeProcess('append', path, `${acknowledgements}`);
  expect(await child.next()).toEqual({ opened: child.pid });
  const acknowledged: string[] = [];
  const take = (line: Record<string, unknown> | undefined) =>
    acknowledged.push(...((line?.['acknowledged'] ?? []) as string[]));
  for (let n = 0; n < acknowledgements; n += 1) take(await child.next());
  await child.kill();
  for (let line = await child.next(); line !== undefined; line = await child.next()) take(line);
  return acknowledged;
};

const batchesOf = (events: readonly Envelope[]): ReadonlyMap<string, readonly Envelope[]> =>
  Map.groupBy(events, ({ data }) => (data as { batch: string }).batch);

const revisionsOf = (events: readonly Envelope[]): readonly (readonly number[])[] =>
  [...Map.groupBy(events, ({ stream }) => stream).values()].map((stream) =>
    stream.map(({ revision }) => revision),
  );

describe('a SQLite store whose process is killed', () => {
  it(
    'N8 N13 has every acknowledged event, no half batch, no hole, and no row without its event',
    inDirectory(async (directory) => {
      process.stderr.write(`sqlite.crash.test: SEED=${seed} repeats this run\n`);
      const path = join(directory, 'store.db');
      const acknowledged: string[] = [];
      for (const point of killPoints()) {
        acknowledged.push(...(await killedAfter(path, point)));
        const { events, rows, close } = await right(sqliteStore(path).open({ readOnly: false }));
        const { events: all } = await caughtUp(events, undefined);
        const ids = new Set(all.map(({ id }) => id));
        expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
        expect(ids.size).toBe(all.length);
        expect(all.map(({ position }) => Number(position))).toEqual(all.map((_, n) => n + 1));
        for (const batch of batchesOf(all).values()) {
          expect(batch).toHaveLength((batch[0]!.data as { size: number }).size);
        }
        for (const found of revisionsOf(all)) expect(found).toEqual([...found.keys()]);
        const seen = now(rows.checkpoint('seen'))?.position ?? '0';
        expect(events.compare(seen, all.at(-1)!.position)).toBeLessThanOrEqual(0);
        await close();
      }
    }),
  );
});
