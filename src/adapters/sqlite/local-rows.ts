import { E, type TE } from '../../engine/fp.ts';
import type { Log, OpenStore, Store } from '../../engine/rows.ts';
import type { StoreFailure } from '../../engine/store.ts';
import { openRowsFile } from './rows-file.ts';

const opened =
  (log: Log, path: string, readOnly: boolean): TE.TaskEither<StoreFailure, OpenStore> =>
  async () => {
    const file = openRowsFile(path, readOnly);
    if (E.isLeft(file)) return file;
    const { rows, bind, close } = file.right;
    const beside = await log.open({ readOnly })();
    if (E.isLeft(beside)) {
      await close();
      return beside;
    }
    return E.right({
      events: beside.right.events,
      rows,
      bind,
      close: async () => {
        await close();
        await beside.right.close();
      },
    });
  };

/**
 * A log that lies elsewhere, such as on a server, with its read models in a local SQLite file: of this process alone, so that each
 * process on the log has its own. Rows are built from the log where they are not there; beside another log they refuse to open.
 */
export const withLocalRows = (log: Log, path: string): Store => ({
  name: log.name,
  durable: log.durable,
  open: ({ readOnly }) => opened(log, path, readOnly),
});
