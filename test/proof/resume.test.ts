import { join } from 'node:path';
import { nativeFirst } from '../../src/adapters/native-ed25519.ts';
import { nativeSha256 } from '../../src/adapters/native-sha256.ts';
import { sqliteStoredLog } from '../../src/adapters/sqlite/stored-log.ts';
import { resumeFile } from '../../src/cli/proof/resume-file.ts';
import { verifyLog } from '../../src/proof/verify-log.ts';
import { proofDirectory, provenStore, tampered, verified } from '../support/proof-world.ts';

test('PR7: a verification that was interrupted goes on from its file, to the same end, and finds what lies behind', async () => {
  const file = await provenStore([400, 300]);
  const log = sqliteStoredLog(file);
  const begun = await verifyLog({ log, sha256: nativeSha256, check: nativeFirst().check }).next();
  log.close();
  if (begun.done === true) throw new Error('it was not interrupted');
  expect(begun.value.frontier.size).toBe(512);
  const stored = resumeFile(join(proofDirectory(), 'reached'));
  expect(await stored.read()).toBeUndefined();
  await stored.write(begun.value);
  const from = await stored.read();
  expect(from).toEqual(begun.value);
  expect(await verified(file, { from })).toEqual(await verified(file));
  const look = async () => (await verified(file, { from })).fault;
  const alter = "UPDATE events SET data = replace(data, 'note', 'nope') WHERE position =";
  const behind = await tampered(file, (db) => db.exec(`${alter} 600`), look);
  expect(behind).toMatchObject({ type: 'Altered', position: '600' });
  expect(await tampered(file, (db) => db.exec(`${alter} 100`), look)).toBeUndefined();
  await stored.remove();
  expect(await stored.read()).toBeUndefined();
});
