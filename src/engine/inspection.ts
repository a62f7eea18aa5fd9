import type { HashedEvent } from './ids.ts';
import type { Checkpoint, RowStore } from './rows.ts';
import type { Envelope, Position } from './store.ts';

/** An event with the texts that lie in the store, as its hash covers them. */
export type StoredEvent = HashedEvent & {
  readonly position: Position;
  readonly hash: string;
  /** What the store gives its readers; undefined: what lies there is no event. */
  readonly envelope: Envelope | undefined;
};

/** Where an event lies. */
export type Place = Pick<StoredEvent, 'stream' | 'revision' | 'position'>;

/** A row as it lies in the store: texts; `entries` is the text of its index entries, null where it has none. */
export type StoredRow = {
  readonly key: string;
  readonly row: string;
  readonly entries: string | null;
};

/** That an index of a table finds a key under a value. */
export type StoredEntry = { readonly index: string; readonly value: string; readonly key: string };

/**
 * A store as a doctor sees it: what lies there to the byte, at one instant, whoever writes meanwhile. Whatever cannot be read throws
 * `StoreFailed`.
 */
export type Inspection = {
  /** Says where the events are, for people. */
  readonly name: string;
  /** What is wrong with how the store keeps its data, a line each. */
  readonly structure: () => readonly string[];
  /** Every event in the order of the log. */
  readonly log: () => Iterable<StoredEvent>;
  /** Every event, stream by stream in byte order, each in the order of its revisions. */
  readonly streams: () => Iterable<StoredEvent>;
  /** Where events lie, by what is kept beside them: it may be read where they cannot. */
  readonly places: () => Iterable<Place>;
  readonly at: (position: Position) => StoredEvent | undefined;
  /** The position that follows another where nothing is missing; undefined: the first. */
  readonly next: (position: Position | undefined) => Position;
  readonly compare: (a: Position, b: Position) => number;
  readonly isPosition: (text: string) => boolean;
  /** A position that the text of a row names, as this inspection gives positions. */
  readonly positionIn: (text: Position) => Position;
  readonly tables: () => readonly string[];
  readonly rows: (table: string) => Iterable<StoredRow>;
  readonly entries: (table: string) => Iterable<StoredEntry>;
  readonly checkpoints: () => readonly (Checkpoint & { readonly consumer: string })[];
  readonly close: () => void;
};

/** Rows that are built to be compared and thrown away. Failures throw `StoreFailed`. */
export type Scratch = {
  readonly rows: RowStore;
  /** Takes out the row under a key; undefined: there is none. */
  readonly take: (table: string, key: string) => StoredRow | undefined;
  /** Takes out an index entry: whether it was there. */
  readonly takeEntry: (table: string, entry: StoredEntry) => boolean;
  /** What has not been taken out. */
  readonly keys: (table: string) => Iterable<string>;
  readonly entries: (table: string) => Iterable<StoredEntry>;
  readonly close: () => void;
};
