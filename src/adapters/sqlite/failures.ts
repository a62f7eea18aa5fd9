import { E } from '../../engine/fp.ts';
import { StoreFailed, type StoreFailure } from '../../engine/store.ts';

/** The code of an SQLite or file system error; by shape, since the addon may have been loaded by another module registry. */
export const codeOf = (error: unknown): string | undefined => {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
};

/** The message of anything thrown. */
const reasonOf = (error: unknown): string => {
  if (typeof error !== 'object' || error === null || !('message' in error)) return String(error);
  return String(error.message);
};

const REMEDIES: Readonly<Record<string, string>> = {
  SQLITE_CANTOPEN: 'check that the path is a file in a directory that this user may write',
  SQLITE_READONLY: 'give this user the right to write the file and its directory',
  SQLITE_PERM: 'give this user the right to read and write the file',
  SQLITE_AUTH: 'give this user the right to read and write the file',
  SQLITE_IOERR: 'check the disk and the rights of the file, then open the store again',
  SQLITE_BUSY: 'end the other program that holds the file',
  SQLITE_LOCKED: 'end the other program that holds the file',
  SQLITE_NOMEM: 'give the process more memory',
  SQLITE_PROTOCOL: 'put the data on a local disk: its file locks do not work',
  SQLITE_NOLFS: 'put the data on a file system for large files',
};

/** A store that cannot be reached or used as it is. */
export const unavailable = (path: string, reason: string, remedy: string): StoreFailure => ({
  type: 'StoreUnavailable',
  path,
  reason,
  remedy,
});

/** A file that does not hold what the store has written. */
export const corrupt = (
  path: string,
  reason: string,
  remedy = 'restore the file from a backup; `chancery doctor` names what is damaged',
): StoreFailure => ({ type: 'StoreCorrupt', path, reason, remedy });

/** The failure that an SQLite or file system error stands for; undefined: a bug. */
const failureOf = (error: unknown, path: string): StoreFailure | undefined => {
  if (error instanceof StoreFailed) return error.failure;
  const code = codeOf(error);
  const reason = reasonOf(error);
  if (code === undefined) return undefined;
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    return { type: 'StoreFull', path, reason, remedy: 'free space on its disk, then try again' };
  }
  if (code === 'SQLITE_NOTADB') {
    return corrupt(path, reason, 'name another path: this file is not a Chancery store');
  }
  // Statements are fixed: where one does not fit, the file's schema is not what was made.
  if (code === 'SQLITE_ERROR' || code.startsWith('SQLITE_CORRUPT')) return corrupt(path, reason);
  const remedy = REMEDIES[code.split('_').slice(0, 2).join('_')];
  if (remedy !== undefined) return unavailable(path, `${reason} (${code})`, remedy);
  return code.startsWith('E')
    ? unavailable(path, reason, 'name a directory that this user may write')
    : undefined;
};

/** Runs work on the file; failures of the world are answered, bugs throw. */
export const attempt = <T>(path: string, work: () => T): E.Either<StoreFailure, T> => {
  try {
    return E.right(work());
  } catch (error) {
    const failure = failureOf(error, path);
    if (failure === undefined) throw error;
    return E.left(failure);
  }
};
