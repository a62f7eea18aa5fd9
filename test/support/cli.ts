import { spawn, type ChildProcessWithoutNullStreams as Child } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';

const root = resolve(__dirname, '..', '..');
const program = join(root, 'src', 'main.ts');

/** Compiled code is kept from process to process, or most of a test's time would go into starting the program. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'chancery-test-compiled') };

/** What a line of `--json` says: fields differ by its outcome. */
export type Said = { readonly [field: string]: unknown };

/** How a process of the program has ended. */
export type Ended = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
  readonly stderr: string;
};

/** A process of the program while it runs. */
export type Running = {
  readonly child: Child;
  /** Resolves once that many lines have been printed; rejects when the process ends before. */
  readonly printed: (count: number) => Promise<void>;
  readonly ended: Promise<Ended>;
};

/** A RAM disk where there is one: what kill -9 leaves behind is the same there, and nobody waits for a disk. */
const directoryOfAll = (): string => {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
};

/** A directory of this test file alone, and paths within; it goes when the file's tests are over. */
export const temporary = (): ((...names: readonly string[]) => string) => {
  const directory = mkdtempSync(join(directoryOfAll(), 'chancery-cli-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return (...names) => join(directory, ...names);
};

/** What a child prints, and its end. */
const heard = (child: Child) => {
  let [stdout, stderr] = ['', ''];
  child.stdin.on('error', () => undefined); // it may have ended without reading all
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const lines = () => stdout.split('\n').filter((line) => line !== '');
  const ended = new Promise<Ended>((done, failed) => {
    child.on('error', failed);
    child.on('close', (code, signal) => done({ code, signal, lines: lines(), stderr }));
  });
  return { ended, count: () => stdout.split('\n').length - 1 };
};

/** Starts the program as its users do: another process, arguments, streams. */
export const start = (args: readonly string[], cwd = root): Running => {
  const child = spawn(process.execPath, [program, ...args], { cwd, env });
  const { ended, count } = heard(child);
  const printed = (wanted: number): Promise<void> =>
    new Promise((done, failed) => {
      const look = (): void => {
        if (count() < wanted) return;
        child.stdout.off('data', look);
        done();
      };
      child.stdout.on('data', look);
      look();
      void ended.then(({ stderr }) => failed(new Error(`it ended at line ${count()}: ${stderr}`)));
    });
  return { child, printed, ended };
};

/** Runs the program to its end. */
export const cli = (...args: readonly string[]): Promise<Ended> => {
  const { child, ended } = start(args);
  child.stdin.end();
  return ended;
};

/** Runs the program to its end with an input. */
export const cliWith = (input: string | Buffer, ...args: readonly string[]): Promise<Ended> => {
  const { child, ended } = start(args);
  child.stdin.end(input);
  return ended;
};

const EACH = `
  const [program, given] = process.argv.slice(1);
  const { main } = await import(program);
  for (const args of JSON.parse(given)) {
    const code = await main(args);
    process.stdout.write('\\0' + code + '\\0');
    process.stderr.write('\\0');
  }`;

/** Runs the program's entry once for each list of arguments, in one process: for what ends before any work begins. */
export const cliEach = async (all: readonly (readonly string[])[]): Promise<readonly Ended[]> => {
  const given = JSON.stringify(all);
  const args = ['--input-type=module', '-e', EACH, pathToFileURL(program).href, given];
  const child = spawn(process.execPath, args, { cwd: root, env });
  const { lines, stderr } = await heard(child).ended;
  const outs = lines.join('\n').split('\0');
  return stderr
    .split('\0')
    .slice(0, -1)
    .map((err, index) => ({
      code: Number(outs[2 * index + 1]),
      signal: null,
      lines: (outs[2 * index] ?? '').split('\n').filter((line) => line !== ''),
      stderr: err,
    }));
};

/** Runs a shell script that knows `chancery`, with arguments `$1`, `$2`. */
export const shell = (script: string, ...args: readonly string[]): Promise<Ended> => {
  const prelude = `chancery() { "${process.execPath}" "${program}" "$@"; }`;
  const child = spawn('bash', ['-c', `${prelude}; ${script}`, 'bash', ...args], {
    cwd: root,
    env,
  });
  child.stdin.end();
  return heard(child).ended;
};

const isSaid = (value: unknown): value is Said => typeof value === 'object' && value !== null;

/** The lines of `--json`. */
export const said = ({ lines, stderr }: Ended): readonly Said[] =>
  lines.map((line) => {
    const value: unknown = JSON.parse(line);
    if (!isSaid(value)) throw new Error(`${line} is no object; ${stderr}`);
    return value;
  });

/** Writes command lines, one JSON object each, and gives the file's path. */
export const written = (path: string, lines: readonly unknown[]): string => {
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
};

const TABLES = [
  'escrows',
  'balances',
  'postings',
  'trialBalance',
  'ledgerHealth',
  'creditedTotals',
];
const HOLDS = ['openHolds', 'openWithdrawals'];

/** All that a store holds of events and rows, to the byte: the whole log in order, every row of every read model. */
export const contents = (data: string, file: 'chancery.db' | 'rows.db' = 'chancery.db') => {
  const db = new Database(join(data, file), { readonly: true });
  try {
    const models = [...TABLES, ...HOLDS].map((name) => `'${name}'`).join(', ');
    return {
      events: file === 'rows.db' ? [] : db.prepare('SELECT * FROM events ORDER BY position').all(),
      rows: db
        .prepare(`SELECT tbl, key, row FROM rows WHERE tbl IN (${models}) ORDER BY 1, 2`)
        .all(),
    };
  } finally {
    db.close();
  }
};

/** Changes a store's file as no program of ours would. */
export const tampered = (data: string, change: (db: Database.Database) => void): void => {
  const db = new Database(join(data, 'chancery.db'));
  try {
    change(db);
  } finally {
    db.close();
  }
};

/** The test, or the test skipped with its reason printed. */
export const testWhere = (isMet: boolean, reason: string) => {
  if (!isMet) process.stderr.write(`skipped: ${reason}\n`);
  return isMet ? test : test.skip;
};
