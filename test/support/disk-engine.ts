import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { EngineStatus } from '../../src/engine/run/engine.ts';

type Answer = {
  readonly name: string;
  readonly outcome?: string;
  readonly failure?: {
    readonly type: string;
    readonly path: string;
    readonly reason: string;
    readonly remedy: string;
  };
};
type Look = {
  readonly streams: readonly string[];
  readonly events: number;
  readonly rows: number;
  readonly undone: readonly string[];
};

/** A live engine in a process of its own; each wish resolves to its answer, and rejects if the process ends instead. */
export type DiskEngine = {
  readonly pid: number;
  readonly opened: { readonly opened?: true; readonly failure?: Answer['failure'] };
  readonly send: (from: number, count: number, size: number) => Promise<readonly Answer[]>;
  readonly look: () => Promise<Look>;
  readonly rest: () => Promise<{ readonly letters: readonly string[] }>;
  readonly status: () => Promise<EngineStatus>;
  /** Closes it and lets it end. */
  readonly close: () => Promise<unknown>;
};

const script = join(__dirname, 'disk-process.ts');

/** Starts processes of `disk-process.ts`; after each test those that have not ended are killed, so that no test waits for one. */
export const diskEngines = (): ((path: string) => Promise<DiskEngine>) => {
  const running = new Map<ChildProcess, Promise<unknown>>();
  afterEach(async () => {
    for (const child of running.keys()) child.kill('SIGKILL');
    await Promise.all(running.values());
  });
  return (path) => {
    const child = spawn(process.execPath, [script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = once(child, 'exit').finally(() => running.delete(child));
    running.set(child, exited);
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
    return heard<DiskEngine['opened']>().then((opened) => ({
      pid: child.pid ?? 0,
      opened,
      send: (...numbers) => wish('send', ...numbers),
      look: () => wish('look'),
      rest: () => wish('rest'),
      status: () => wish('status'),
      close: async () => {
        const answer = await wish<unknown>('close');
        expect(await exited).toEqual([0, null]);
        return answer;
      },
    }));
  };
};

export const accepted = (answers: readonly Answer[]): readonly string[] =>
  answers.filter(({ outcome }) => outcome === 'accepted').map(({ name }) => name);
export const failures = (answers: readonly Answer[]): readonly string[] => [
  ...new Set(answers.flatMap(({ failure }) => (failure === undefined ? [] : [failure.type]))),
];

/** Sends until some of it fails; resolves to what was acknowledged and how the rest failed. */
export const sendUntilFailing = async (engine: DiskEngine, from: number, size: number) => {
  const known: string[] = [];
  for (let next = from; ; next += 16) {
    const answers = await engine.send(next, 16, size);
    known.push(...accepted(answers));
    if (failures(answers).length > 0) return { known, failed: failures(answers), next: next + 16 };
    if (next > from + 10_000) throw new Error('nothing failed');
  }
};

/** The followers come to rest by themselves; then all that was acknowledged is there and has been done, and once. */
export const expectWhole = async (engine: DiskEngine, known: readonly string[]): Promise<void> => {
  expect(engine.opened).toEqual({ opened: true });
  expect(await engine.rest()).toEqual({ letters: [] });
  const { streams, undone, events, rows } = await engine.look();
  expect(streams).toEqual(expect.arrayContaining([...known]));
  expect({ undone, events, rows }).toEqual({
    undone: [],
    events: 2 * streams.length,
    rows: streams.length,
  });
};
