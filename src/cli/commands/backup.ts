import { createHash } from 'node:crypto';
import { createReadStream, existsSync, realpathSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { backupStore } from '../../adapters/sqlite/backup.ts';
import { inspectSqlite } from '../../adapters/sqlite/inspection.ts';
import { E } from '../../engine/fp.ts';
import { instanceOf } from '../../engine/inspected-instance.ts';
import { StoreFailed } from '../../engine/store.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-codes.ts';
import { orFailing } from '../open.ts';
import { storeFile, type Place } from '../place.ts';
import type { Output } from '../output.ts';

/** Refuses a target that is there already, and says what it is. */
export const refuseExisting = (target: string, store: string): void => {
  if (!existsSync(target)) return;
  const refuse = (what: string): CliError =>
    new CliError(`${target} ${what}; name a new file`, exitCodes.wrongUsage);
  if (statSync(target).isDirectory()) throw refuse('is a directory');
  if (existsSync(store) && realpathSync(target) === realpathSync(store)) {
    throw refuse('is the store itself');
  }
  throw refuse('exists already');
};

const digestOf = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
};

/** What stands in a copy: as it is found there, and not as it was meant. */
const contentsOf = (file: string) => {
  const inspection = inspectSqlite(file);
  try {
    let events = 0;
    for (const _ of inspection.places()) events += 1;
    return { events, instance: instanceOf(inspection)?.instance ?? 'unknown' };
  } finally {
    inspection.close();
  }
};

const SERVERS_OWN =
  'back its log up by the means of the server (docs/eventstoredb.md), or write its events with chancery archive';

/** `chancery backup`: a copy of a store, also of one that a running process writes. */
export const backup = (place: Place, target: string, output: Output): Promise<ExitCode> =>
  orFailing(async () => {
    const store = storeFile(place, SERVERS_OWN);
    refuseExisting(target, store);
    output.progress(`copying ${store}`);
    const copied = await backupStore(store, target)();
    if (E.isLeft(copied)) throw new StoreFailed(copied.left);
    const { size: bytes } = statSync(target);
    const written = { file: target, ...contentsOf(target), bytes, digest: await digestOf(target) };
    output.endProgress();
    output.item(
      written,
      () =>
        `${target}: instance ${written.instance}, ${written.events} events, ${bytes} bytes, SHA-256 ${written.digest}`,
    );
    return exitCodes.done;
  });
