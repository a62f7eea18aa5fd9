import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { temporary, testWhere } from '../support/cli.ts';

// Before the directories go, what is mounted in them.
const mounted: string[] = [];
afterAll(() => {
  for (const directory of mounted) spawnSync('/bin/umount', [directory]);
});
const place = temporary();

type Answer = {
  readonly name: string;
  readonly outcome?: string;
  readonly failure?: { readonly type: string; readonly path: string };
};
type Look = {
  readonly streams: readonly string[];
  readonly events: number;
  readonly rows: number;
  readonly open: readonly string[];
  readonly unechoed: readonly string[];
};

/** A process of `disk-process.ts`; each wish resolves to its answer, and rejects if the process ends instead. */
const engineOn = async (path: string) => {
  const script = join(__dirname, '..', 'support', 'disk-process.ts');
  const child = spawn(process.execPath, [script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  child.stdin.on('error', () => undefined); // it has ended, which its answers tell
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const heard = async <T>(): Promise<T> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`it has ended: ${JSON.stringify(await exited)}`);
    return JSON.parse(value) as T;
  };
  const wish = <T>(...words: readonly unknown[]): Promise<T> => {
    child.stdin.write(`${JSON.stringify(words)}\n`);
    return heard<T>();
  };
  const opened = await heard<{ readonly opened?: true; readonly failure?: unknown }>();
  return {
    opened,
    send: (from: number, count: number, size = 100, withinMs = 300) =>
      wish<readonly Answer[]>('send', from, count, size, withinMs),
    look: () => wish<Look>('look'),
    rest: () => wish<{ readonly letters: readonly string[] }>('rest'),
    /** Closes it and lets it end. */
    close: async () => {
      const answer = await wish<unknown>('close');
      expect(await exited).toEqual([0, null]);
      return answer;
    },
  };
};
type Process = Awaited<ReturnType<typeof engineOn>>;

const accepted = (answers: readonly Answer[]): readonly string[] =>
  answers.filter(({ outcome }) => outcome === 'accepted').map(({ name }) => name);
const failures = (answers: readonly Answer[]): readonly string[] => [
  ...new Set(answers.flatMap(({ failure }) => (failure === undefined ? [] : [failure.type]))),
];

/** Sends until some of it fails; resolves to what was acknowledged and how the rest failed. */
const sendUntilFailing = async (engine: Process, from: number, size: number) => {
  const known: string[] = [];
  for (let next = from; ; next += 16) {
    const answers = await engine.send(next, 16, size);
    known.push(...accepted(answers));
    if (failures(answers).length > 0) return { known, failed: failures(answers), next: next + 16 };
    if (next > from + 10_000) throw new Error('nothing failed');
  }
};

/** All that was acknowledged is there, has been echoed once and closed once; the file is sound and its rows are right. */
const expectWhole = async (path: string, known: readonly string[]): Promise<void> => {
  const again = await engineOn(path);
  expect(again.opened).toEqual({ opened: true });
  expect(await again.rest()).toEqual({ letters: [] });
  const { streams, open, unechoed, events, rows } = await again.look();
  expect(streams).toEqual(expect.arrayContaining([...known]));
  expect({ open, unechoed, events, rows }).toEqual({
    open: [],
    unechoed: [],
    events: 3 * streams.length,
    rows: streams.length,
  });
  expect(await again.close()).toEqual({ closed: true });
};

const mount = (directory: string, ...options: readonly string[]): boolean => {
  mkdirSync(directory, { recursive: true });
  const done = spawnSync('/bin/mount', [...options, directory]).status === 0;
  if (done) mounted.push(directory);
  return done;
};

const small = place('small');
const isSmall = mount(small, '-t', 'tmpfs', '-o', 'size=24m', 'tmpfs');

describe('engine N23: a disk that fills up under a running engine', () => {
  testWhere(isSmall, 'NO TEST OF A DISK THAT FILLS UP: this user may not mount a small tmpfs')(
    'StoreFull until there is room again; reads go on, nothing acknowledged is lost, the followers recover by themselves',
    async () => {
      const path = join(small, 'store.db');
      const ballast = join(small, 'ballast');
      writeFileSync(ballast, Buffer.alloc(20_000_000));
      const engine = await engineOn(path);
      const { known, failed, next } = await sendUntilFailing(engine, 0, 8_000);
      expect(known.length).toBeGreaterThan(20);
      expect(failed).toEqual(['StoreFull']);
      const full = await engine.send(next, 40, 8_000);
      expect(failures(full)).toEqual(['StoreFull']);
      expect(full[0]?.failure?.path).toBe(path);
      const seen = await engine.look();
      expect(seen.streams).toEqual(expect.arrayContaining([...known, ...accepted(full)]));

      rmSync(ballast);
      const after = await engine.send(next, 40, 100);
      expect(failures(after)).toEqual([]);
      expect(await engine.rest()).toEqual({ letters: [] });
      const rested = await engine.look();
      expect(rested).toMatchObject({ open: [], unechoed: [], rows: rested.streams.length });
      expect(await engine.close()).toEqual({ closed: true });
      await expectWhole(path, [...known, ...accepted(full), ...accepted(after)]);
      for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
    },
  );

  testWhere(isSmall, 'NO TEST OF CLOSING ON A FULL DISK: this user may not mount a small tmpfs')(
    'a close on the full disk works, and the next process has all that was acknowledged',
    async () => {
      const path = join(small, 'closing', 'store.db');
      const ballast = join(small, 'ballast');
      writeFileSync(ballast, Buffer.alloc(20_000_000));
      const engine = await engineOn(path);
      const { known } = await sendUntilFailing(engine, 0, 20_000);
      expect(await engine.close()).toEqual({ closed: true });
      rmSync(ballast);
      spawnSync('/bin/mount', ['-o', 'remount,size=256m', small]);
      await expectWhole(path, known);
    },
  );
});
