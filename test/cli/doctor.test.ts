import { cpSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { nativeEventHash } from '../../src/adapters/event-hash.ts';
import type { EventRow } from '../../src/adapters/sqlite/event-rows.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { createEngine } from '../../src/create-engine.ts';
import { subsystems } from '../../src/subsystems.ts';
import { cli, said, start, tampered, temporary, written, type Said } from '../support/cli.ts';
import { deals, deposit, hold, open, of, withdraw } from '../support/command-lines.ts';

const place = temporary();
const sound = place('sound');
const file = (data: string) => `${data}/chancery.db`;
const doctor = (data: string, ...args: readonly string[]) => cli('doctor', '--data', data, ...args);

beforeAll(async () => {
  const lines = written(place('deals.jsonl'), deals(6));
  const { code } = await cli('run', lines, '--at', '--data', sound, '--instance', 'examined');
  expect(code).toBe(0);
  // What a run notes for itself is held against nothing, and what was deleted may lie about in a page.
  tampered(sound, (db) => db.exec(`DELETE FROM rows WHERE tbl LIKE 'journal:%'; VACUUM`));
});

let copies = 0;

/** A copy of the sound store. */
const copied = (): string => {
  const data = place(`copy-${(copies += 1)}`);
  mkdirSync(data);
  cpSync(file(sound), file(data));
  return data;
};

/** What the doctor finds in a copy of the sound store that was changed. */
const findingsAfter = async (change: (data: string) => void) => {
  const data = copied();
  change(data);
  const found = await doctor(data, '--json');
  expect(found.stderr).toBe('');
  expect(found.code).toBe(1);
  const findings = said(found).slice(0, -1);
  expect(said(found).at(-1)).toMatchObject({ findings: findings.length });
  return findings;
};

const bySql = (sql: string) => (data: string) =>
  tampered(data, (db: Database.Database) => {
    db.pragma('ignore_check_constraints = ON');
    expect(db.prepare(sql).run().changes).toBeGreaterThan(0);
    db.pragma('wal_checkpoint(TRUNCATE)');
  });

/** Turns one bit of the byte at an offset of the file. */
const flipped = (data: string, offset: number): void => {
  const bytes = readFileSync(file(data));
  bytes[offset]! ^= 1;
  writeFileSync(file(data), bytes);
};

const placesOf = (text: string): readonly number[] => {
  const bytes = readFileSync(file(sound));
  const found: number[] = [];
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) found.push(at);
  return found;
};

const EVENT = { stream: 'deposit-sandbox.P1', revision: 0 };
const OF_EVENT = `WHERE stream = 'deposit-sandbox.P1' AND revision = 0`;
const types = (findings: readonly Said[]) => [...new Set(findings.map(({ type }) => type))];

describe('engine N16: chancery doctor', () => {
  test('says that all is right where it is, for people and as JSON', async () => {
    const { code, lines, stderr } = await doctor(sound);
    expect([code, stderr]).toEqual([0, '']);
    expect(lines).toEqual([
      expect.stringMatching(/^\d+ events in \d+ streams, \d+ rows: all is right$/),
    ]);
    const [summary, ...more] = said(await doctor(sound, '--json'));
    expect(more).toEqual([]);
    expect(summary).toMatchObject({ findings: 0, head: String(summary?.['events']) });
  });

  test.each([
    ['one byte of a payload', `data = replace(data, '"owner":"buyer1"', '"owner":"buyer2"')`],
    ['a payload that says the same in other bytes', `data = replace(data, '{"', '{ "')`],
    ['one byte of a metadata text', `metadata = replace(metadata, '"actor":"s', '"actor":"S')`],
    ['a stored hash', `hash = replace(hash, substr(hash, 1, 1), 'x')`],
    ['a type', `type = 'DepositBookee'`],
    ['an id', `id = id || '0'`],
    ['a version', 'version = 2'],
  ])('names the event of which %s was altered', async (_what, change) => {
    const findings = await findingsAfter(bySql(`UPDATE events SET ${change} ${OF_EVENT}`));
    expect(findings).toContainEqual(expect.objectContaining({ type: 'EventAltered', ...EVENT }));
    expect(findings.filter(({ type }) => type === 'EventAltered')).toHaveLength(1);
  });

  test('in one line that people can read, until the byte is what it was', async () => {
    const data = copied();
    bySql(`UPDATE events SET data = replace(data, 'buyer1', 'buyer2') ${OF_EVENT}`)(data);
    const { lines } = await doctor(data);
    expect(lines[0]).toMatch(
      /^revision 0 of deposit-sandbox\.P1 \(position \d+\) is not what was written: its hash is /,
    );
    expect(lines).toContain('row wallet:buyer1/USD of balances is not what the log makes of it');
    expect(lines.at(-1)).toMatch(/ not right$/);
    bySql(`UPDATE events SET data = replace(data, 'buyer2', 'buyer1') ${OF_EVENT}`)(data);
    expect((await doctor(data)).code).toBe(0);
  });

  test('names the event whose text is no JSON, and the projections that cannot take it', async () => {
    const findings = await findingsAfter(bySql(`UPDATE events SET data = '{' ${OF_EVENT}`));
    expect(findings).toContainEqual(expect.objectContaining({ type: 'EventAltered', ...EVENT }));
    expect(findings).toContainEqual(
      expect.objectContaining({ type: 'ProjectionUnbuildable', projection: 'ledger' }),
    );
  });

  test('names the event after which one was dropped, and the projection that had consumed it', async () => {
    const findings = await findingsAfter(
      bySql(`DELETE FROM events WHERE stream = 'account-buyer1' AND revision = 0`),
    );
    expect(findings).toContainEqual(
      expect.objectContaining({
        type: 'RevisionsBroken',
        stream: 'account-buyer1',
        revision: 1,
        expected: 0,
      }),
    );
    expect(types(findings)).toEqual(
      expect.arrayContaining(['PositionsBroken', 'RevisionsBroken', 'CheckpointDiffers']),
    );
  });

  test('notices that the last event was dropped', async () => {
    const findings = await findingsAfter(
      bySql('DELETE FROM events WHERE position = (SELECT max(position) FROM events)'),
    );
    expect(findings).toContainEqual(expect.objectContaining({ type: 'CheckpointAhead' }));
  });

  /** Changes an event as somebody would who can hash. */
  const forged = (data: string, where: string, change: (event: EventRow) => EventRow): void =>
    tampered(data, (db) => {
      const event = db.prepare<[], EventRow>(`SELECT * FROM events WHERE ${where}`).get();
      if (event === undefined) throw new Error(`there is no event ${where}`);
      const { position, type, data: payload, ...rest } = change(event);
      const hash = nativeEventHash({ ...rest, type, data: payload });
      const update = db.prepare(
        'UPDATE events SET type = ?, data = ?, hash = ? WHERE position = ?',
      );
      update.run(type, payload, hash, position);
    });

  test('names an event that no machine allows and a projection that saw another, though the hash fits', async () => {
    const where = `stream = 'escrow-D1' AND revision = 1`;
    const findings = await findingsAfter((data) =>
      forged(data, where, (event) => ({ ...event, type: 'EscrowOpened' })),
    );
    const failure = { stream: 'escrow-D1', revision: 1 };
    expect(findings).toContainEqual({
      type: 'HistoryBroken',
      failure: expect.objectContaining(failure) as unknown,
    });
    const altered = await findingsAfter((data) =>
      forged(data, OF_EVENT.slice('WHERE '.length), (event) => ({
        ...event,
        data: event.data.replaceAll('buyer1', 'buyer2'),
      })),
    );
    expect(types(altered)).toEqual(expect.arrayContaining(['CheckpointDiffers', 'RowAltered']));
    expect(types(altered)).not.toContain('EventAltered');
  });

  test('tells of dead letters, of effects that have failed, and of notes that cannot be read', async () => {
    const letter = bySql(
      `INSERT INTO rows VALUES ('deadLetters', 'payWithdrawals:sandbox' || char(1) || '7', '{"cause":"no answer"}', NULL)`,
    );
    expect(await findingsAfter(letter)).toEqual([
      { type: 'DeadLetter', key: 'payWithdrawals:sandbox\u00017', cause: 'no answer' },
    ]);
    const row = { stage: { state: 'failed' }, lastError: 'no route' };
    const work = bySql(
      `INSERT INTO rows VALUES ('outbox', 'pay' || char(1) || '7', '${JSON.stringify(row)}', NULL)`,
    );
    expect(await findingsAfter(work)).toEqual([
      { type: 'EffectFailed', key: 'pay\u00017', cause: 'no route' },
    ]);
    const note = bySql(`INSERT INTO rows VALUES ('journal:run', 'x:1', '{', NULL)`);
    expect(await findingsAfter(note)).toEqual([
      { type: 'RowAltered', model: 'journal:run', key: 'x:1' },
    ]);
  });

  const ofRow = `WHERE tbl = 'balances' AND key = 'wallet:buyer1/USD'`;
  const ROW = { model: 'balances', key: 'wallet:buyer1/USD' };

  test.each([
    ['a row was altered', `UPDATE rows SET row = replace(row, '1', '2') ${ofRow}`, 'RowAltered'],
    ['a row has a space more', `UPDATE rows SET row = row || ' ' ${ofRow}`, 'RowAltered'],
    ['a row was dropped', `DELETE FROM rows ${ofRow}`, 'RowMissing'],
    [
      'what a row says of its entries was altered',
      `UPDATE rows SET entries = replace(entries, 'USD', 'EUR') ${ofRow}`,
      'RowAltered',
    ],
    [
      'an index entry was dropped',
      `DELETE FROM row_index ${ofRow} AND idx = 'currency'`,
      'EntryMissing',
    ],
  ])('names read model and key where %s', async (_what, sql, type) => {
    expect(await findingsAfter(bySql(sql))).toEqual([{ type, ...ROW, ...entryOf(type) }]);
  });
  const entryOf = (type: string) =>
    type === 'EntryMissing' ? { index: 'currency', value: 'USD' } : {};

  test('names both where one byte of an index entry was altered, and a row that nobody built', async () => {
    const entry = bySql(`UPDATE row_index SET value = 'UTD' ${ofRow} AND value = 'USD'`);
    expect(await findingsAfter(entry)).toEqual([
      { type: 'EntryUnexpected', ...ROW, index: 'currency', value: 'UTD' },
      { type: 'EntryMissing', ...ROW, index: 'currency', value: 'USD' },
    ]);
    const added = bySql(`INSERT INTO rows VALUES ('balances', 'wallet:mallory/USD', '{}', NULL)`);
    expect(await findingsAfter(added)).toEqual([
      { type: 'RowUnexpected', model: 'balances', key: 'wallet:mallory/USD' },
    ]);
  });

  test('names the projection whose digest, count or version was altered', async () => {
    const digest = await findingsAfter(
      bySql(`UPDATE checkpoints SET digest = 'f' || digest WHERE consumer = 'projection:ledger'`),
    );
    expect(digest).toEqual([
      expect.objectContaining({ type: 'CheckpointDiffers', projection: 'ledger' }),
    ]);
    const count = await findingsAfter(
      bySql(`UPDATE checkpoints SET events = events + 1 WHERE consumer = 'projection:escrows'`),
    );
    expect(count).toEqual([
      expect.objectContaining({ type: 'CheckpointDiffers', projection: 'escrows' }),
    ]);
    const version = await findingsAfter(
      bySql(`UPDATE rows SET row = '9' WHERE tbl = 'projectionVersions' AND key = 'holds'`),
    );
    expect(version).toEqual([
      expect.objectContaining({ type: 'ProjectionStale', projection: 'holds', stored: '9' }),
    ]);
  });

  test('names rows of an earlier build that are still to be removed, and no other build', async () => {
    const generation = { number: 0, version: 1 };
    const text = JSON.stringify({
      live: generation,
      building: { number: 2, version: 1, models: { openHolds: [] } },
      retired: [{ number: 1, version: 1, models: { openHolds: [], gone: [] } }],
    });
    const found = await findingsAfter((data) => {
      bySql(`UPDATE rows SET row = '${text}' WHERE tbl = 'projectionVersions' AND key = 'holds'`)(
        data,
      );
      for (const table of ['openHolds@1', 'gone@1', 'openHolds@2']) {
        bySql(`INSERT INTO rows VALUES ('${table}', 'x', '{}', NULL)`)(data);
      }
    });
    expect(found).toEqual([
      { type: 'RowsLeftOver', projection: 'holds', version: 1, generation: 1 },
    ]);
  });

  test('notices one bit turned wherever a stream is named in the file: in the log, in an index, in a row', async () => {
    const places = placesOf('deposit-sandbox.P2');
    expect(places.length).toBeGreaterThan(1);
    for (const offset of places) {
      const findings = await findingsAfter((data) => flipped(data, offset + 16));
      expect(findings.length).toBeGreaterThan(0);
    }
  });

  test('goes on behind a page that was zeroed, and names the events that were on it', async () => {
    const [offset = 0] = placesOf('"title":"a cover"');
    const findings = await findingsAfter((data) => {
      const bytes = readFileSync(file(data));
      const page = offset - (offset % 4096);
      writeFileSync(file(data), bytes.fill(0, page, page + 4096));
    });
    expect(types(findings)).toEqual(expect.arrayContaining(['FileDamaged', 'EventUnreadable']));
    expect(findings).toContainEqual(
      expect.objectContaining({ type: 'EventUnreadable', stream: expect.any(String) as unknown }),
    );
  });

  test.each([
    ['cut', (data: string) => truncateSync(file(data), Math.floor(statSync(file(data)).size / 2))],
    ['of another program', (data: string) => writeFileSync(file(data), 'garbage '.repeat(2_000))],
  ])(
    'engine N23: says with exit code 3 that a file cannot be opened that is %s',
    async (_, harm) => {
      const data = copied();
      harm(data);
      const { code, lines, stderr } = await doctor(data);
      expect({ code, lines }).toEqual({ code: 3, lines: [] });
      expect(stderr).toMatch(/^chancery: StoreCorrupt: .*chancery\.db: [^\n]*\n$/);
    },
  );

  test('says with exit code 3 that there is no store', async () => {
    const { code, stderr } = await doctor(place('nowhere'));
    expect(code).toBe(3);
    expect(stderr).toMatch(/^chancery: StoreUnavailable: there is no store /);
  });

  test('engine N22: opens beside a process that writes, and changes nothing', async () => {
    const many = Array.from({ length: 200 }, (_, n) => deposit(`P${n}`, `owner${n}`, 100 + n));
    const data = place('shared');
    const first = start(['run', written(place('many.jsonl'), many), '--json', '--data', data]);
    await first.printed(5);
    first.child.kill('SIGSTOP');
    try {
      expect((await doctor(data)).code).toBe(0);
    } finally {
      first.child.kill('SIGCONT');
    }
    expect((await first.ended).code).toBe(0);
    const before = readFileSync(file(data));
    expect((await doctor(data)).code).toBe(0);
    expect(readFileSync(file(data)).equals(before)).toBe(true);
  });
});

describe('marketplace L10: chancery doctor', () => {
  const DAY = 86_400_000;
  const lines = [
    deposit('P1', 'bea', 50_000, 1_000),
    open('E1', 2_000),
    of('E1', 'AcceptTerms', 'sol', 3_000, { version: 1 }),
    hold('E1', 'bea', 12_000, 4_000),
    withdraw('bea', 1_000, 4_000),
  ];

  /** Nobody takes the hold and nobody pays the withdrawal; the log ends that much later. */
  const abandoned = async (name: string, later: number): Promise<string> => {
    const data = place(name);
    const clock = virtualClock();
    const lame = subsystems.map((row) => ({ ...row, reactions: [] }));
    const store = sqliteStore(file(data));
    const engine = await createEngine({ store, subsystems: lame, clock });
    for (const line of [...lines, deposit('P2', 'bea', 1, 4_000 + later)]) {
      clock.moveTo(line.at ?? 0);
      const actor = typeof line.actor === 'string' ? { id: line.actor, roles: [] } : line.actor;
      const command = { type: line.command, data: line.data };
      expect(await engine.sendTE(line.stream, command, { actor })()).toMatchObject({
        _tag: 'Right',
      });
    }
    await engine.settle();
    await engine.close();
    return data;
  };

  test('tells of a hold and a withdrawal older than a day: whose, how old, what must happen next', async () => {
    expect((await doctor(await abandoned('day', DAY))).code).toBe(0);
    const data = await abandoned('day-and-1-ms', DAY + 1);
    const found = await doctor(data, '--json');
    expect(found.code).toBe(1);
    const overdue = { type: 'Overdue', owner: 'bea', ageMs: DAY + 1 };
    expect(said(found)).toMatchObject([
      { ...overdue, model: 'openHolds', nextStep: 'LockFunds on escrow-E1' },
      { ...overdue, model: 'openWithdrawals', nextStep: 'rail sandbox answers' },
      { findings: 2 },
    ]);
    expect((await doctor(data)).lines[0]).toMatch(
      /^hold \S+ of bea has waited for 24 hours; next: LockFunds on escrow-E1$/,
    );
  });
});
