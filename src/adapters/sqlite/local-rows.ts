import { E, type TE } from '../../engine/fp.ts';
import type { Log, OpenOptions, OpenStore, Store } from '../../engine/rows.ts';
import type { StoreFailure } from '../../engine/store.ts';
import { noRowsFile, openRowsFile, type RowsFile } from './rows-file.ts';

const opened =
  (
    log: Log,
    open: (readOnly: boolean) => E.Either<StoreFailure, RowsFile>,
    options: OpenOptions,
  ): TE.TaskEither<StoreFailure, OpenStore> =>
  async () => {
    const file = open(options.readOnly);
    if (E.isLeft(file)) return file;
    const { rows, bind, close } = file.right;
    const beside = await log.open(options)();
    if (E.isLeft(beside)) {
      await close();
      return beside;
    }
    return E.right({
      ...beside.right,
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
  open: (options) => opened(log, (readOnly) => openRowsFile(path, readOnly), options),
});

/** A log by itself, to be read: what needs no read models, such as a digest, needs no file of them. */
export const withoutRows = (log: Log): Store => ({
  name: log.name,
  durable: log.durable,
  open: (options) => opened(log, () => E.right(noRowsFile()), { ...options, readOnly: true }),
});
