import { addressOf } from '../adapters/eventstoredb/address.ts';
import { eventStoreDb, type EventStoreDbOptions } from '../adapters/eventstoredb/event-store-db.ts';
import { E } from '../engine/fp.ts';
import type { Log } from '../engine/rows.ts';
import { CliError, exitCodes } from './exit-codes.ts';

/** The log of the server that an option names. Throws `CliError`, which shows nothing of a URL: there may be a password in it. */
export const serverLog = (
  option: string,
  url: string,
  sharing: Pick<EventStoreDbOptions, 'shareReactions'> = {},
): Log => {
  const address = addressOf(url);
  if (E.isLeft(address)) {
    const { reason, remedy } = address.left;
    const text = `${option} names no store: ${reason}; ${remedy}, or sqlite:PATH for a file`;
    throw new CliError(text, exitCodes.wrongUsage);
  }
  return eventStoreDb(url, sharing);
};
