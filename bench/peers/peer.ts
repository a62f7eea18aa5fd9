import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NotRun } from '../harness/row.ts';

/** Another library with the same small decider, opened on a file (or in memory). */
export type Peer = {
  readonly name: string;
  /** What it is and how it was set up, for the reader of the numbers. */
  readonly about: string;
  /** Opens a ticket in a new stream; resolves when the library says that it is done. */
  readonly open: () => Promise<unknown>;
  readonly close: () => Promise<void>;
};
export type OpenPeer = (path: string) => Promise<Peer>;

/**
 * A package of the bench's own node_modules. The little of its API that is used is typed beside the use, so that the repository checks
 * without the peers being installed.
 */
export const peerModule = async <Api>(name: string): Promise<Api> => {
  try {
    return (await import(name)) as Api;
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new NotRun(`${name} cannot be loaded: ${reason}`);
  }
};

/** The version of an installed peer. */
export const versionOf = (name: string): string => {
  const file = join(import.meta.dirname, '..', 'node_modules', name, 'package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
};

/** Runs a library that prints its own troubles to the standard output, where only results belong. */
export const quietly = async <T>(work: () => Promise<T>): Promise<T> => {
  const { log } = console;
  console.log = () => undefined;
  try {
    return await work();
  } finally {
    console.log = log;
  }
};
