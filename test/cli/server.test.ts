import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import Database from 'better-sqlite3';
import { eventStoreDb } from '../../src/adapters/eventstoredb/event-store-db.ts';
import { categories } from '../../src/cli/place.ts';
import {
  cli,
  cliEach,
  cliWith,
  contents,
  said,
  temporary,
  written,
  type Said,
} from '../support/cli.ts';
import { right } from '../support/drafts.ts';
import { deals } from '../support/command-lines.ts';
import { storeProcess } from '../support/store-files.ts';
import { serverProcess, type ServerProcess } from '../support/server-process.ts';

const place = temporary();
const LONG_MS = 300_000;

/** A server of this test file alone. */
let server: ServerProcess;
beforeAll(async () => {
  server = await serverProcess();
});
afterAll(() => server.end());

const at = (data: string, url = server.url) => ['--store', url, '--data', place(data)];
const one = async (...args: readonly string[]): Promise<Said> => {
  const ended = await cli(...args);
  return said(ended)[0] ?? { stderr: ended.stderr };
};
const eventOf = (row: unknown) => {
  const { position: _, ...event } = row as { readonly position: number; readonly stream: string };
  return event;
};
/** A file's events in order; whose turn it is to perform an effect is written down only where several processes may. */
const withoutLeases = (data: string) =>
  contents(place(data))
    .events.map(eventOf)
    .filter(({ stream }) => !stream.startsWith('lease-'));
const failing = (code: number, text: RegExp) => ({
  code,
  lines: [],
  stderr: expect.stringMatching(new RegExp(`^chancery: ${text.source}[^\\n]*\\n$`)) as unknown,
});

describe('engine C1, C3: chancery on a server', () => {
  test(
    'a market day ends in the same outcomes and tables, to the byte, as on SQLite; the same log, the same rows',
    async () => {
      const { seconds: _, ...day } = await one('market-day', '--json', ...at('day'));
      const { seconds: __, ...local } = await one('market-day', '--json', '--data', place('local'));
      expect(JSON.stringify(day)).toBe(JSON.stringify(local));
      expect(day).toMatchObject({ failed: 0, replayIdentical: true });

      const to = `sqlite:${place('brought')}/chancery.db`;
      expect(await one('copy', '--json', '--from', server.url, '--to', to)).toMatchObject({
        instance: 'market-day',
        differing: [],
      });
      expect(withoutLeases('brought')).toEqual(withoutLeases('local'));
      const { rows } = contents(place('local'));
      expect(contents(place('day'), 'rows.db').rows).toEqual(rows);
      expect(await cli('doctor', '--json', ...at('day'))).toMatchObject({ code: 0, stderr: '' });
    },
    LONG_MS,
  );
});

describe('engine N24, N49: a server and a file', () => {
  let other: ServerProcess;
  const file = () => `sqlite:${place('six')}/chancery.db`;
  beforeAll(async () => {
    other = await serverProcess();
    const lines = written(place('six.jsonl'), deals(6));
    await cli('run', lines, '--at', '--data', place('six'), '--instance', 'six');
    await cli('copy', '--from', file(), '--to', other.url);
  });
  afterAll(() => other.end());
  const there = (data = 'beside') => at(data, other.url);

  test('a log that was copied to a server goes on there: lines are answered as before, rows are built', async () => {
    const again = await cli('run', place('six.jsonl'), '--at', '--json', ...there());
    const summary = said(again).at(-1);
    expect(again.code).toBe(0);
    expect(summary).toMatchObject({ failed: 0, malformed: 0 });
    expect(contents(place('beside'), 'rows.db').rows).toEqual(contents(place('six')).rows);
    // Copied back, the file gains what was written on the server, and keeps what it had.
    const before = contents(place('six')).events;
    expect(await one('copy', '--json', '--from', other.url, '--to', file())).toMatchObject({
      found: before.length,
      differing: [],
    });
    expect(contents(place('six')).events.slice(0, before.length)).toEqual(before);
  });

  test.each([
    ['streams', ['streams']],
    ['history', ['history', 'escrow-D1']],
    ['state', ['state', 'escrow-D1']],
    ['rows', ['rows', 'escrows']],
    ['rows by an index', ['rows', 'escrows', '--where', 'status=Released']],
    ['dead-letters', ['dead-letters']],
    ['digest', ['digest', 'ledger']],
  ])('%s says what it says of the file', async (_, args) => {
    const [served, local] = [
      await cli(...args, '--json', ...there()),
      await cli(...args, '--json', '--data', place('six')),
    ];
    const withoutPlace = (all: readonly Said[]) => all.map(({ position: ___, ...rest }) => rest);
    expect([served.code, served.stderr]).toEqual([local.code, '']);
    expect(withoutPlace(said(served))).toEqual(withoutPlace(said(local)));
  });

  test('status names the server, the instance, and how far all has come', async () => {
    const { position: _, ...found } = await one('status', '--json', ...there());
    expect(found).toMatchObject({
      store: expect.stringMatching(/^esdb:\/\/127/) as unknown,
      instance: 'six',
    });
  });

  test('rows that are lost are built anew; who only looks is told so, or needs none', async () => {
    const rows = contents(place('beside'), 'rows.db').rows;
    for (const end of ['', '-wal', '-shm'])
      rmSync(`${place('beside')}/rows.db${end}`, { force: true });
    expect(await cli('rows', 'escrows', ...there())).toMatchObject(
      failing(1, /there are no rows of esdb:.* in .*beside\/rows\.db yet; .*rebuild/),
    );
    expect((await cli('history', 'escrow-D1', ...there())).code).toBe(0);
    expect(existsSync(place('beside', 'rows.db'))).toBe(false);
    expect((await cliWith('', 'run', '--at', ...there())).code).toBe(0);
    expect(contents(place('beside'), 'rows.db').rows).toEqual(rows);
    expect((await cli('rebuild', 'ledger', ...there())).code).toBe(0);
  });

  test('engine N16: doctor names an altered row, and says that all is right where it is', async () => {
    expect((await cliWith('', 'run', '--at', ...there('examined'))).code).toBe(0);
    expect(await cli('doctor', ...there('examined'))).toMatchObject({ code: 0, stderr: '' });
    const db = new Database(place('examined', 'rows.db'));
    db.exec(
      `UPDATE rows SET row = replace(row, 'USD', 'EUR') WHERE tbl = 'balances' AND key LIKE 'wallet:buyer0%'`,
    );
    db.close();
    const { code, lines } = await cli('doctor', '--json', ...there('examined'));
    expect(code).toBe(1);
    expect(lines[0]).toContain('"type":"RowAltered","model":"balances"');
  });

  test('an archive of the server loads into a file with the same events', async () => {
    await cli('archive', place('server.jsonl'), ...there());
    const loaded = await one('load', place('server.jsonl'), '--json', '--data', place('loaded'));
    expect(loaded).toMatchObject({ instance: 'six' });
    expect(withoutLeases('loaded')).toEqual(withoutLeases('six'));
  });

  test('engine N19: dead letters that engines share are listed, counted and dropped by any of them', async () => {
    const log = eventStoreDb(other.url, { shareReactions: true });
    const { groups, close } = await right(log.open({ readOnly: false, categories }));
    const stop = new AbortController();
    const deliveries = groups!.join({
      group: 'chancery-six-withdrawWhenEscrowPaysByStandingOrder',
      after: undefined,
      types: ['FundsReleased'],
      room: 1,
      joined: () => undefined,
      signal: stop.signal,
    });
    const { value } = await deliveries.next();
    value.park('the bank is closed');
    stop.abort();
    await deliveries.next();
    await close();

    const letters = ['dead-letters', '--json', ...there(), '--share-reactions'];
    const listed = await cli(...letters);
    const [letter] = said(listed);
    expect([listed.code, letter]).toMatchObject([
      1,
      {
        reaction: 'withdrawWhenEscrowPaysByStandingOrder',
        cause: 'the bank is closed',
        event: { type: 'FundsReleased', stream: value.event.stream },
      },
    ]);
    expect(said(await cli('dead-letters', '--json', ...there()))).toEqual([]);
    expect(await one('status', '--json', ...there(), '--share-reactions')).toMatchObject({
      deadLetters: 1,
    });
    const id = String(letter!['id']);
    expect(await one(...letters, '--drop', id)).toEqual({ id, dropped: true });
    expect(said(await cli(...letters))).toEqual([]);
    const alone = ['--data', place('six'), '--share-reactions'];
    expect(await cli('dead-letters', ...alone)).toMatchObject(
      failing(2, /--share-reactions goes with a server/),
    );
  });

  test('backup and load say by what other means', async () => {
    expect(await cli('backup', place('copy.db'), ...there())).toMatchObject(
      failing(2, /esdb:.* is no file; back its log up by the means of the server/),
    );
    expect(await cli('load', place('server.jsonl'), ...there())).toMatchObject(
      failing(2, /esdb:.* is no file; load the archive into a file .* chancery copy /),
    );
  });

  test('engine N22, N24: rows of one log are refused beside another, and a second process beside the first', async () => {
    await cliWith('', 'run', '--at', ...there('bound'));
    expect(await cli('run', place('six.jsonl'), '--at', ...at('bound'))).toMatchObject(
      failing(3, /StoreUnavailable: .*bound\/rows\.db: its rows are of instance six in esdb/),
    );
    const holder = storeProcess('hold', place('held-rows.db'));
    await holder.next();
    mkdirSync(place('held'));
    symlinkSync(place('held-rows.db'), place('held', 'rows.db'));
    expect(await cli('run', place('six.jsonl'), '--at', ...there('held'))).toMatchObject(
      failing(3, /StoreLocked: .*held-rows\.db is held by process \d+/),
    );
    await holder.end();
  });
});

describe('wrong connection strings', () => {
  const SECRET = 'hush-hush';
  const wrong: readonly (readonly [string, RegExp])[] = [
    [`esbd://ada:${SECRET}@host`, /its scheme is not esdb, kurrentdb or kdb/],
    [`ada:${SECRET}@host`, /it is no connection string/],
    [`esdb://ada:${SECRET}@far.example?tls=false`, /a password to another machine without TLS/],
    [`esdb://ada:${SECRET}@host:99999`, /host 1 is no name or IPv4 address with a port/],
    [`esdb://ada:${SECRET}@host?tsl=false`, /a setting behind its question mark is not known/],
    [
      `esdb://ada:${SECRET}@host?nodePreference=best`,
      /its setting nodePreference is not leader or/,
    ],
    [`esdb://ada:${SECRET}@host?tlsCAFile=/nowhere.pem`, /its setting tlsCAFile is not a file/],
    ['unix:socket', /the path of its socket does not begin with \//],
    ['sqlite:', /it is no connection string|its scheme is not/],
  ];

  test('name the part that is wrong, and no password, with exit code 2', async () => {
    const data = place('wrong');
    const all = wrong.map(([url]) => ['status', '--store', url, '--data', data]);
    const ended = await cliEach(all);
    ended.forEach((each, index) => {
      const [url, reason] = wrong[index]!;
      expect({ url, ...each }).toMatchObject(
        failing(2, new RegExp(`--store names no store: .*${reason.source}`)),
      );
      expect(each.stderr).not.toContain(SECRET);
    });
    expect(existsSync(data)).toBe(false);
  });

  test.each([
    ['nobody listens', () => `esdb://ada:${SECRET}@localhost:1?tls=false`],
    [
      'TLS is asked of a server without',
      (port: string) => `esdb://ada:${SECRET}@localhost:${port}`,
    ],
  ])('engine N23: where %s, it ends within its deadline with exit code 3', async (_, url) => {
    const port = /:(\d+)\?/.exec(server.url)?.[1] ?? '';
    const began = performance.now();
    const ended = await cli('status', ...at('unreached', url(port)));
    expect(ended).toMatchObject(
      failing(3, /StoreUnavailable: .*cannot reach EventStoreDB at localhost:/),
    );
    expect(ended.stderr).not.toContain(SECRET);
    expect(performance.now() - began).toBeLessThan(30_000);
  });

  test('a server to which nothing was written is no store yet', async () => {
    const empty = await serverProcess();
    expect(await cli('status', ...at('empty', empty.url))).toMatchObject(
      failing(3, /NoInstance: .*nothing has been written to it yet/),
    );
    await empty.end();
  });
});
