import type { Inspection } from '../../engine/inspection.ts';
import { connectReader, locate } from './connection.ts';
import { atThisInstant, eventsInspected, orThrown, rowsInspected } from './inspected.ts';

/**
 * Opens a store's file read-only, beside a running writer, as it is at this instant: what is written meanwhile is not seen. Throws
 * `StoreFailed` where it cannot be opened.
 */
export const inspectSqlite = (path: string): Inspection =>
  orThrown(path, () => {
    const db = connectReader(locate(path, true));
    try {
      atThisInstant(db);
      return {
        name: path,
        ...eventsInspected(db, path),
        ...rowsInspected(db, path),
        close: () => db.close(),
      };
    } catch (error) {
      db.close();
      throw error;
    }
  });
