import type { HashedEvent } from './ids.ts';
import type { Position } from './store.ts';

/** An event as texts, and where it lies. */
export type StoredText = HashedEvent & { readonly position: Position };

/**
 * A log as an auditor reads it: events as the texts that lie there, in pages, none of them trusted; and rows of the side store beside it.
 * Whatever cannot be read throws `StoreFailed`.
 */
export type StoredLog = {
  /** Says where the log is, for people. */
  readonly name: string;
  /** Every event behind a position in the order of the log; undefined: from the first on. */
  readonly pages: (after: Position | undefined) => AsyncIterable<readonly StoredText[]>;
  readonly stream: (stream: string) => AsyncIterable<readonly StoredText[]>;
  /** A row under a key; undefined: there is none, null: what lies there is no JSON. */
  readonly row: (table: string, key: string) => unknown;
  readonly close: () => void;
};
