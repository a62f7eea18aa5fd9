import type { Log } from '../engine/rows.ts';
import { CliError, exitCodes } from './exit-codes.ts';

/** The log of the server that an option names. Throws `CliError`, which shows nothing of a URL that may hold a password. */
export const serverLog = (option: string, url: string): Log => {
  const scheme = /^[a-z+]*:/.exec(url)?.[0] ?? 'no scheme';
  throw new CliError(
    `${option} with ${scheme} is no store: this version knows sqlite:PATH`,
    exitCodes.wrongUsage,
  );
};
