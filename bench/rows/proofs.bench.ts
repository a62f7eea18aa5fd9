import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createEngine,
  createKeystore,
  nativeFirst,
  sqliteStore,
  sqliteStoredLog,
  verifyLog,
  type Signer,
} from '../../src/index.ts';
import { nativeSha256 } from '../../src/adapters/native-sha256.ts';
import { freshFile } from '../harness/files.ts';
import { against, finely, rate } from '../harness/rounds.ts';
import { atLeast, sized, type Row, type Run } from '../harness/row.ts';
import { CALLERS, crowd, deskOver, openDesk } from '../subjects/ticket-desk.ts';
import { ticketSubsystem } from '../subjects/tickets.ts';

/** A signer with a new key, whose file is gone again. */
const newSigner = async (): Promise<Signer> => {
  const directory = mkdtempSync(join(tmpdir(), 'chancery-bench-key-'));
  try {
    const made = await createKeystore(join(directory, 'key'), { identity: 'bench' }, 'bench')();
    if (made._tag === 'Left') throw new Error(made.left.type);
    return made.right;
  } finally {
    rmSync(directory, { recursive: true });
  }
};

const provenDesk = async (file: string) => {
  const proof = { signer: await newSigner() };
  const store = sqliteStore(file);
  return deskOver(await createEngine({ store, subsystems: [ticketSubsystem], proof }));
};

const appending = async (run: Run) => {
  const each = sized(run, 5, 20);
  const [on, off] = [
    await provenDesk(freshFile(run, 'proven')),
    await openDesk(freshFile(run, 'plain')),
  ];
  const round = (open: () => Promise<string>) => () =>
    rate(async () => (await crowd(CALLERS, each, open)).done);
  try {
    return await against(finely(run), round(on.open), round(off.open));
  } finally {
    await on.engine.close();
    await off.engine.close();
  }
};

const verifying = async (run: Run) => {
  const file = freshFile(run, 'verified');
  const events = sized(run, 2_000, 50_000, 1_000_000);
  const desk = await provenDesk(file);
  await crowd(CALLERS, Math.ceil(events / CALLERS), desk.open);
  await desk.engine.close();
  const { check } = nativeFirst();
  const verify = async (): Promise<number> => {
    const log = sqliteStoredLog(file);
    const walk = verifyLog({ log, sha256: nativeSha256, check });
    for (;;) {
      const next = await walk.next();
      if (next.done !== true) continue;
      log.close();
      if (next.value.fault !== undefined) throw new Error(next.value.fault.type);
      return next.value.events;
    }
  };
  const bare = async (): Promise<number> => {
    const log = sqliteStoredLog(file);
    let count = 0;
    for await (const page of log.pages(undefined)) {
      for (const { stream, id, type, metadata, data } of page) {
        createHash('sha256')
          .update(stream)
          .update(id)
          .update(type)
          .update(metadata)
          .update(data)
          .digest();
        count += 1;
      }
    }
    log.close();
    return count;
  };
  return against(
    run,
    () => rate(verify),
    () => rate(bare),
    `${events} events`,
  );
};

/** What proofs cost, and what verifying costs. */
export const proofRows: readonly Row[] = [
  {
    name: '64 callers at once, with proofs',
    unit: '/s',
    target: atLeast(0.85),
    baseline: 'without proofs',
    measure: appending,
  },
  {
    name: 'verifying a log',
    unit: ' events/s',
    target: atLeast(0.7),
    baseline: 'reading the same events and SHA-256 over their bytes',
    measure: verifying,
  },
];
