import { readFileSync, writeFileSync, appendFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { fileAnchor, readAnchorFile } from '../../src/adapters/anchor-file.ts';
import { E, TE } from '../../src/engine/fp.ts';
import { toHex } from '../../src/engine/bytes.ts';
import { rotationBytes } from '../../src/domain/proof/log-checkpoint/statements.ts';
import { logCheckpointCommands } from '../../src/commands/proof/log-checkpoint.ts';
import type { Signer } from '../../src/domain/shared/signer.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import { logCheckpointSubsystem } from '../../src/subsystems.ts';
import {
  proofDirectory,
  provingEngine,
  signerFrom,
  tampered,
  verified,
  workload,
} from '../support/proof-world.ts';

const STREAM = 'logCheckpoint-proofs';
const fresh = () => join(proofDirectory(), 'chancery.db');
const sizes = async (engine: Engine) =>
  (await engine.history(STREAM)).flatMap(({ type, data }) =>
    type === 'CheckpointSigned' && typeof data === 'object' && data !== null && 'size' in data
      ? [data.size]
      : [],
  );
const anchoredIn = async (path: string) => {
  const read = await readAnchorFile(path)();
  if (E.isLeft(read)) throw new Error(read.left.reason);
  return read.right;
};

describe('PR4: a checkpoint is cut', () => {
  test('60 s after the first event that none covers, not 1 ms before, and not by a checkpoint alone', async () => {
    const { engine, clock } = await provingEngine(fresh());
    await workload(engine, 4);
    await engine.settle();
    const first = clock.now();
    await engine.runUntil(first + 59_999);
    expect(await sizes(engine)).toEqual([]);
    await engine.runUntil(first + 60_000);
    expect(await sizes(engine)).toEqual([5]);
    await engine.runUntil(first + 600_000);
    expect(await sizes(engine)).toEqual([5]);
    await engine.close();
  });

  test('at close, over all that is there', async () => {
    const file = fresh();
    const { engine } = await provingEngine(file);
    await workload(engine, 4);
    await engine.close();
    expect(await verified(file)).toMatchObject({
      events: 6,
      proven: 5,
      unproven: 1,
      checkpoints: 1,
    });
    const again = await provingEngine(file);
    await again.engine.close();
    expect(await verified(file)).toMatchObject({ events: 6, checkpoints: 1 });
  });

  test('after 4,096 events, without any time', async () => {
    const { engine } = await provingEngine(fresh());
    await workload(engine, 4_097);
    await engine.settle();
    expect(await sizes(engine)).toEqual([expect.any(Number)]);
    await engine.close();
  }, 120_000);
});

test('PR2: the tree is rebuilt from the log where it is gone, and goes on to the same roots', async () => {
  const file = fresh();
  const { engine } = await provingEngine(file);
  await workload(engine, 600);
  await engine.close();
  const db = new Database(file);
  const tree = "SELECT key, row FROM rows WHERE tbl = 'logTree' ORDER BY key";
  const before = db.prepare(tree).all();
  db.exec(
    "DELETE FROM rows WHERE tbl = 'logTree'; DELETE FROM checkpoints WHERE consumer = 'logTree'",
  );
  db.close();
  const again = await provingEngine(file);
  await again.engine.close();
  const after = new Database(file, { readonly: true });
  expect(after.prepare(tree).all()).toEqual(before);
  after.close();
  expect(await verified(file)).toMatchObject({ fault: undefined });
});

test('PR3: the instance is the first event, and another instance as the first event is found', async () => {
  const file = fresh();
  const { engine } = await provingEngine(file);
  await workload(engine, 3);
  await engine.close();
  const fault = await tampered(
    file,
    (db) =>
      db.exec(`UPDATE events SET data = replace(data, 'proofs', 'others') WHERE position = 1`),
    async () => (await verified(file)).fault,
  );
  expect(fault).toMatchObject({ type: 'Altered', stream: 'instance-main', position: '1' });
});

describe('PR4: two trees under one size', () => {
  test('halt the signing until an operator resumes it', async () => {
    const file = fresh();
    const { engine } = await provingEngine(file);
    await workload(engine, 9);
    await engine.close();
    const db = new Database(file);
    db.exec(`UPDATE events SET data = replace(data, 'note', 'nope') WHERE position = 4;
      DELETE FROM rows WHERE tbl = 'logTree'; DELETE FROM checkpoints WHERE consumer = 'logTree'`);
    db.close();
    const forked = await provingEngine(file, 'off');
    await workload(forked.engine, 1, 9);
    await forked.engine.close();
    const signing = await provingEngine(file);
    await signing.engine.settle();
    await signing.engine.runUntil(signing.clock.now() + 60_000);
    const { companions } = await signing.engine.status();
    expect(companions).toMatchObject([
      { companion: 'proofs', failure: expect.stringMatching(/^TreeForked/) },
    ]);
    expect((await signing.engine.history(STREAM)).at(-1)).toMatchObject({ type: 'TreeForked' });
    const actor = { id: 'olga', roles: ['operator'] };
    const resume = logCheckpointCommands.of.ResumeSigning({ reason: 'restored' });
    await signing.engine.send(logCheckpointSubsystem, STREAM, resume, { actor });
    expect((await signing.engine.history(STREAM)).at(-1)).toMatchObject({ type: 'SigningResumed' });
    await signing.engine.close();
  });
});

describe('PR5: the key', () => {
  test('takes the place of another with both signatures, and a verification follows it', async () => {
    const file = fresh();
    const { engine } = await provingEngine(file);
    await workload(engine, 5);
    await engine.close();
    const [old, next] = [signerFrom(1), signerFrom(2)];
    const named = { keyId: next.keyId, publicKey: toHex(next.publicKey) };
    const bytes = rotationBytes('proofs', old.keyId, named);
    const sign = async (signer: Signer) => {
      const signature = await signer.sign('key-rotation', bytes)();
      return E.isRight(signature) ? toHex(signature.right) : '';
    };
    const [byOld, byNew] = [await sign(old), await sign(next)];
    const rotate = logCheckpointCommands.of.RotateKey({ ...named, byOld, byNew });
    const actor = { id: 'olga', roles: ['operator'] };
    const { engine: rotating } = await provingEngine(file, { signer: next });
    expect(await rotating.sendTE(STREAM, rotate, { actor })()).toMatchObject({
      right: { outcome: 'accepted' },
    });
    await workload(rotating, 5, 5);
    await rotating.close();
    for (const key of [old.keyId, next.keyId]) {
      expect(await verified(file, { key })).toMatchObject({
        trust: 'given',
        unproven: 1,
        fault: undefined,
      });
    }
  });

  test('that is another than the one that signed is unknown, whatever the log says of itself', async () => {
    const file = fresh();
    const { engine } = await provingEngine(file, { signer: signerFrom(3) });
    await workload(engine, 5);
    await engine.close();
    const key = signerFrom(1).keyId;
    expect(await verified(file, { key })).toMatchObject({
      proven: 0,
      fault: { type: 'KeyUnknown', key },
    });
    expect(await verified(file)).toMatchObject({ trust: 'log', fault: undefined });
  });

  test('is asked for nothing while the engine replays or rebuilds: a signer that throws is not noticed (engine N20)', async () => {
    const file = fresh();
    const { engine } = await provingEngine(file);
    await workload(engine, 5);
    await engine.close();
    const sign: Signer['sign'] = () => {
      throw new Error('a signer was used in a replay');
    };
    const throwing = await provingEngine(file, { signer: { ...signerFrom(1), sign } });
    await throwing.engine.settle();
    expect((await throwing.engine.checkReplay()).streams).toBeGreaterThan(0);
    await throwing.engine.close();
    expect((await verified(file)).fault).toBeUndefined();
  });

  test('that cannot be used is a failure in the status, and the next checkpoint covers all', async () => {
    const file = fresh();
    let isBroken = true;
    const real = signerFrom(1);
    const broken = {
      type: 'SignerUnavailable',
      reason: 'unplugged',
      remedy: 'plug it in',
    } as const;
    const sign: Signer['sign'] = (purpose, bytes) =>
      isBroken ? TE.left(broken) : real.sign(purpose, bytes);
    const { engine, clock } = await provingEngine(file, { signer: { ...real, sign } });
    await workload(engine, 5);
    await engine.settle();
    await engine.runUntil(clock.now() + 60_000);
    const { companions } = await engine.status();
    expect(companions[0]?.failure).toMatch(/SignerUnavailable.*unplugged/);
    isBroken = false;
    await engine.runUntil(clock.now() + 60_000);
    expect((await engine.status()).companions[0]?.failure).toBeUndefined();
    expect(await sizes(engine)).toEqual([6]);
    await engine.close();
  });
});

describe('a checkpoint in the log', () => {
  test('PR7: that was forged without the key is found', async () => {
    const file = fresh();
    const { engine } = await provingEngine(file);
    await workload(engine, 5);
    await engine.close();
    const forge = (db: Database.Database) => {
      db.exec(`DELETE FROM rows WHERE tbl = 'logTree';
        UPDATE events SET data = replace(data, 'note 3', 'nope 3');
        UPDATE events SET data = json_set(data, '$.root', '${'ab'.repeat(32)}') WHERE stream = '${STREAM}'`);
    };
    const fault = await tampered(file, forge, async () => (await verified(file)).fault);
    expect(fault).toMatchObject({ type: 'CheckpointForged', why: 'signature', stream: STREAM });
  });

  test('PR5: of another key than the one in force is found', async () => {
    const file = fresh();
    const { engine } = await provingEngine(file);
    await workload(engine, 5);
    await engine.close();
    const { keyId } = signerFrom(2);
    const forge = (db: Database.Database) => {
      db.exec(`INSERT INTO events SELECT position + 1, stream, revision + 1, id || 'x', type, version, hash,
        metadata, json_set(data, '$.keyId', '${keyId}') FROM events WHERE stream = '${STREAM}'`);
    };
    const fault = await tampered(file, forge, async () => (await verified(file)).fault);
    expect(fault).toMatchObject({ type: 'Inserted', stream: STREAM });
  });
});

describe('PR6: an anchor', () => {
  const rewrittenStore = async () => {
    const file = fresh();
    const path = join(proofDirectory(), 'anchor.jsonl');
    const { engine } = await provingEngine(file, {
      signer: signerFrom(1),
      anchors: [fileAnchor(path)],
    });
    await workload(engine, 10);
    await engine.close();
    return { file, path, anchored: await anchoredIn(path) };
  };

  test('has every checkpoint, and a truncated tail is found by it alone', async () => {
    const { file, anchored } = await rewrittenStore();
    expect(anchored).toMatchObject([{ instance: 'proofs', size: 11 }]);
    expect(await verified(file, { anchored })).toMatchObject({ fault: undefined });
    const cut = (db: Database.Database) =>
      db.exec("DELETE FROM events WHERE position > 8; DELETE FROM rows WHERE tbl = 'logTree'");
    const look = async () => [
      (await verified(file)).fault,
      (await verified(file, { anchored, key: signerFrom(1).keyId })).fault,
    ];
    expect(await tampered(file, cut, look)).toEqual([
      undefined,
      { type: 'Truncated', size: 11, found: 8 },
    ]);
  });

  test('finds a tail that was rewritten with its checkpoints', async () => {
    const { file, anchored } = await rewrittenStore();
    const rewrite = (db: Database.Database) =>
      db.exec(`DELETE FROM events WHERE stream = '${STREAM}'; DELETE FROM rows WHERE tbl = 'logTree';
        UPDATE events SET data = replace(data, 'note 7', 'nope 7')`);
    const look = async () => (await verified(file, { anchored })).fault;
    expect(await tampered(file, rewrite, look)).toMatchObject({
      type: 'Rewritten',
      after: 0,
      upTo: 11,
    });
  });

  test('with a line that nobody has signed is told, and one that was cut short is passed over', async () => {
    const { file, path, anchored } = await rewrittenStore();
    const [line] = anchored;
    const forged = { ...line!, root: 'ab'.repeat(32) };
    expect((await verified(file, { anchored: [...anchored, forged] })).fault).toEqual({
      type: 'AnchorForged',
      line: 2,
    });
    appendFileSync(path, '{"instance":"pro');
    expect(await anchoredIn(path)).toEqual(anchored);
    writeFileSync(path, `{}\n${readFileSync(path, 'utf8')}`);
    expect(E.isLeft(await readAnchorFile(path)())).toBe(true);
  });

  test('that cannot be written is a failure in the status, and nothing else fails', async () => {
    const anchors = [fileAnchor(join(proofDirectory(), 'no', 'such', 'directory'))];
    const { engine, clock } = await provingEngine(fresh(), { signer: signerFrom(1), anchors });
    await workload(engine, 3);
    await engine.settle();
    await engine.runUntil(clock.now() + 60_000);
    expect((await engine.status()).companions[0]?.failure).toMatch(/^AnchorUnavailable/);
    expect(await sizes(engine)).toEqual([4]);
    await engine.close();
  });
});
