import { InvalidArgumentError, type Command } from 'commander';
import { didOfKey, keyOfDid } from '../domain/shared/did-key.ts';
import { BuiltId } from '../engine/codec.ts';
import { E } from '../engine/fp.ts';
import type { Place } from './place.ts';

/** The options that every command on a store takes. */
export type Common = Place & { readonly json?: boolean };

/** How a store is named, for people. */
export const STORE_URLS = 'sqlite:PATH, esdb://HOST:PORT or unix:/SOCKET';

/** A command with the options that all commands on a store take, and an example of its use. */
export const onStore = (command: Command, example: string, data = './data'): Command =>
  command
    .option('--data <dir>', 'the directory of the data', data)
    .option('--store <url>', `the store, where it is not in the data directory: ${STORE_URLS}`)
    .option('--share-reactions', 'on a server: the engines on it share the work of reactions')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', `\nExample: ${example}`);

/** Reads one more `index=value` for `--where`. */
export const condition = (
  given: string,
  known: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> => {
  const equals = given.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('a condition is index=value');
  return { ...known, [given.slice(0, equals)]: given.slice(equals + 1) };
};

export const revisionNumber = (given: string): number => {
  if (!/^\d{1,15}$/.test(given)) {
    throw new InvalidArgumentError('a revision is a whole number from 0');
  }
  return Number(given);
};

export const portNumber = (given: string): number => {
  if (!/^\d{1,5}$/.test(given) || Number(given) > 65_535) {
    throw new InvalidArgumentError('a port is a whole number from 0 to 65535');
  }
  return Number(given);
};

/** A key that somebody trusts: its did:key, or its 32 bytes in hex. */
export const trustedKey = (given: string): string => {
  const did = /^[0-9a-f]{64}$/.test(given) ? didOfKey(Buffer.from(given, 'hex')) : given;
  if (E.isLeft(keyOfDid(did))) {
    throw new InvalidArgumentError('a key is did:key:z... of Ed25519, or 64 hex digits');
  }
  return did;
};

export const instanceId = (given: string): string => {
  if (!BuiltId.is(given)) throw new InvalidArgumentError(`it wants ${BuiltId.name}`);
  return given;
};
