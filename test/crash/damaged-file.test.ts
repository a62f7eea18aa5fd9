import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { E } from '../../src/engine/fp.ts';
import type { OpenStore } from '../../src/engine/rows.ts';
import { StoreFailed, type Page, type StreamName } from '../../src/engine/store.ts';
import { temporary } from '../support/cli.ts';
import { chance } from '../support/command-lines.ts';
import { drafts, freshStream, now, right } from '../support/drafts.ts';

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const next = chance(seed);
const place = temporary();
const path = place('damaged', 'store.db');

/** The bytes of a store that was closed, and its streams. */
const sound = async () => {
  const whole = place('sound.db');
  const { events, rows, close } = await right(sqliteStore(whole).open({ readOnly: false }));
  const streams = Array.from({ length: 30 }, () => freshStream());
  for (const stream of streams) await right(events.append(stream, 'none', drafts(5)));
  const changes = Array.from({ length: 200 }, (_, n) => ({
    table: 'any',
    key: `key-${n}`,
    row: { text: 'a row'.repeat(10) },
    entries: [{ index: 'half', value: `${n % 2}` }],
  }));
  now(rows.commit({ changes }));
  await close();
  return { bytes: readFileSync(whole), streams };
};

const TYPED = {
  type: expect.stringMatching(/^Store(Corrupt|TooNew|Unavailable)$/) as unknown,
  path,
};
const REMEDY = { ...TYPED, remedy: expect.stringMatching(/./) as unknown };

const wholeLog = async ({ events }: OpenStore): Promise<readonly Page[]> => {
  const found: Page[] = [];
  const { signal } = new AbortController();
  for await (const page of events.subscribe({ after: undefined, signal })) {
    found.push(page);
    if (page.caughtUp) break;
  }
  return found;
};

/** Reads all that there is: every answer is a value or a typed failure. Resolves to how many were failures. */
const readAll = async (store: OpenStore, streams: readonly StreamName[]): Promise<number> => {
  const answers: E.Either<unknown, unknown>[] = [
    await store.events.head()(),
    await store.events.streams({ limit: 100 })(),
    store.rows.checkpoint('projection:any'),
    store.rows.page('any', { limit: 1_000 }),
    store.rows.where('any', { index: 'half', value: '1' }, { limit: 1_000 }),
    store.rows.get('any', 'key-7'),
  ];
  for (const stream of streams) answers.push(await store.events.read(stream)());
  const log = await wholeLog(store).catch((cause: unknown) => {
    if (cause instanceof StoreFailed) return answers.push(E.left(cause.failure));
    throw cause;
  });
  expect(log).toBeDefined();
  const failures = answers.filter(E.isLeft).map(({ left }) => left);
  for (const failure of failures) expect(failure).toMatchObject(TYPED);
  return failures.length;
};

/** Opens what is left of a store, both ways, and reads it; says what came of it. */
const looked = async (bytes: Uint8Array, streams: readonly StreamName[]): Promise<string> => {
  rmSync(dirname(path), { recursive: true, force: true });
  mkdirSync(dirname(path));
  for (const readOnly of [true, false]) {
    writeFileSync(path, bytes);
    const opened = await sqliteStore(path).open({ readOnly })();
    if (E.isLeft(opened)) {
      expect(opened.left).toMatchObject(opened.left.type === 'StoreTooNew' ? TYPED : REMEDY);
      if (!readOnly) return 'refused';
      continue;
    }
    const failures = await readAll(opened.right, streams);
    await opened.right.close();
    if (!readOnly) return failures > 0 ? 'partly readable' : 'readable';
  }
  throw new Error('unreachable');
};

describe('engine N23 N10: a store whose file is damaged', () => {
  test('wherever one byte is another, every answer is a value or a typed failure', async () => {
    process.stdout.write(`crash/damaged-file.test: SEED=${seed}\n`);
    const { bytes, streams } = await sound();
    const places = [
      ...Array.from({ length: 100 }, (_, offset) => offset), // the header
      ...Array.from({ length: 150 }, () => Math.floor(next() * bytes.length)),
    ];
    const came = new Set<string>();
    for (const offset of places) {
      const altered = Uint8Array.from(bytes);
      altered[offset] = altered[offset]! ^ (1 + Math.floor(next() * 255));
      try {
        came.add(await looked(altered, streams));
      } catch (cause) {
        throw new Error(`SEED=${seed}, byte ${offset} = ${altered[offset]}`, { cause });
      }
    }
    expect([...came]).toEqual(expect.arrayContaining(['readable', 'refused']));
  });

  test('whose pages are zeroed or that is cut is refused, or what is left of it can be read', async () => {
    const { bytes, streams } = await sound();
    expect(await looked(bytes, streams)).toBe('readable');
    expect(await looked(new Uint8Array(bytes.length), streams)).toBe('refused');
    expect(await looked(Uint8Array.from(bytes).fill(0, 0, 4_096), streams)).toBe('refused');
    for (let from = 4_096; from < bytes.length; from += 4_096) {
      await looked(Uint8Array.from(bytes).fill(0, from, from + 4_096), streams);
    }
    for (const length of [1, 99, 100, 4_095, 4_096, 4_097, Math.floor(bytes.length / 2)]) {
      expect(await looked(bytes.subarray(0, length), streams)).toBe('refused');
    }
  });
});
