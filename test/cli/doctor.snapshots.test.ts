import { cpSync, mkdirSync } from 'node:fs';
import { nativeSha256 } from '../../src/adapters/native-sha256.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { createEngine } from '../../src/create-engine.ts';
import { E } from '../../src/engine/fp.ts';
import {
  SNAPSHOTS,
  snapshotIn,
  snapshotRow,
  storedSnapshot,
  type Snapshot,
  type StoredSnapshot,
} from '../../src/engine/snapshot.ts';
import { subsystems } from '../../src/subsystems.ts';
import { cli, said, tampered, temporary, written } from '../support/cli.ts';
import { deals } from '../support/command-lines.ts';

const place = temporary();
const sound = place('sound');
const file = (data: string) => `${data}/chancery.db`;
const doctor = (data: string, ...args: readonly string[]) => cli('doctor', '--data', data, ...args);
const STREAM = 'account-buyer1';

beforeAll(async () => {
  const lines = written(place('deals.jsonl'), deals(6));
  await cli('run', lines, '--at', '--data', sound, '--instance', 'examined');
  const store = sqliteStore(file(sound));
  const options = { store, subsystems, clock: virtualClock(), snapshots: { every: 1 } };
  const engine = await createEngine(options);
  await engine.checkReplay(); // loads every stream
  await engine.close();
});

let copies = 0;

const rowOf = (data: string): StoredSnapshot => {
  let text = '';
  tampered(data, (db) => {
    const select = db.prepare<[string, string], { row: string }>(
      'SELECT row FROM rows WHERE tbl = ? AND key = ?',
    );
    text = select.get(SNAPSHOTS, STREAM)!.row;
  });
  return storedSnapshot(JSON.parse(text))!;
};

/** A copy of the sound store whose snapshot of one stream is another. */
const withRow = (change: (row: StoredSnapshot) => unknown): string => {
  const data = place(`copy-${(copies += 1)}`);
  mkdirSync(data);
  cpSync(file(sound), file(data));
  const row = JSON.stringify(change(rowOf(data)));
  tampered(data, (db) => {
    const update = db.prepare('UPDATE rows SET row = ? WHERE tbl = ? AND key = ?');
    expect(update.run(row, SNAPSHOTS, STREAM).changes).toBe(1);
  });
  return data;
};

/** The same row with another content and the digest that belongs to it. */
const resealed = (row: StoredSnapshot, change: (snapshot: Snapshot) => Snapshot): unknown => {
  const snapshot = change(snapshotIn(row, nativeSha256)!);
  const made = snapshotRow(snapshot, row.fingerprint, nativeSha256);
  return E.isRight(made) ? made.right : undefined;
};

describe('engine N9, N16: chancery doctor', () => {
  test('finds nothing wrong with snapshots that are as they were written', async () => {
    const { code, stderr } = await doctor(sound);
    expect([code, stderr]).toEqual([0, '']);
    expect(rowOf(sound).revision).toBeGreaterThan(0);
  });

  test.each([
    [
      'whose content was altered',
      (row: StoredSnapshot) => ({ ...row, content: row.content.replace('"status"', '"Status"') }),
      'its digest is another',
    ],
    [
      'whose state was altered together with its digest',
      (row: StoredSnapshot) =>
        resealed(row, ({ state, ...snapshot }) => ({
          ...snapshot,
          state: { ...state, credited: 'much' },
        })),
      'its state is not what the events give',
    ],
  ])('names the snapshot %s by stream and revision', async (_, change, reason) => {
    const data = withRow(change);
    const { revision } = rowOf(data);
    const found = await doctor(data, '--json');
    expect(found.code).toBe(1);
    expect(said(found).slice(0, -1)).toEqual([
      { type: 'SnapshotAltered', stream: STREAM, revision, reason },
    ]);
    const { lines } = await doctor(data);
    expect(lines[0]).toBe(
      `the snapshot of ${STREAM} at revision ${revision} was altered: ${reason}`,
    );
  });

  test.each([
    ['of another format', () => ({ format: 7 })],
    [
      'of other code',
      (row: StoredSnapshot) => {
        const other = { ...snapshotIn(row, nativeSha256)!, state: { status: 'Other' } };
        const made = snapshotRow(other, 'of other code', nativeSha256);
        return E.isRight(made) ? made.right : undefined;
      },
    ],
    [
      'of another history',
      (row: StoredSnapshot) => resealed(row, (snapshot) => ({ ...snapshot, eventHash: 'other' })),
    ],
    [
      'ahead of the log',
      (row: StoredSnapshot) => resealed(row, (snapshot) => ({ ...snapshot, revision: 999 })),
    ],
  ])('says nothing of a snapshot %s, for nobody uses it', async (_, change) => {
    const { code, lines } = await doctor(withRow(change));
    expect([code, lines.length]).toEqual([0, 1]);
  });

  test('names the row of a snapshot that is no JSON', async () => {
    const data = withRow(() => 'x');
    tampered(data, (db) => db.exec(`UPDATE rows SET row = '{' WHERE key = '${STREAM}'`));
    expect(said(await doctor(data, '--json'))[0]).toEqual({
      type: 'RowAltered',
      model: SNAPSHOTS,
      key: STREAM,
    });
  });
});
