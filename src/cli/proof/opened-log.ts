import { sqliteStoredLog } from '../../adapters/sqlite/stored-log.ts';
import { E } from '../../engine/fp.ts';
import { StoreFailed } from '../../engine/store.ts';
import type { StoredLog } from '../../engine/stored-log.ts';
import { storeLog } from '../../proof/store-log.ts';
import { categories, located, storeFile, storeThere, type Place } from '../place.ts';

/** The log of a store as an auditor reads it: of a file as its texts lie there, of a server by what it gives. */
export const openedLog = async (place: Place): Promise<StoredLog> => {
  if (located(place).kind === 'file') return sqliteStoredLog(storeFile(place, ''));
  const opened = await storeThere(place).open({ readOnly: true, categories })();
  if (E.isLeft(opened)) throw new StoreFailed(opened.left);
  return storeLog(opened.right);
};
