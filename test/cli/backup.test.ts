import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {
  cli,
  contents,
  said,
  start,
  tampered,
  temporary,
  testWhere,
  written,
} from '../support/cli.ts';
import { deals, deposit } from '../support/command-lines.ts';

afterAll(() => {
  if (isMounted) spawnSync('/bin/umount', [disk]);
});
const place = temporary();
const data = place('data');
const backup = (file: string, from = data) => cli('backup', file, '--data', from, '--json');

beforeAll(async () => {
  await cli('run', written(place('deals.jsonl'), deals(4)), '--at', '--data', data);
});

describe('engine N24: chancery backup', () => {
  test('writes a store with the same instance, events and rows, and says what it wrote', async () => {
    mkdirSync(place('copy'));
    const copy = place('copy', 'chancery.db');
    const [wrote] = said(await backup(copy));
    const bytes = readFileSync(copy);
    expect(wrote).toEqual({
      file: copy,
      instance: said(await cli('status', '--data', data, '--json'))[0]?.['instance'],
      events: contents(data).events.length,
      bytes: bytes.length,
      digest: createHash('sha256').update(bytes).digest('hex'),
    });
    expect(contents(place('copy'))).toEqual(contents(data));
    expect((await cli('doctor', '--data', place('copy'))).code).toBe(0);
    // It goes on as the store would have.
    const again = await cli('run', place('deals.jsonl'), '--at', '--json', '--data', place('copy'));
    const summary = said(again).at(-1);
    expect(summary?.['repeated']).toBe(summary?.['commands']);
  });

  test('never holds keys or anything else that lies beside the store', async () => {
    const from = place('with-keys');
    await cli('run', place('deals.jsonl'), '--at', '--data', from);
    writeFileSync(`${from}/signer.key`, 'the-secret-of-a-signer');
    await backup(place('no-keys.db'), from);
    expect(readFileSync(place('no-keys.db')).includes('the-secret-of-a-signer')).toBe(false);
    expect(readdirSync(place()).filter((name) => name.startsWith('no-keys'))).toEqual([
      'no-keys.db',
    ]);
  });

  test('refuses what exists already: a file, a directory, the store itself, also by another name', async () => {
    writeFileSync(place('taken.db'), 'mine');
    symlinkSync(`${data}/chancery.db`, place('link.db'));
    const before = readFileSync(`${data}/chancery.db`);
    const refused = async (file: string, why: RegExp) => {
      const { code, lines, stderr } = await backup(file);
      expect({ code, lines }).toEqual({ code: 2, lines: [] });
      expect(stderr).toMatch(why);
    };
    await refused(place('taken.db'), /^chancery: .*taken\.db exists already; name a new file\n$/);
    await refused(data, /^chancery: .* is a directory; name a new file\n$/);
    await refused(`${data}/chancery.db`, /^chancery: .* is the store itself; name a new file\n$/);
    await refused(place('link.db'), /^chancery: .* is the store itself; name a new file\n$/);
    expect(readFileSync(place('taken.db'), 'utf8')).toBe('mine');
    expect(readFileSync(`${data}/chancery.db`).equals(before)).toBe(true);
  });

  test('says what is missing: the store, or the directory of the copy', async () => {
    const none = await backup(place('none.db'), place('nowhere'));
    expect([none.code, none.lines]).toEqual([3, []]);
    expect(none.stderr).toMatch(/^chancery: StoreUnavailable: there is no store /);
    const lost = await backup(place('missing', 'copy.db'));
    expect([lost.code, lost.lines]).toEqual([3, []]);
    expect(lost.stderr).toMatch(/^chancery: StoreUnavailable: .*copy\.db: [^\n]*\n$/);
    expect(existsSync(place('none.db'))).toBe(false);
  });

  test('copies one instant of a store that a process is writing', async () => {
    const many = Array.from({ length: 400 }, (_, n) => deposit(`P${n}`, `owner${n}`, 100 + n));
    const from = place('running');
    const first = start(['run', written(place('many.jsonl'), many), '--json', '--data', from]);
    await first.printed(5);
    mkdirSync(place('live'));
    const [wrote] = said(await backup(place('live', 'chancery.db'), from));
    expect((await first.ended).code).toBe(0);
    expect(wrote?.['events']).toBeGreaterThanOrEqual(6);
    expect((await cli('doctor', '--data', place('live'))).code).toBe(0);
    const { events } = contents(place('live'));
    expect(events).toEqual(contents(from).events.slice(0, events.length));
  });

  test('refuses a store whose file is damaged, and leaves nothing', async () => {
    const from = place('damaged');
    mkdirSync(from);
    const bytes = readFileSync(place('copy', 'chancery.db'));
    writeFileSync(`${from}/chancery.db`, bytes.fill(0, 4096 * 4, 4096 * 6));
    const { code, stderr } = await backup(place('of-damaged.db'), from);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/^chancery: StoreCorrupt: /)]);
    expect(readdirSync(place()).filter((name) => name.startsWith('of-damaged'))).toEqual([]);
  });
});

describe('engine N24: what a backup or an archive is written as before it is whole', () => {
  const directory = () => readdirSync(place()).filter((name) => name.startsWith('ours'));

  test("is nobody else's file, and nothing of it stays", async () => {
    for (const command of ['backup', 'archive']) {
      const file = place(`ours.${command}`);
      writeFileSync(`${file}.part`, 'mine');
      expect(await cli(command, file, '--data', data)).toMatchObject({ code: 0, stderr: '' });
      expect(readFileSync(`${file}.part`, 'utf8')).toBe('mine');
    }
    expect(directory()).toEqual(
      ['archive', 'backup'].flatMap((name) => [`ours.${name}`, `ours.${name}.part`]),
    );
  });

  test('takes no name at which something stands, be it a link to nowhere', async () => {
    const before = directory();
    for (const [command, code] of [
      ['backup', 3],
      ['archive', 2],
    ] as const) {
      const link = place(`ours-link.${command}`);
      symlinkSync(place('nowhere', 'else'), link);
      const answer = await cli(command, link, '--data', data);
      expect(answer).toMatchObject({ code, lines: [] });
      expect(answer.stderr).toMatch(/ours-link\.\w+: it exists already; name a new file\n$/);
      expect(lstatSync(link).isSymbolicLink()).toBe(true);
    }
    expect(directory()).toEqual([...before, 'ours-link.archive', 'ours-link.backup'].toSorted());
  });
});

/** A file system of a few hundred KiB: only root may mount one, and not everywhere. */
const disk = place('disk');
mkdirSync(disk);
const isMounted =
  spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]).status === 0;
const onSmallDisk = testWhere(isMounted, 'NO FULL DISK: this user may not mount a small tmpfs');

describe('engine N23: a disk that is full', () => {
  onSmallDisk(
    'is told as such by backup and archive, and neither leaves a part of a file',
    async () => {
      tampered(data, (db) => db.pragma('wal_checkpoint(TRUNCATE)'));
      for (const command of ['backup', 'archive']) {
        const { code, lines, stderr } = await cli(command, `${disk}/copy`, '--data', data);
        expect({ code, lines }).toEqual({ code: 3, lines: [] });
        expect(stderr).toMatch(/^chancery: StoreFull: .*disk\/copy: [^\n]*free space[^\n]*\n$/);
        expect(readdirSync(disk)).toEqual([]);
      }
    },
  );
});
