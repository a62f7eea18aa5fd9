import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { withLocalRows } from '../adapters/sqlite/local-rows.ts';
import { sqliteStore } from '../adapters/sqlite/sqlite-store.ts';
import type { Log, Store } from '../engine/rows.ts';
import { categoriesOf } from '../engine/run/opening.ts';
import { subsystems } from '../subsystems.ts';
import { CliError, exitCodes } from './exit-codes.ts';
import { serverLog } from './server.ts';

/** Where the data are: the options that every command takes. */
export type Place = {
  readonly data: string;
  readonly store?: string;
  /** On a server: the engines on it share the work of reactions. */
  readonly shareReactions?: boolean;
};

/** What `--data` and `--store` name: a file, or the log of a server with a file of rows in the data directory. */
export type Located =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'server'; readonly log: Log; readonly rows: string };

const SQLITE = 'sqlite:';

/** Whose streams are read where a server has streams of others too. */
export const categories = categoriesOf({ subsystems });

/** The file that a URL of a store names; undefined: it names a server. */
const fileIn = (url: string): string | undefined =>
  url.startsWith(SQLITE) && url !== SQLITE ? url.slice(SQLITE.length) : undefined;

/** The store that is meant. Throws `CliError` where the URL is none; a password in it is not shown. */
export const located = (place: Place): Located => {
  const { data, store, shareReactions = false } = place;
  if (store !== undefined && fileIn(store) === undefined) {
    const log = serverLog('--store', store, { shareReactions });
    return { kind: 'server', log, rows: join(data, 'rows.db') };
  }
  if (shareReactions) {
    const text = '--share-reactions goes with a server; one process alone writes a file';
    throw new CliError(text, exitCodes.wrongUsage);
  }
  const file = store === undefined ? undefined : fileIn(store);
  return { kind: 'file', file: file ?? join(data, 'chancery.db') };
};

/** The log that a URL names, as an option gives it. Throws `CliError`, as all functions here do. */
export const logAt = (option: string, url: string): Log => {
  const file = fileIn(url);
  return file === undefined ? serverLog(option, url) : sqliteStore(file);
};

const openable = (place: Place, found: Located): Store =>
  found.kind === 'server' ? withLocalRows(found.log, found.rows) : sqliteStore(there(place, found));

/** The store that is meant, to be opened for writing: a file that is not there is made. */
export const storeAt = (place: Place): Store => {
  const found = located(place);
  return found.kind === 'server' ? openable(place, found) : sqliteStore(found.file);
};

/** The store that is meant, to be looked at: a file must be there. */
export const storeThere = (place: Place): Store => openable(place, located(place));

/** Refuses to look for rows where nobody has built any yet. */
export const demandRows = (place: Place): void => {
  const found = located(place);
  if (found.kind === 'file' || existsSync(found.rows)) return;
  throw new CliError(
    `there are no rows of ${found.log.name} in ${found.rows} yet; "chancery rebuild PROJECTION" or any run with these options builds them`,
    exitCodes.notRight,
  );
};

const there = (place: Place, { file }: Extract<Located, { kind: 'file' }>): string => {
  if (existsSync(file)) return file;
  throw noStore(file, place);
};

const noStore = (file: string, { data, store }: Place): CliError => {
  const where = store === undefined ? `--data ${data}` : `--store ${store}`;
  return new CliError(
    `StoreUnavailable: there is no store ${file}; "chancery run FILE ${where}" makes one, another ${store === undefined ? '--data' : '--store'} names one`,
    exitCodes.storeFailed,
  );
};

/** The file of a store that is there; `otherwise` says what to do about a server. */
export const storeFile = (place: Place, otherwise: string): string => {
  const found = located(place);
  if (found.kind === 'file') return there(place, found);
  throw new CliError(`${found.log.name} is no file; ${otherwise}`, exitCodes.wrongUsage);
};

/** The file of a store that must not be there yet. */
export const newStoreFile = (place: Place, otherwise: string): string => {
  const found = located(place);
  if (found.kind === 'server') {
    throw new CliError(`${found.log.name} is no file; ${otherwise}`, exitCodes.wrongUsage);
  }
  if (!existsSync(found.file)) return found.file;
  throw new CliError(
    `${found.file} exists already; name a new --data directory, or another --store`,
    exitCodes.wrongUsage,
  );
};
