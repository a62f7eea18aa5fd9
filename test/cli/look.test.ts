import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { ledger } from '../../src/projections/marketplace/ledger.ts';
import { cli, cliEach, said, tampered, temporary, written, type Ended } from '../support/cli.ts';
import { deposit, freeze, hold, of, open, unfreeze } from '../support/command-lines.ts';

const place = temporary();
const data = place('data');
const look = async (...args: readonly string[]) => cli(...args, '--data', data);
const json = async (...args: readonly string[]) => said(await look(...args, '--json'));
const LAPSES = 61_000;

beforeAll(async () => {
  const file = written(place('lines.jsonl'), [
    deposit('P1', 'bea', 12_000, 1_000),
    open('E1', 2_000),
    of('E1', 'AcceptTerms', 'sol', 3_000, { version: 1 }),
    hold('E1', 'bea', 12_000, 4_000),
    freeze('ada', 5_000),
    unfreeze('ada', 6_000),
    freeze('ada', 7_000),
    open('E2', 1_000 + 7_000, { terms: { acceptWithinMs: LAPSES } }),
  ]);
  await cli('run', file, '--at', '--instance', 'looked-at', '--data', data);
});

describe('chancery status', () => {
  test('says how the store is and how far all that follows its log has come', async () => {
    const [status] = await json('status');
    expect(status).toMatchObject({
      instance: 'looked-at',
      clock: 'virtual',
      store: `${data}/chancery.db`,
      deadlines: { nearest: 8_000 + LAPSES },
      deadLetters: 0,
    });
    const { code, lines } = await look('status');
    expect(code).toBe(0);
    expect(lines).toContain('time              virtual');
    expect(lines).toContain('nearest deadline  1970-01-01T00:01:09.000Z');
  });
});

describe('chancery streams', () => {
  test('lists all, or those of a category, in byte order with their last revision', async () => {
    expect(await json('streams', 'account')).toEqual([
      { stream: 'account-ada', revision: 2 },
      { stream: 'account-bea', revision: 1 },
    ]);
    const { lines } = await look('streams');
    expect(lines).toEqual([
      'account-ada  2',
      'account-bea  1',
      'deposit-sandbox.P1  0',
      'escrow-E1  3',
      'escrow-E2  0',
      'instance-main  0',
    ]);
    expect((await look('streams', 'boat')).lines).toEqual(['no streams of boat']);
  });
});

describe('chancery history', () => {
  test('gives every event of a stream in order', async () => {
    const events = await json('history', 'account-ada');
    expect(events).toMatchObject([
      {
        stream: 'account-ada',
        revision: 0,
        type: 'AccountFrozen',
        metadata: { at: 5_000, actor: 'tess' },
      },
      { revision: 1, type: 'AccountUnfrozen' },
      { revision: 2, type: 'AccountFrozen', data: { reason: 'lost key' } },
    ]);
    const { lines } = await look('history', 'account-ada');
    expect(lines[0]).toBe(
      '   0  1970-01-01T00:00:05.000Z  AccountFrozen  by tess  {"reason":"lost key"}',
    );
  });

  test('of a stream that is not there, or is no stream, says what to do', async () => {
    const [missing, none] = await Promise.all([
      look('history', 'account-zoe'),
      look('history', 'zoe'),
    ]);
    expect([missing.code, none.code]).toEqual([1, 2]);
    expect(missing.stderr).toBe(
      'chancery: there is no stream account-zoe; chancery streams lists those there are\n',
    );
    expect(none.stderr).toBe(
      'chancery: zoe is no stream: it wants category-id, such as escrow-E1\n',
    );
  });
});

/** A stream's status at a point, the revision that led there, and how many events time alone had caused. */
const statusAt = async (...args: readonly string[]) => {
  const [found = {}] = await json('state', ...args);
  const { status } = found['state'] as { readonly status: string };
  return [status, found['revision'], found['lapsed']];
};

describe('chancery state', () => {
  test('adds up the events, all or up to a revision', async () => {
    expect(await statusAt('account-ada')).toEqual(['Frozen', 2, 0]);
    expect(await statusAt('account-ada', '--revision', '1')).toEqual(['Open', 1, 0]);
    const { code, stderr } = await look('state', 'account-ada', '--revision', '9');
    expect([code, stderr]).toEqual([1, 'chancery: account-ada has no revision 9; its last is 2\n']);
  });

  test('engine N32: at an instant, shows what time alone had caused, though nobody has written it', async () => {
    expect(await statusAt('account-ada', '--at', '1970-01-01T00:00:06Z')).toEqual(['Open', 1, 0]);
    expect(await statusAt('escrow-E2', '--at', '7999')).toEqual(['Unopened', undefined, 0]);
    expect(await statusAt('escrow-E2', '--at', String(8_000 + LAPSES - 1))).toEqual([
      'Proposed',
      0,
      0,
    ]);
    expect(await statusAt('escrow-E2', '--at', String(8_000 + LAPSES))).toEqual([
      'Cancelled',
      0,
      1,
    ]);
  });
});

describe('chancery rows', () => {
  test('gives the rows of a read model, all or those that its indexes find', async () => {
    const all = await json('rows', 'escrows');
    expect(all.map(({ key }) => key)).toEqual(['E1', 'E2']);
    const locked = await json(
      'rows',
      'escrows',
      '--where',
      'status=Locked',
      '--where',
      'buyer=bea',
    );
    expect(locked).toMatchObject([{ key: 'E1', row: { status: 'Locked', seller: 'sol' } }]);
    expect(await json('rows', 'escrows', '--where', 'status=Locked', '--where', 'buyer=x')).toEqual(
      [],
    );
    const { lines } = await look('rows', 'balances', '--where', 'currency=USD');
    expect(lines[0]).toMatch(/^key +account +currency +balance +owner$/);
    expect(lines).toContainEqual(
      expect.stringMatching(/^escrow:E1\/USD +escrow:E1 +USD +12000 +-$/),
    );
  });

  test('of an unknown read model or index names those there are', async () => {
    const [model, index] = await Promise.all([
      look('rows', 'boats'),
      look('rows', 'escrows', '--where', 'colour=red'),
    ]);
    expect([model.code, index.code]).toEqual([2, 2]);
    expect(model.stderr).toMatch(
      /^chancery: there is no read model boats; there are escrows, .*\n$/,
    );
    expect(index.stderr).toMatch(/^chancery: escrows has no index colour; it has .*status.*\n$/);
  });
});

describe('chancery rebuild', () => {
  test('builds the rows of a projection anew, also in a store of virtual time', async () => {
    const before = await json('rows', 'balances');
    tampered(data, (db) => db.exec(`DELETE FROM rows WHERE tbl = 'balances'`));
    expect(await json('rows', 'balances')).toEqual([]);
    const [status] = await json('rebuild', 'ledger');
    expect(status).toMatchObject({ projection: 'ledger', events: 3 });
    expect(await json('rows', 'balances')).toEqual(before);
    expect((await json('status'))[0]).toMatchObject({ deadlines: { nearest: 8_000 + LAPSES } });
  });

  test('engine N14: rows of another version are shown, and named as such, until the new ones are built', async () => {
    const before = await json('rows', 'balances');
    tampered(data, (db) =>
      db.exec(
        `UPDATE rows SET row = json_remove(json_set(row, '$.live.version', 9), '$.live.models')
         WHERE tbl = 'projectionVersions' AND key = 'ledger'`,
      ),
    );
    const { code, lines } = await look('status');
    expect(code).toBe(0);
    expect(lines).toContainEqual(
      expect.stringMatching(/^ledger +9 +\d+ +3 +stands still until its new version is built$/),
    );
    expect(await json('rows', 'balances')).toEqual(before);
    const where = await look('rows', 'balances', '--where', 'currency=USD');
    expect(where.code).toBe(1);
    expect(where.stderr).toMatch(/^chancery: balances has no index currency yet: .*\n$/);
    expect((await json('rebuild', 'ledger'))[0]).toMatchObject({
      version: ledger.version,
      events: 3,
    });
    expect(await json('rows', 'balances', '--where', 'currency=USD')).toEqual(before);
    expect((await look('doctor')).code).toBe(0);
  });

  test('engine N15: status and doctor show what has broken a projection, and what is built beside it', async () => {
    const broken = { position: '4', cause: 'Error: no' };
    const [version, next] = [ledger.version, ledger.version + 1];
    const building = { number: 2, version: next, broken };
    let before = '';
    tampered(data, (db) => {
      const found = db
        .prepare<[], { row: string }>(
          `SELECT row FROM rows WHERE tbl = 'projectionVersions' AND key = 'ledger'`,
        )
        .get();
      before = found!.row;
      const generationsNow = JSON.parse(before) as { live: object };
      const text = JSON.stringify({
        ...generationsNow,
        live: { ...generationsNow.live, broken },
        building,
      });
      db.prepare(`UPDATE rows SET row = ? WHERE tbl = 'projectionVersions' AND key = 'ledger'`).run(
        text,
      );
    });
    const { code, lines } = await look('status');
    expect(code).toBe(1);
    expect(lines).toContainEqual(
      expect.stringMatching(`^ledger +${version} .* broken at 4: Error: no$`),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(`^ledger \\(new\\) +${next} .* broken at 4: Error: no$`),
    );
    const found = said(await look('doctor', '--json')).slice(0, -1);
    expect(found).toEqual([
      { type: 'ProjectionBroken', projection: 'ledger', version, isLive: true, ...broken },
      { type: 'ProjectionBroken', projection: 'ledger', version: next, isLive: false, ...broken },
    ]);
    tampered(data, (db) =>
      db
        .prepare(`UPDATE rows SET row = ? WHERE tbl = 'projectionVersions' AND key = 'ledger'`)
        .run(before),
    );
    expect((await look('doctor')).code).toBe(0);
  });

  test('of an unknown projection names those there are; of no store makes none', async () => {
    const [unknown, missing] = await Promise.all([
      look('rebuild', 'boats'),
      cli('rebuild', 'ledger', '--data', place('nowhere')),
    ]);
    expect([unknown.code, missing.code]).toEqual([2, 3]);
    expect(unknown.stderr).toMatch(
      /^chancery: there is no projection boats; there are .*ledger.*\n$/,
    );
    expect(existsSync(place('nowhere'))).toBe(false);
  });
});

describe('chancery dead-letters', () => {
  test('lists none where all went well, and knows no other', async () => {
    const [none, retry, drop, both] = await Promise.all([
      look('dead-letters'),
      look('dead-letters', '--retry', 'payWithdrawals:sandbox/1'),
      cli('dead-letters', '--drop', 'x', '--data', place('nowhere')),
      look('dead-letters', '--drop', 'x', '--retry', 'x'),
    ]);
    expect([none.code, none.lines]).toEqual([0, ['no dead letters']]);
    expect([retry.code, retry.stderr]).toEqual([
      1,
      'chancery: there is no dead letter payWithdrawals:sandbox/1; chancery dead-letters lists those there are\n',
    ]);
    expect([drop.code, both.code]).toEqual([3, 2]);
  });

  test('drops one', async () => {
    const event = { stream: 'account-ada', type: 'AccountFrozen' };
    const row = { reaction: 'r', event, cause: 'x\ny', at: 5, attempts: 1 };
    tampered(data, (db) =>
      db
        .prepare('INSERT INTO rows (tbl, key, row) VALUES (?, ?, ?)')
        .run('deadLetters', 'r\u000100042', JSON.stringify(row)),
    );
    const [listed, status] = await Promise.all([look('dead-letters'), look('status')]);
    expect([listed.code, status.code]).toEqual([1, 1]);
    expect(listed.lines).toEqual([
      'r/00042  its work failed at once (1970-01-01T00:00:00.005Z), because of AccountFrozen in account-ada: x\\ny',
    ]);
    expect(await json('dead-letters', '--drop', 'r/00042')).toEqual([
      { id: 'r/00042', dropped: true },
    ]);
    expect((await look('dead-letters')).lines).toEqual(['no dead letters']);
  });
});

describe('chancery docs', () => {
  test('writes a page for each subsystem, and --check says which are not current', async () => {
    const out = place('pages');
    const check = () => cli('docs', '--check', '--out', out);
    const missing = await check();
    expect([missing.code, missing.lines.length]).toEqual([1, 4]);
    expect(existsSync(out)).toBe(false);
    expect((await cli('docs', '--out', out)).lines).toHaveLength(4);
    const current = await check();
    expect([current.code, current.lines]).toEqual([0, [`${out}: all pages are current`]]);
    writeFileSync(`${out}/escrow.md`, `${readFileSync(`${out}/escrow.md`, 'utf8')}more`);
    const stale = said(await cli('docs', '--check', '--json', '--out', out));
    expect(stale).toEqual([{ path: `${out}/escrow.md`, stale: true }]);
  });
});

describe('the command line', () => {
  test('where there is no store says what makes one, and makes none', async () => {
    const nowhere = ['--data', place('nowhere')];
    const looks = [['status'], ['streams'], ['state', 'account-ada'], ['dead-letters']];
    const ended = await Promise.all(looks.map((args) => cli(...args, ...nowhere)));
    const { code, lines, stderr } = ended[0]!;
    expect([code, lines]).toEqual([3, []]);
    expect(stderr).toBe(
      `chancery: StoreUnavailable: there is no store ${place('nowhere')}/chancery.db; "chancery run FILE --data ${place('nowhere')}" makes one, another --data names one\n`,
    );
    expect(ended).toEqual(ended.map(() => ended[0]));
    expect(existsSync(place('nowhere'))).toBe(false);
  });

  test('has help with an example for every command', async () => {
    const help = await cli('--help');
    const names = help.lines.flatMap((line) => /^ {2}([a-z-]+) \[options\]/.exec(line)?.[1] ?? []);
    expect(names).toEqual([
      'run',
      'market-day',
      'status',
      'streams',
      'history',
      'state',
      'rows',
      'rebuild',
      'dead-letters',
      'effects',
      'payments',
      'doctor',
      'digest',
      'backup',
      'archive',
      'load',
      'copy',
      'sandbox-bank',
      'verify',
      'prove',
      'keygen',
      'docs',
    ]);
    const helps = await cliEach(names.map((name) => [name, '--help']));
    expect(helps).toHaveLength(names.length);
    for (const [index, { code, lines }] of helps.entries()) {
      expect(code).toBe(0);
      expect(lines.join('\n')).toContain(`Example: chancery ${names[index]}`);
      expect(lines.join('\n')).toContain('--json');
    }
  });

  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown option', ['run', '--fast'], /^chancery: unknown option '--fast'.*; --help says/],
    ['an unknown command', ['sail'], /^chancery: unknown command 'sail'; --help says/],
    ['a missing argument', ['history'], /^chancery: missing required argument 'stream'; --help/],
    ['an argument too many', ['status', 'now'], /^chancery: too many arguments .*; --help says/],
    ['a wrong instant', ['state', 'a-b', '--at', 'noon'], /^chancery: .*--at.*noon.*2026-01-31T/],
    [
      'a wrong revision',
      ['state', 'a-b', '--revision', '-1'],
      /^chancery: .*--revision.*whole number/,
    ],
    [
      'two points',
      ['state', 'a-b', '--at', '1', '--revision', '1'],
      /^chancery: .*cannot be used with/,
    ],
    ['a wrong condition', ['rows', 'escrows', '--where', 'x'], /^chancery: .*index=value/],
    ['--until without --at', ['run', 'x', '--until', '5'], /^chancery: --until goes with --at\n$/],
    ['an instance that is no id', ['run', 'x', '--instance', ''], /^chancery: .*--instance.*an id/],
    [
      'an unknown kind of store',
      ['status', '--store', 'pg://x'],
      /^chancery: --store names no store: its scheme is not esdb.*sqlite:PATH/,
    ],
    [
      'an unknown category',
      ['state', 'boat-1', '--data', data],
      /^chancery: no subsystem .*boat; there are/,
    ],
  ];
  let refused: readonly Ended[];
  beforeAll(async () => {
    refused = await cliEach(wrong.map(([, args]) => args));
  });

  test.each(wrong.map(([what, , text], index) => [what, index, text] as const))(
    'refuses %s in one line, with 2',
    (_what, index, text) => {
      const { code, lines, stderr } = refused[index]!;
      expect([code, lines]).toEqual([2, []]);
      expect(stderr).toMatch(text);
      expect(stderr.split('\n')).toHaveLength(2);
    },
  );

  test('takes --store for a file anywhere', async () => {
    mkdirSync(place('elsewhere'));
    const store = `sqlite:${place('elsewhere', 'books.db')}`;
    const file = written(place('stored.jsonl'), [freeze('ada')]);
    await cli('run', file, '--store', store, '--data', place('elsewhere'));
    expect((await cli('streams', '--store', store)).lines).toEqual([
      'account-ada  0',
      'instance-main  0',
    ]);
  });
});
