import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import Database from 'better-sqlite3';
import { nativeSha256 } from '../../src/adapters/native-sha256.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { createEngine } from '../../src/create-engine.ts';
import { SNAPSHOTS, snapshotIn, storedSnapshot } from '../../src/engine/snapshot.ts';
import { chance } from '../support/command-lines.ts';
import { inDirectory } from '../support/store-files.ts';
import { ticketSubsystem } from '../support/tickets.ts';

const KILLS = 4;
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const next = chance(seed);

/** Kills a process that takes snapshots after so many notes; resolves to the last revision of each ticket that it acknowledged. */
const killedAfter = async (path: string, notes: number): Promise<ReadonlyMap<string, number>> => {
  const script = join(__dirname, '..', 'support', 'snapshot-process.ts');
  const child = spawn(process.execPath, [script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const acknowledged = new Map<string, number>();
  let lines = 0;
  for await (const text of createInterface(child.stdout)) {
    if (!text.endsWith('}')) break; // cut by the kill
    const { stream, revision } = JSON.parse(text) as { stream: string; revision: number };
    acknowledged.set(stream, revision);
    lines += 1;
    if (lines === notes) child.kill('SIGKILL');
  }
  expect(await exited).toEqual([null, 'SIGKILL']);
  return acknowledged;
};

/** The revisions of the snapshots that lie in the file, each as it was written. */
const wholeSnapshots = (path: string): ReadonlyMap<string, number> => {
  const db = new Database(path, { readonly: true });
  try {
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    const rows = db
      .prepare<[string], { key: string; row: string }>('SELECT key, row FROM rows WHERE tbl = ?')
      .all(SNAPSHOTS);
    return new Map(
      rows.map(({ key, row }) => {
        const snapshot = snapshotIn(storedSnapshot(JSON.parse(row))!, nativeSha256);
        return [key, snapshot!.revision];
      }),
    );
  } finally {
    db.close();
  }
};

test(
  'engine N8, N9: kill -9 while snapshots are taken leaves whole ones, and the states that the log gives',
  inDirectory(async (directory) => {
    process.stdout.write(`crash/snapshots.test: SEED=${seed}\n`);
    const path = join(directory, 'chancery.db');
    let taken = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const acknowledged = await killedAfter(path, 10 + Math.floor(next() * 60));
      const snapshots = wholeSnapshots(path);
      taken += snapshots.size;
      const engine = await createEngine({
        store: sqliteStore(path),
        subsystems: [ticketSubsystem],
        snapshots: { every: 1 },
      });
      for (const [stream, revision] of acknowledged) {
        const found = await engine.history(`ticket-${stream.slice('ticket-'.length)}`);
        expect(found.length).toBeGreaterThan(Math.max(revision, snapshots.get(stream) ?? 0));
      }
      expect((await engine.checkReplay()).identical).toBe(true);
      await engine.close();
    }
    expect(taken).toBeGreaterThan(0);
  }),
);
