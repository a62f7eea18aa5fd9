import { cpSync, mkdirSync } from 'node:fs';
import { cli, cliWith, contents, said, tampered, temporary, written } from '../support/cli.ts';
import { deals } from '../support/command-lines.ts';

const place = temporary();
const source = place('source');
const url = (data: string) => `sqlite:${place(data)}/chancery.db`;
const copy = (from: string, to: string, ...more: readonly string[]) =>
  cli('copy', '--from', url(from), '--to', url(to), ...more);

beforeAll(async () => {
  const lines = written(place('deals.jsonl'), deals(6));
  const { code } = await cli('run', lines, '--at', '--data', source, '--instance', 'moved');
  expect(code).toBe(0);
});

const failing = (code: number, text: RegExp) => ({
  code,
  lines: [],
  stderr: expect.stringMatching(new RegExp(`^chancery: ${text.source}[^\\n]*\\n$`)) as unknown,
});

describe('engine N24: chancery copy', () => {
  test('moves a log, says that every projection comes out the same, and goes on from nothing', async () => {
    const done = await copy('source', 'target', '--json');
    expect([done.code, done.stderr]).toEqual([0, '']);
    const [moved = {}] = said(done);
    const { events } = contents(source);
    expect(moved).toMatchObject({
      instance: 'moved',
      events: events.length,
      found: 0,
      differing: [],
    });
    expect(contents(place('target')).events).toEqual(events);
    const [again = {}] = said(await copy('source', 'target', '--json'));
    expect(again).toEqual({ ...moved, found: events.length });
    // Read models are built by the first who writes there, and they are the source's.
    await cliWith('', 'run', '--at', '--data', place('target'));
    expect(contents(place('target')).rows).toEqual(contents(source).rows);
  });

  test('engine N49: the digests are those that chancery digest gives, also at an earlier position', async () => {
    const [{ from, to } = {}] = said(await copy('source', 'digests', '--json'));
    expect(from).toMatchObject({ digests: (to as { digests: unknown }).digests });
    const digestOf = async (data: string, ...more: readonly string[]) =>
      said(await cli('digest', 'ledger', '--json', '--data', place(data), ...more))[0];
    const whole = await digestOf('source');
    expect(from).toMatchObject({ digests: { ledger: whole?.['digest'] } });
    const earlier = await digestOf('source', '--at', '20');
    expect(earlier).toMatchObject({ projection: 'ledger', instance: 'moved', position: '20' });
    expect(earlier?.['digest']).not.toBe(whole?.['digest']);
    expect(await digestOf('digests', '--at', '20')).toEqual(earlier);
  });

  test('for people it is a line and a table', async () => {
    const { lines } = await copy('source', 'told');
    expect(lines[0]).toMatch(
      /told\/chancery\.db: instance moved, \d+ events, 0 of them were there/,
    );
    expect(lines.slice(1).every((line) => /^\w+ +[0-9a-f]{64} +equal$/.test(line))).toBe(true);
  });

  test('refuses a target that holds something else, by name, and leaves it', async () => {
    const one = written(place('one.jsonl'), deals(1));
    await cli('run', one, '--at', '--data', place('other'), '--instance', 'other');
    const before = contents(place('other'));
    expect(await copy('source', 'other')).toMatchObject(
      failing(
        1,
        /TargetDiffers: .*other\/chancery\.db: its revision 0 of instance-main is another event;/,
      ),
    );
    expect(contents(place('other'))).toEqual(before);
  });

  test('refuses a source that is damaged, is not there, or is the target', async () => {
    mkdirSync(place('damaged'));
    cpSync(`${source}/chancery.db`, `${place('damaged')}/chancery.db`);
    tampered(place('damaged'), (db) =>
      db.exec(`UPDATE events SET data = replace(data, 'USD', 'EUR') WHERE position = 2`),
    );
    expect(await copy('damaged', 'from-damaged')).toMatchObject(
      failing(
        1,
        /LogDamaged: .*damaged\/chancery\.db: revision \d+ of \S+ is not what was written;/,
      ),
    );
    expect(await copy('nowhere', 'from-nowhere')).toMatchObject(
      failing(3, /StoreUnavailable: .*nowhere\/chancery\.db: no such file;/),
    );
    expect(await copy('source', 'source')).toMatchObject(failing(2, /--from and --to are both /));
  });
});

describe('engine N49: chancery digest', () => {
  test.each([
    [
      'a position behind the log',
      ['--at', '9999999'],
      1,
      /there is no position 9999999: the log ends at \d+/,
    ],
    ['what is no position', ['--at', 'soon'], 1, /there is no position soon: the log ends at \d+/],
    ['no store', ['--data', place('empty')], 3, /StoreUnavailable: there is no store/],
  ])('%s is refused', async (_, args, code, text) => {
    const { lines, ...ended } = await cli('digest', 'ledger', '--data', source, ...args);
    expect({ lines, ...ended }).toMatchObject(failing(code, text));
  });

  test('a projection that is not there is refused, with those that are', async () => {
    expect(await cli('digest', 'nothing', '--data', source)).toMatchObject(
      failing(2, /there is no projection nothing; there are .*ledger/),
    );
  });
});
