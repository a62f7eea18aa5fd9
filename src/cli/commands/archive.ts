import { existsSync, statSync } from 'node:fs';
import { ArchiveFailed } from '../../adapters/archive/format.ts';
import { loadArchive } from '../../adapters/archive/load.ts';
import { writeArchive } from '../../adapters/archive/write.ts';
import { createStore } from '../../adapters/sqlite/new-store.ts';
import { CliError, exitCodes, reasonOf, type ExitCode } from '../exit-codes.ts';
import { inspecting, orFailing, reading } from '../open.ts';
import { newStoreFile, type Place } from '../place.ts';
import type { Output } from '../output.ts';
import { refuseExisting } from './backup.ts';

const codeOf = (cause: unknown): string => {
  if (typeof cause !== 'object' || cause === null || !('code' in cause)) return '';
  return String(cause.code);
};

/** What keeps an archive from being written or read, in one line. */
const archiveError = (cause: unknown, file: string): unknown => {
  if (cause instanceof ArchiveFailed) {
    const { failure } = cause;
    const { type, path } = failure;
    if (type === 'ArchiveDamaged') {
      const text = `${type}: ${path}: line ${failure.line}: ${failure.reason}; ${failure.remedy}`;
      return new CliError(text, exitCodes.notRight);
    }
    if (type === 'ArchiveTooNew') {
      const text = `${type}: ${path}: line 1: format version ${failure.found}, this chancery knows up to ${failure.supported}; install a newer chancery`;
      return new CliError(text, exitCodes.notRight);
    }
    const text = `${path}: ${failure.reason}; ${failure.remedy}`;
    return new CliError(text, exitCodes.wrongUsage);
  }
  const code = codeOf(cause);
  if (code === 'ENOSPC') {
    const text = `StoreFull: ${file}: ${reasonOf(cause)}; free space on its disk, then try again`;
    return new CliError(text, exitCodes.storeFailed);
  }
  if (!/^E[A-Z]+$/.test(code)) return cause;
  return new CliError(`${file}: ${reasonOf(cause)}; name another file`, exitCodes.wrongUsage);
};

const explaining = async <T>(file: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await orFailing(work);
  } catch (cause) {
    throw archiveError(cause, file);
  }
};

/** `chancery archive`: the events of a store as lines of a file. */
export const archive = (
  place: Place,
  file: string,
  until: string | undefined,
  output: Output,
): Promise<ExitCode> =>
  explaining(file, () =>
    inspecting(place, reading('archive', output), async (inspection) => {
      refuseExisting(file, inspection.name);
      const progress = (events: number) => output.progress(`archive: ${events} events`);
      const written = await writeArchive(inspection, file, { until, progress });
      output.endProgress();
      output.item(
        { file, ...written },
        () =>
          `${file}: instance ${written.instance}, ${written.events} events up to position ${written.until}, ${written.bytes} bytes, digest ${written.digest}`,
      );
      return exitCodes.done;
    }),
  );

const LOAD_THEN_COPY =
  'load the archive into a file (--data DIR), then move it: chancery copy --from sqlite:DIR/chancery.db --to URL';

/** `chancery load`: an archive as a new store. */
export const load = (place: Place, file: string, output: Output): Promise<ExitCode> =>
  explaining(file, async () => {
    if (!existsSync(file) || statSync(file).isDirectory()) {
      throw new CliError(`${file} is no file; name an archive`, exitCodes.wrongUsage);
    }
    const store = newStoreFile(place, LOAD_THEN_COPY);
    const progress = (events: number) => output.progress(`load: ${events} events`);
    const loaded = await createStore(store, (open) => loadArchive(file, open, progress));
    output.endProgress();
    output.item(
      { store, ...loaded },
      () =>
        `${store}: instance ${loaded.instance}, ${loaded.events} events up to position ${loaded.until}, digest ${loaded.digest}`,
    );
    return exitCodes.done;
  });
