import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { createEngine } from '../../src/create-engine.ts';
import { canonicalJson } from '../../src/engine/json.ts';
import { subsystems } from '../../src/subsystems.ts';
import { cli, contents, said, tampered, temporary, written } from '../support/cli.ts';
import { deals, deposit, withdraw } from '../support/command-lines.ts';

const place = temporary();
const data = place('data');
const whole = place('whole.jsonl');
const archive = (file: string, ...args: readonly string[]) =>
  cli('archive', file, '--data', data, '--json', ...args);
const load = (file: string, into: string) => cli('load', file, '--data', into, '--json');

beforeAll(async () => {
  const lines = written(place('deals.jsonl'), deals(4));
  await cli('run', lines, '--at', '--data', data, '--instance', 'archived');
  expect((await archive(whole)).code).toBe(0);
});

const eventsOf = (from: string) => contents(from).events;

describe('engine N49: chancery archive and chancery load', () => {
  test('keep ids, revisions, order, positions, instants and every byte', async () => {
    const [loaded] = said(await load(whole, place('loaded')));
    expect(eventsOf(place('loaded'))).toEqual(eventsOf(data));
    expect(loaded).toMatchObject({ instance: 'archived', events: eventsOf(data).length });
    expect((await cli('doctor', '--data', place('loaded'))).code).toBe(0);
    await cli('archive', place('again.jsonl'), '--data', place('loaded'));
    expect(readFileSync(place('again.jsonl')).equals(readFileSync(whole))).toBe(true);
  });

  test('give a store that answers as the first one did, sends nothing again and builds the same rows', async () => {
    await load(whole, place('going-on'));
    const lines = place('deals.jsonl');
    const again = said(await cli('run', lines, '--at', '--json', '--data', place('going-on')));
    const { commands, accepted, sent } = again.at(-1) ?? {};
    expect([Number(commands) > 0, accepted]).toEqual([true, 0]);
    expect(sent).toEqual({ reactions: 0, deadlines: 0, effects: 0 });
    expect(contents(place('going-on'))).toEqual(contents(data));
  });

  test('forget nothing that an effect still has to do, and do nothing again that it has done', async () => {
    const first = [deposit('P', 'ada', 500, 1_000), withdraw('ada', 200, 2_000)];
    const stuck = place('stuck');
    await cli('run', written(place('first.jsonl'), first), '--at', '--data', stuck);
    writeFileSync(`${stuck}/sandbox-rail.db`, 'this is no bank '.repeat(100));
    const second = written(place('second.jsonl'), [withdraw('ada', 300, 3_000)]);
    await cli('run', second, '--at', '--data', stuck);
    expect(await cli('archive', place('stuck.jsonl'), '--data', stuck)).toMatchObject({ code: 0 });
    await load(place('stuck.jsonl'), place('freed'));
    const going = written(place('going.jsonl'), [deposit('Q', 'ada', 1, 4_000)]);
    await cli('run', going, '--at', '--data', place('freed'));
    const types = eventsOf(place('freed')).map((event) => (event as { type: string }).type);
    expect(types.filter((type) => type.startsWith('Withdrawal'))).toEqual([
      'WithdrawalRequested',
      'WithdrawalPaid',
      'WithdrawalRequested',
      'WithdrawalPaid',
    ]);
    const bank = new Database(`${place('freed')}/sandbox-rail.db`, { readonly: true });
    expect(bank.prepare('SELECT withdrawal_id FROM payouts').pluck().all()).toEqual(['ada!2']);
    bank.close();
  });

  test('take a part of the log', async () => {
    const [wrote] = said(await archive(place('part.jsonl'), '--until', '7'));
    expect(wrote).toMatchObject({ events: 7, until: '7' });
    await load(place('part.jsonl'), place('part'));
    expect(eventsOf(place('part'))).toEqual(eventsOf(data).slice(0, 7));
    for (const position of ['0', '100000', 'x', '-1']) {
      const { code, stderr } = await archive(place('none.jsonl'), `--until=${position}`);
      expect([code, existsSync(place('none.jsonl'))]).toEqual([2, false]);
      expect(stderr).toMatch(/has no position .*: its log goes from 1 to \d+; name a position/);
    }
  });

  test('have a digest that a stranger can compute: of all lines but the last', () => {
    const lines = readFileSync(whole, 'utf8').split(/(?<=\n)/);
    const digest = createHash('sha256').update(lines.slice(0, -1).join('')).digest('hex');
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ events: lines.length - 2, digest });
  });

  test('refuse a file or a store that is there already', async () => {
    const before = readFileSync(whole);
    expect(await archive(whole)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/exists already; name a new file/) as unknown,
    });
    expect(readFileSync(whole).equals(before)).toBe(true);
    expect(await load(whole, data)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/chancery\.db exists already; name a new --data/) as unknown,
    });
  });
});

const lines = () => readFileSync(whole, 'utf8').split(/(?<=\n)/);
const changedAt = (line: number, change: (text: string) => string) =>
  lines()
    .map((text, index) => (index === line - 1 ? change(text) : text))
    .join('');

describe('engine N49: chancery load refuses', () => {
  test.each<readonly [string, () => string | Buffer, RegExp]>([
    [
      'one altered byte of a payload',
      () => lines().join('').replace('buyer1', 'bvyer1'),
      /line \d+: .* is not what was written/,
    ],
    [
      'one altered byte of a metadata text',
      () => changedAt(3, (line) => line.replace('actor', 'actos')),
      /line 3: .* is not what was written/,
    ],
    [
      'an altered hash',
      () => changedAt(4, (line) => line.replace(/("hash":")./, '$1x')),
      /line 4: .* is not what was written/,
    ],
    [
      'an altered position',
      () => changedAt(4, (line) => line.replace('"position":"3"', '"position":"4"')),
      /line 4: position 4 stands where 3 belongs/,
    ],
    [
      'a space more',
      () => changedAt(6, (line) => line.replace('{', '{ ')),
      /line 6: it is no event as it was written/,
    ],
    [
      'an altered header',
      () => changedAt(1, (line) => line.replace('archived', 'brchived')),
      /line 1: it says brchived, but the first event archived/,
    ],
    [
      'an altered end',
      () => changedAt(1, (line) => line.replace(/"until":"\d/, '"until":"9')),
      /line \d+: lines 1 to \d+ have the digest/,
    ],
    [
      'a line that was dropped',
      () => changedAt(7, () => ''),
      /line 7: position 7 stands where 6 belongs/,
    ],
    [
      'two lines that changed places',
      () => {
        const [a, b, c, ...rest] = lines();
        return [a, c, b, ...rest].join('');
      },
      /line 2: position 2 stands where 1 belongs/,
    ],
    [
      'an archive that is cut between lines',
      () => lines().slice(0, 9).join(''),
      /line 10: the archive is cut/,
    ],
    [
      'an archive that is cut within a line',
      () => lines().join('').slice(0, 3_000),
      /line \d+: it is cut short/,
    ],
    [
      'an archive without its last newline',
      () => lines().join('').slice(0, -1),
      /line \d+: it is cut short/,
    ],
    [
      'an archive that goes on behind its end',
      () => `${lines().join('')}{}\n`,
      /line \d+: it stands behind the last line/,
    ],
    [
      'bytes that are no UTF-8',
      () => Buffer.concat([Buffer.from(lines().slice(0, 2).join('')), Buffer.from([0xff, 0x0a])]),
      /line 3: it is not UTF-8/,
    ],
    [
      'another file',
      () => '{"stream":"account-ada"}\n',
      /line 1: it is not the first line of an archive/,
    ],
    ['an empty file', () => '', /line 1: the archive is cut/],
  ])('%s, with the number of the line', async (what, text, why) => {
    const file = place(`${what.replaceAll(' ', '-')}.jsonl`);
    writeFileSync(file, text());
    const into = place(`into-${what.replaceAll(' ', '-')}`);
    const { code, lines: printed, stderr } = await load(file, into);
    expect({ code, printed }).toEqual({ code: 1, printed: [] });
    expect(stderr).toMatch(new RegExp(`^chancery: ArchiveDamaged: .*${why.source}[^\\n]*\\n$`));
    expect(readdirSync(into)).toEqual(['chancery.db.lock']);
    expect((await load(whole, into)).code).toBe(0);
  });

  test('engine N12: an archive of a newer chancery, with both versions', async () => {
    const newer = changedAt(1, (line) => line.replace('"version":1', '"version":2,"more":true'));
    writeFileSync(place('newer.jsonl'), newer);
    const { code, stderr } = await load(place('newer.jsonl'), place('newer'));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^chancery: ArchiveTooNew: .*: line 1: format version 2, this chancery knows up to 1; install/,
    );
  });
});

describe('engine N49: chancery archive refuses', () => {
  test.each([
    [
      'an altered event',
      `UPDATE events SET data = replace(data, ':', ': ') WHERE position = 9`,
      /position 9\) is not what was written/,
    ],
    [
      'a log in which an event is missing',
      'DELETE FROM events WHERE position = 4',
      /an event is missing before .*position 5\)/,
    ],
  ])('%s, and leaves no file', async (what, sql, why) => {
    const damaged = place(`damaged-${what.replaceAll(' ', '-')}`);
    mkdirSync(damaged);
    writeFileSync(`${damaged}/chancery.db`, readFileSync(`${data}/chancery.db`));
    tampered(damaged, (db) => db.exec(sql));
    const { code, stderr } = await cli('archive', place('of-damaged.jsonl'), '--data', damaged);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^chancery: StoreCorrupt: /);
    expect(stderr).toMatch(why);
    expect(readdirSync(place()).filter((name) => name.startsWith('of-damaged'))).toEqual([]);
  });
});

describe('engine N49: the digest of a projection at a position', () => {
  const digests = async (from: string, position: string) => {
    const store = sqliteStore(`${from}/chancery.db`);
    const engine = await createEngine({ store, subsystems, readOnly: true });
    try {
      return await Promise.all(
        ['ledger', 'escrows', 'holds'].map((name) => engine.digest(name, position)),
      );
    } finally {
      await engine.close();
    }
  };

  test('is the same in a store that ends there and in one that has gone on', async () => {
    await archive(place('nine.jsonl'), '--until', '9');
    await load(place('nine.jsonl'), place('nine'));
    const there = await digests(place('nine'), '9');
    expect(there).toEqual(await digests(data, '9'));
    expect(there).not.toEqual(await digests(data, '20'));
  });

  test('is the SHA-256 of a line for each row, in the order of read models and keys', async () => {
    const { events, rows } = contents(data) as {
      readonly events: readonly unknown[];
      readonly rows: readonly {
        readonly tbl: string;
        readonly key: string;
        readonly row: string;
      }[];
    };
    const held = rows
      .filter(({ tbl }) => tbl === 'creditedTotals')
      .map(({ tbl, key, row }) => `["${tbl}","${key}",${canonicalJson(JSON.parse(row))}]\n`);
    expect(held.length).toBeGreaterThan(0);
    const store = sqliteStore(`${data}/chancery.db`);
    const engine = await createEngine({ store, subsystems, readOnly: true });
    const digest = await engine.digest('creditedTotals', String(events.length));
    await expect(engine.digest('creditedTotals', '100000')).rejects.toThrow(/the log ends at/);
    await engine.close();
    expect(digest).toBe(createHash('sha256').update(held.join('')).digest('hex'));
  });
});
