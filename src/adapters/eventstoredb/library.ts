import type { EventStoreDBClient } from '@eventstore/db-client';

/** The client, unmodified; only this folder knows it. */
export type Library = typeof import('@eventstore/db-client');
export type Client = EventStoreDBClient;

const PACKAGE = '@eventstore/db-client';

const isMissing = (cause: unknown): boolean =>
  cause instanceof Error &&
  'code' in cause &&
  (cause.code === 'ERR_MODULE_NOT_FOUND' || cause.code === 'MODULE_NOT_FOUND') &&
  cause.message.includes(PACKAGE);

/** Loads the client, which only those who use this store install; undefined: it is not there. */
export const loadLibrary = async (): Promise<Library | undefined> => {
  try {
    return await import('@eventstore/db-client');
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw cause;
  }
};

/** What is to be done about a client that is not there. */
export const INSTALL = `install it: npm install ${PACKAGE}@6.2.1`;
