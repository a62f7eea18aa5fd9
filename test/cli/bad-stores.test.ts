import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cli, said, start, tampered, temporary, testWhere, written } from '../support/cli.ts';
import { deposit, freeze } from '../support/command-lines.ts';

// Before the directories go, what is mounted in them.
afterAll(() => {
  if (isMounted) spawnSync('/bin/umount', [disk]);
});
const place = temporary();
const many = Array.from({ length: 400 }, (_, n) => deposit(`P${n}`, `owner${n}`, 100 + n));

/** A file of a few lines; it is run where an obstacle is, and again when that is gone. */
const someLines = () => written(place('some.jsonl'), [freeze('ada'), freeze('bob')]);
const run = (file: string, data: string) => cli('run', file, '--json', '--data', data);

/** One line on standard error and nothing else: the type of the failure, the path, what to do. */
const failure = (text: RegExp) => ({
  code: 3,
  lines: [],
  stderr: expect.stringMatching(new RegExp(`^chancery: ${text.source}[^\\n]*\\n$`)) as unknown,
});
const DONE = { code: 0, stderr: '' };

describe('engine N23: a store that cannot be opened is a typed failure with its path', () => {
  test('where the data directory lies under a regular file', async () => {
    const [file, obstacle] = [someLines(), place('a-file')];
    writeFileSync(obstacle, 'not a directory');
    expect(await run(file, `${obstacle}/data`)).toMatchObject(
      failure(/StoreUnavailable: .*a-file\/data: .*--data/),
    );
    rmSync(obstacle);
    expect(await run(file, `${obstacle}/data`)).toMatchObject(DONE);
  });

  test('where the data directory is a link to nowhere', async () => {
    const [file, link] = [someLines(), place('a-link')];
    symlinkSync(place('nowhere'), link);
    expect(await run(file, link)).toMatchObject(failure(/StoreUnavailable: .*a-link: .*--data/));
    mkdirSync(place('nowhere'));
    expect(await run(file, link)).toMatchObject(DONE);
  });

  test('where a directory stands in the place of the file', async () => {
    const [file, data] = [someLines(), place('taken')];
    mkdirSync(`${data}/chancery.db`, { recursive: true });
    expect(await run(file, data)).toMatchObject(
      failure(/StoreUnavailable: .*chancery\.db: it is a directory;/),
    );
    rmSync(`${data}/chancery.db`, { recursive: true });
    expect(await run(file, data)).toMatchObject(DONE);
  });

  test('where the file is something else', async () => {
    const [file, data] = [someLines(), place('garbage')];
    mkdirSync(data);
    writeFileSync(`${data}/chancery.db`, 'garbage '.repeat(1_000));
    expect(await run(file, data)).toMatchObject(
      failure(/StoreCorrupt: .*chancery\.db: .*; name another path/),
    );
    rmSync(`${data}/chancery.db`);
    expect(await run(file, data)).toMatchObject(DONE);
  });

  testWhere(process.getuid?.() !== 0, 'root may write where modes forbid it')(
    'where the directory may not be written',
    async () => {
      const [file, data] = [someLines(), place('read-only')];
      mkdirSync(data, { mode: 0o555 });
      expect(await run(file, data)).toMatchObject(failure(/StoreUnavailable: .*read-only/));
      chmodSync(data, 0o755);
      expect(await run(file, data)).toMatchObject(DONE);
    },
  );

  test('engine N12: where a newer chancery has written it, with both versions', async () => {
    const [file, data] = [someLines(), place('newer')];
    expect(await run(file, data)).toMatchObject(DONE);
    let version: unknown;
    tampered(data, (db) => {
      version = db.pragma('user_version', { simple: true });
      db.pragma('user_version = 99');
    });
    const newer = failure(/StoreTooNew: .*\.db has schema version 99, .* up to \d+; install/);
    expect(await run(file, data)).toMatchObject(newer);
    expect(await cli('status', '--data', data)).toMatchObject(newer);
    tampered(data, (db) => db.pragma(`user_version = ${String(version)}`));
    expect(await run(file, data)).toMatchObject(DONE);
  });

  test('where it is another instance than the one that is named', async () => {
    const [file, data] = [someLines(), place('instance')];
    await cli('run', file, '--data', data, '--instance', 'mine');
    const { code, stderr } = await cli('run', file, '--data', data, '--instance', 'yours');
    expect(code).toBe(3);
    expect(stderr).toMatch(/^chancery: WrongInstance: .* is instance mine, not yours; leave /);
  });
});

describe('engine N22: one process writes a store', () => {
  test('a second one is told who, and those that only look are served meanwhile', async () => {
    const [file, data] = [written(place('many.jsonl'), many), place('shared')];
    const first = start(['run', file, '--json', '--data', data]);
    await first.printed(3);
    first.child.kill('SIGSTOP');
    try {
      const holder = `process ${first.child.pid} on `;
      const locked = failure(
        new RegExp(`StoreLocked: .*chancery\\.db is held by ${holder}.*; wait`),
      );
      const [second, status, history, rebuild] = await Promise.all([
        run(file, data),
        cli('status', '--json', '--data', data),
        cli('history', 'deposit-sandbox.P0', '--data', data),
        cli('rebuild', 'ledger', '--data', data),
      ]);
      expect([second, rebuild]).toMatchObject([locked, locked]);
      expect([status.code, history.code, history.lines.length]).toEqual([0, 0, 1]);
    } finally {
      first.child.kill('SIGCONT');
    }
    const ended = await first.ended;
    expect(said(ended).at(-1)).toMatchObject({ lines: 400, accepted: 400 });
    const again = said(await run(file, data));
    expect(again.at(-1)).toMatchObject({ commands: 400, repeated: 400 });
  });
});

/** A file system of a few hundred KiB: only root may mount one, and not everywhere. */
const disk = place('disk');
mkdirSync(disk);
const mount = (...options: readonly string[]) =>
  spawnSync('/bin/mount', ['-t', 'tmpfs', ...options, 'tmpfs', disk]).status === 0;
const isMounted = mount('-o', 'size=600k');

describe('engine N23: a disk that is full', () => {
  testWhere(isMounted, 'NO TEST OF A FULL DISK: this user may not mount a small tmpfs')(
    'fails a line, keeps every one before it, and the next run finishes the job when there is room',
    async () => {
      const [file, data] = [written(place('fill.jsonl'), many), `${disk}/data`];
      const full = await run(file, data);
      const [summary, failed, ...before] = said(full).toReversed();
      expect(full).toMatchObject({ code: 3, stderr: '' });
      expect(failed).toMatchObject({
        line: before.length + 1,
        outcome: 'failed',
        failure: {
          type: 'StoreFull',
          reason: expect.stringMatching(/disk\/data\/chancery\.db: .*; free space/) as unknown,
        },
      });
      expect(before.length).toBeGreaterThan(2);
      expect(before.every(({ outcome }) => outcome === 'accepted')).toBe(true);
      expect(summary).toMatchObject({
        lines: before.length + 1,
        accepted: before.length,
        failed: 1,
      });

      const { lines: kept } = await cli('streams', 'deposit', '--data', data);
      expect(kept.length).toBeGreaterThanOrEqual(before.length);
      spawnSync('/bin/mount', ['-o', 'remount,size=64m', disk]);
      const rest = await run(file, data);
      expect(rest).toMatchObject({ code: 0, stderr: '' });
      expect(said(rest).at(-1)).toMatchObject({ commands: 400, failed: 0 });
      const { lines: all } = await cli('streams', 'deposit', '--data', data);
      expect(all).toHaveLength(400);
    },
  );
});

describe('a file of command lines', () => {
  test.each([
    ['that is a directory', place(), /^chancery: cannot read .*: it is a directory; name a file/],
    ['that is missing', place('nothing.jsonl'), /^chancery: cannot read .*nothing\.jsonl: ENOENT/],
  ])('%s is wrong usage', async (_what, file, text) => {
    const { code, lines, stderr } = await run(file, place('unused'));
    expect({ code, lines }).toEqual({ code: 2, lines: [] });
    expect(stderr).toMatch(text);
  });

  test('that is empty is done', async () => {
    const { code, lines } = await run(written(place('empty.jsonl'), []), place('empty'));
    expect(code).toBe(0);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ lines: 0, commands: 0 });
  });
});
