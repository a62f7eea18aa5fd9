import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { E } from '../../engine/fp.ts';
import type { OpenStore } from '../../engine/rows.ts';
import { StoreFailed } from '../../engine/store.ts';
import { syncDirectory } from './connection.ts';
import { attempt, unavailable } from './failures.ts';
import { acquireLock } from './lock.ts';
import { sqliteStore } from './sqlite-store.ts';

const removePart = (part: string): void => {
  for (const suffix of ['', '-wal', '-shm', '.lock']) rmSync(`${part}${suffix}`, { force: true });
};

const orThrown = <T>(done: E.Either<StoreFailed['failure'], T>): T => {
  if (E.isRight(done)) return done.right;
  throw new StoreFailed(done.left);
};

/** Fills a store under another name, which becomes its own once it is whole and closed. */
const filled = async <T>(path: string, fill: (store: OpenStore) => Promise<T>): Promise<T> => {
  const part = `${path}.part`;
  removePart(part); // what a process has left that was killed
  try {
    const store = orThrown(await sqliteStore(part).open({ readOnly: false })());
    const result = await fill(store).finally(() => store.close());
    renameSync(part, path);
    syncDirectory(dirname(path));
    return result;
  } finally {
    removePart(part);
  }
};

/**
 * Makes a new store whole or not at all: where `fill` fails, or the process ends, nothing stands under the name. Rejects with
 * `StoreFailed`, or with what `fill` rejects with.
 */
export const createStore = async <T>(
  path: string,
  fill: (store: OpenStore) => Promise<T>,
): Promise<T> => {
  const lock = orThrown(
    attempt(path, () => {
      mkdirSync(dirname(path), { recursive: true });
      return acquireLock(path);
    }),
  );
  try {
    if (!existsSync(path)) return await filled(path, fill);
    const remedy = 'name another, or a new --data directory';
    throw new StoreFailed(unavailable(path, 'it exists already', remedy));
  } finally {
    lock.release();
  }
};
