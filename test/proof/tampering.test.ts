import Database from 'better-sqlite3';
import { leafOf } from '../../src/domain/proof/log-checkpoint/leaf.ts';
import { nativeSha256 } from '../../src/adapters/native-sha256.ts';
import { E } from '../../src/engine/fp.ts';
import type { LogFault } from '../../src/proof/fault.ts';
import { seeds } from '../support/arbitrary-runs.ts';
import { provenStore, signerFrom, tampered, verified } from '../support/proof-world.ts';

/** The full size of the drill is 100,000: CHANCERY_PROOF_EVENTS. */
const EVENTS = Number(process.env['CHANCERY_PROOF_EVENTS'] ?? '60');
const FLIPS = 1_000;

const COLUMNS = ['stream', 'id', 'type', 'metadata', 'data'] as const;
type Row = { readonly position: number; readonly stream: string; readonly revision: number };

let file = '';
let rows: readonly Row[] = [];
beforeAll(async () => {
  const third = Math.floor(EVENTS / 3);
  file = await provenStore([third, third, EVENTS - 2 * third, 3]);
  const db = new Database(file, { readonly: true });
  rows = db
    .prepare<[], Row>('SELECT position, stream, revision FROM events ORDER BY position')
    .all();
  db.close();
}, 600_000);

const key = signerFrom(1).keyId;
const faultOf = async (): Promise<LogFault | undefined> => (await verified(file, { key })).fault;
const afterwards = (change: (db: Database.Database) => void): Promise<LogFault | undefined> =>
  tampered(file, change, faultOf);

/** Where an event lies, as a fault tells it. */
const place = ({ stream, revision, position }: Row) => ({
  stream,
  revision,
  position: `${position}`,
});

/** A text in a file with one of its bytes changed. */
const flip = (db: Database.Database, row: Row, column: string, byte: number, mask: number) => {
  const sql = `SELECT CAST(${column} AS BLOB) AS bytes FROM events WHERE position = ?`;
  const { bytes } = db.prepare<[number], { bytes: Buffer }>(sql).get(row.position)!;
  const at = byte % bytes.length;
  const changed = Buffer.from(bytes);
  changed[at] = changed[at]! ^ mask;
  const put = db.prepare(`UPDATE events SET ${column} = CAST(? AS TEXT) WHERE position = ?`);
  // An index of SQLite's own keeps two events from one place.
  const isTaken = E.isLeft(E.tryCatch(() => put.run(changed, row.position), String));
  return {
    isTaken,
    restore: () => put.run(bytes, row.position),
    length: bytes.length,
  };
};

test('PR7: a log that nobody has touched is proven but for what comes after the last checkpoint', async () => {
  const found = await verified(file, { key });
  expect(found).toMatchObject({ events: rows.length, proven: rows.length - 1, unproven: 1 });
  expect(found).toMatchObject({ trust: 'given', keys: [key], fault: undefined });
});

/**
 * Whether a fault says that exactly this event was altered, and which checkpoint proves it; none does where the first event names
 * another instance now, to which no checkpoint belongs.
 */
const isNamed = (fault: LogFault | undefined, { stream, revision, position }: Row): boolean =>
  fault?.type === 'Altered' &&
  (fault.by !== undefined || position === 1) &&
  fault.position === `${position}` &&
  fault.stream === stream &&
  fault.revision === revision;

test('PR1, PR7: 1,000 seeded byte flips are each named as Altered with stream, revision and position', async () => {
  const { seed, next } = seeds();
  const db = new Database(file);
  db.pragma('synchronous = OFF');
  const wrong: unknown[] = [];
  try {
    for (let flips = 0; flips < FLIPS;) {
      const row = rows[next() % (rows.length - 1)]!;
      const column = COLUMNS[next() % COLUMNS.length]!;
      const { restore, isTaken } = flip(db, row, column, next(), 1 + (next() % 255));
      if (isTaken) continue;
      flips += 1;
      const fault = await faultOf();
      restore();
      if (row.position === 1 && fault?.type === 'NoInstance') continue;
      if (!isNamed(fault, row)) wrong.push({ row, column, fault });
    }
  } finally {
    db.close();
  }
  expect({ seed, wrong }).toEqual({ seed, wrong: [] });
}, 3_600_000);

test('PR7: every byte of three events, in every column', async () => {
  const db = new Database(file);
  db.pragma('synchronous = OFF');
  const wrong: unknown[] = [];
  try {
    for (const row of [rows[2]!, rows[Math.floor(rows.length / 2)]!, rows[rows.length - 3]!]) {
      for (const column of COLUMNS) {
        for (let byte = 0, length = 1; byte < length; byte += 1) {
          const changed = flip(db, row, column, byte, 0x01);
          length = changed.length;
          if (changed.isTaken) continue;
          const fault = await faultOf();
          changed.restore();
          if (!isNamed(fault, row)) wrong.push({ row, column, byte, fault });
        }
      }
    }
  } finally {
    db.close();
  }
  expect(wrong).toEqual([]);
}, 3_600_000);

describe('PR7: an event', () => {
  const middle = () => Math.floor(rows.length / 2);

  test.each(['version', 'revision'])('whose %s is another is Altered', async (column) => {
    const row = rows[middle()]!;
    const fault = await afterwards((db) =>
      db
        .prepare(`UPDATE events SET ${column} = ${column} + 900 WHERE position = ?`)
        .run(row.position),
    );
    expect(fault).toMatchObject({ type: 'Altered', ...place(row), by: expect.any(Number) });
  });

  test('that was dropped is Missing, also where those behind it have moved up', async () => {
    const row = rows[middle()]!;
    const drop = (db: Database.Database) =>
      db.prepare('DELETE FROM events WHERE position = ?').run(row.position);
    expect(await afterwards(drop)).toMatchObject({ type: 'Missing', ...place(row) });
    const closed = await afterwards((db) => {
      drop(db);
      for (const { position } of rows.slice(middle() + 1)) {
        db.prepare('UPDATE events SET position = ? WHERE position = ?').run(position - 1, position);
      }
    });
    expect(closed).toMatchObject({ type: 'Missing', ...place(row) });
  });

  test('that is the last one and was dropped is Missing', async () => {
    const row = rows.at(-1)!;
    const fault = await afterwards((db) =>
      db.prepare('DELETE FROM events WHERE position = ?').run(row.position),
    );
    expect(fault).toMatchObject({ type: 'Missing', ...place(row) });
  });

  const insert = (db: Database.Database, position: number) =>
    db
      .prepare(
        `INSERT INTO events SELECT ?, 'ticket-forged', 0, 'x' || id, type, version, hash, metadata, data
         FROM events WHERE position = 3`,
      )
      .run(position);

  test('that was inserted is Inserted: among others, and behind the last', async () => {
    const row = rows[middle()]!;
    const moved = (db: Database.Database) => {
      for (const { position } of rows.slice(middle()).toReversed()) {
        db.prepare('UPDATE events SET position = ? WHERE position = ?').run(position + 1, position);
      }
      insert(db, row.position);
    };
    const forged = { type: 'Inserted', stream: 'ticket-forged', revision: 0 };
    expect(await afterwards(moved)).toMatchObject({ ...forged, position: `${row.position}` });
    const last = rows.at(-1)!.position + 1;
    expect(await afterwards((db) => insert(db, last))).toMatchObject({
      ...forged,
      position: `${last}`,
    });
  });

  test('PR2: of another instance is Inserted, for its id names that instance', async () => {
    const last = rows.at(-1)!.position + 1;
    const fault = await afterwards((db) => insert(db, last));
    expect(fault).toMatchObject({ type: 'Inserted', position: `${last}` });
  });

  test('that has changed places with another is Reordered', async () => {
    const [a, b] = [rows[middle()]!, rows[middle() + 7]!];
    const fault = await afterwards((db) => {
      const move = db.prepare('UPDATE events SET position = ? WHERE position = ?');
      move.run(1_000_000_000, a.position);
      move.run(a.position, b.position);
      move.run(b.position, 1_000_000_000);
    });
    expect(fault).toMatchObject({ type: 'Reordered', ...place(a), found: `${b.position}` });
  });

  test('whose position is another is Reordered', async () => {
    const row = rows.at(-1)!;
    const found = row.position + 5;
    const fault = await afterwards((db) =>
      db.prepare('UPDATE events SET position = ? WHERE position = ?').run(found, row.position),
    );
    expect(fault).toMatchObject({ type: 'Reordered', ...place(row), found: `${found}` });
  });
});

/** Puts the leaf of an event as it is now into the leaf table. */
const releaf = (db: Database.Database, index: number) => {
  const position = rows[index]!.position;
  const event = db.prepare('SELECT * FROM events WHERE position = ?').get(position) as never;
  const hash = Buffer.from(leafOf('proofs', event, nativeSha256)!).toString('hex');
  const tileKey = `0/${String(Math.floor(index / 256)).padStart(12, '0')}`;
  const sql = "SELECT row FROM rows WHERE tbl = 'logTree' AND key = ?";
  const { row } = db.prepare<[string], { row: string }>(sql).get(tileKey)!;
  const tile = JSON.parse(row) as { hashes: string };
  const at = (index % 256) * 64;
  tile.hashes = tile.hashes.slice(0, at) + hash + tile.hashes.slice(at + 64);
  db.prepare("UPDATE rows SET row = ? WHERE tbl = 'logTree' AND key = ?").run(
    JSON.stringify(tile),
    tileKey,
  );
};

describe('PR7: where the leaf table', () => {
  const index = () => Math.floor(EVENTS / 2);
  const alter = (db: Database.Database) =>
    db
      .prepare(`UPDATE events SET data = replace(data, 'note ', 'nope ') WHERE position = ?`)
      .run(rows[index()]!.position);

  test('was rewritten with the event, the smallest checkpoint interval is named', async () => {
    const fault = await afterwards((db) => {
      alter(db);
      releaf(db, index());
    });
    const third = Math.floor(EVENTS / 3);
    expect(fault).toMatchObject({ type: 'Rewritten', after: third + 1, upTo: 2 * third + 2 });
  });

  test('is gone, an altered event is told by its interval, and an unaltered log is proven', async () => {
    const forget = (db: Database.Database) => db.exec("DELETE FROM rows WHERE tbl = 'logTree'");
    expect(await afterwards(forget)).toBeUndefined();
    const fault = await afterwards((db) => {
      forget(db);
      alter(db);
    });
    expect(fault).toMatchObject({ type: 'Rewritten' });
  });

  test('alone was changed, the log is proven and the table is what is damaged', async () => {
    const fault = await afterwards((db) => {
      const sql = 'UPDATE rows SET row = replace(row, \'"hashes":"\', \'"hashes":"ffffffff\')';
      db.exec(`${sql} WHERE tbl = 'logTree' AND key LIKE '0/%0'`);
    });
    expect(fault).toEqual({ type: 'LeavesDamaged', index: 0 });
  });
});
