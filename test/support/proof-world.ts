import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { signerOf, publicKeyOf } from '../../src/adapters/keystore/secret-key.ts';
import { nativeFirst } from '../../src/adapters/native-ed25519.ts';
import { nativeSha256 } from '../../src/adapters/native-sha256.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { sqliteStoredLog } from '../../src/adapters/sqlite/stored-log.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { createEngine } from '../../src/create-engine.ts';
import { didOfKey } from '../../src/domain/shared/did-key.ts';
import type { Signer } from '../../src/domain/shared/signer.ts';
import type { VirtualClock } from '../../src/engine/clock.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import type { Proving } from '../../src/proof/checkpoint-cutter.ts';
import { verifyLog, type Verification, type VerifyOptions } from '../../src/proof/verify-log.ts';
import { ticketSubsystem, ticketCommands } from './tickets.ts';
import { ada } from './engines.ts';

/** A signer whose key follows from a number. */
export const signerFrom = (seed: number): Signer => {
  const secret = new Uint8Array(32).fill(seed);
  const did = didOfKey(publicKeyOf(secret));
  return signerOf(secret, { identity: 'test', version: 1, did }, `test key ${seed}`);
};

const { check } = nativeFirst();

/** What verifying a file says. */
export const verified = async (
  file: string,
  options: Partial<VerifyOptions> = {},
): Promise<Verification> => {
  const log = sqliteStoredLog(file);
  try {
    const run = verifyLog({ log, sha256: nativeSha256, check, ...options });
    for (;;) {
      const next = await run.next();
      if (next.done === true) return next.value;
    }
  } finally {
    log.close();
  }
};

export type ProofEngine = { readonly engine: Engine; readonly clock: VirtualClock };

/** Opens an engine with proofs on a file, under virtual time. */
export const provingEngine = async (
  file: string,
  proof: Proving | 'off' = { signer: signerFrom(1) },
  at = 1_000,
): Promise<ProofEngine> => {
  const clock = virtualClock(at);
  const store = sqliteStore(file);
  const parts = { store, subsystems: [ticketSubsystem], clock, instance: 'proofs' };
  const proving = proof === 'off' ? {} : { proof };
  return { engine: await createEngine({ ...parts, ...proving }), clock };
};

const { OpenTicket, AddNote } = ticketCommands.of;

/** So many events, from a number on: a ticket of five events after the other. */
export const workload = async (engine: Engine, events: number, first = 0): Promise<void> => {
  for (let n = first; n < first + events; n += 1) {
    const stream = `ticket-${Math.floor(n / 5)}`;
    const command =
      n % 5 === 0
        ? OpenTicket({ title: `ticket ${n}`, answerBy: 9_000_000_000_000 })
        : AddNote({ note: `note ${n} ä€😀` });
    await engine.send(ticketSubsystem, stream, command, { actor: ada, commandId: `c${n}` });
  }
};

/** A store with so many events, signed in between and at its end; removed after the file's tests. */
export const provenStore = async (batches: readonly number[]): Promise<string> => {
  const file = join(proofDirectory(), 'chancery.db');
  const { engine, clock } = await provingEngine(file);
  let done = 0;
  for (const events of batches) {
    await workload(engine, events, done);
    done += events;
    await engine.runUntil(clock.now() + 61_000);
  }
  await engine.close();
  return file;
};

const directories: string[] = [];
/** A directory that is removed after the file's tests. */
export const proofDirectory = (): string => {
  const directory = mkdtempSync(join(tmpdir(), 'chancery-proof-'));
  directories.push(directory);
  return directory;
};
afterAll(() => {
  for (const directory of directories.splice(0))
    rmSync(directory, { recursive: true, force: true });
});

/** The file as somebody changes it who has every right on it, and afterwards as it was. */
export const tampered = async <T>(
  file: string,
  change: (db: Database.Database) => void,
  look: () => Promise<T>,
): Promise<T> => {
  const db = new Database(file);
  db.pragma('synchronous = OFF');
  const undo = backedUp(db);
  try {
    db.transaction(() => change(db)).immediate();
    return await look();
  } finally {
    undo();
    db.close();
  }
};

/** Copies of what may be changed, put back at the end. */
const backedUp = (db: Database.Database): (() => void) => {
  db.exec('CREATE TEMP TABLE e AS SELECT * FROM events; CREATE TEMP TABLE r AS SELECT * FROM rows');
  return () => {
    db.exec(`BEGIN; DELETE FROM main.events; INSERT INTO main.events SELECT * FROM temp.e;
      DELETE FROM main.rows; INSERT INTO main.rows SELECT * FROM temp.r; COMMIT`);
  };
};
