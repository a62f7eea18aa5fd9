import type { E, TE } from './fp.ts';
import type { EventGroups } from './group.ts';
import type { EventStore, Position, StoreFailure } from './store.ts';

/** A row under a key in a table; `row` undefined: it goes. `entries` are the values under which declared indexes find it. */
export type RowChange = {
  readonly table: string;
  readonly key: string;
  readonly row: unknown;
  readonly entries: readonly IndexEntry[];
};
export type IndexEntry = { readonly index: string; readonly value: string };

/** How far a consumer has come: the log position, how many events it has consumed, and their rolling digest (hex). */
export type Checkpoint = {
  readonly position: Position;
  readonly events: number;
  readonly digest: string;
};

export type KeyedRow<Row = unknown> = { readonly key: string; readonly row: Row };

/** Rows behind the key `after`, in the byte order of their keys; at most `limit`. */
export type PageRequest = { readonly after?: string; readonly limit: number };

/** Changes that are stored together with how far their consumer has come, or not at all; `value` undefined: that is forgotten. */
export type Batch = {
  readonly changes: readonly RowChange[];
  readonly checkpoint?: { readonly consumer: string; readonly value: Checkpoint | undefined };
};

/**
 * The port of read models and of what the engine's runners remember. Rows lie beside the process, so reading them waits for nobody.
 * Every adapter passes test/contracts/row-store.contract.ts.
 */
export type RowStore = {
  readonly get: (table: string, key: string) => E.Either<StoreFailure, unknown>;
  readonly page: (
    table: string,
    request: PageRequest,
  ) => E.Either<StoreFailure, readonly KeyedRow[]>;
  /** The rows that an index lists under a value, paged like `page`. */
  readonly where: (
    table: string,
    entry: IndexEntry,
    request: PageRequest,
  ) => E.Either<StoreFailure, readonly KeyedRow[]>;
  /** Whether an index lists a key under a value. */
  readonly isListed: (
    table: string,
    entry: IndexEntry,
    key: string,
  ) => E.Either<StoreFailure, boolean>;
  readonly commit: (batch: Batch) => E.Either<StoreFailure, void>;
  readonly checkpoint: (consumer: string) => E.Either<StoreFailure, Checkpoint | undefined>;
  /** Removes as many rows of a table, with their index entries, as are removed in a few milliseconds: whether it is empty now. */
  readonly clear: (table: string) => E.Either<StoreFailure, boolean>;
};

/** Which log rows are of. A log that was made anew under the same names has its first event elsewhere, or another one. */
export type Origin = {
  readonly instance: string;
  /** Where the log is: its name. */
  readonly log: string;
  /** The position and the hash of the log's first event. */
  readonly position: Position;
  readonly hash: string;
};

/** What a store adapter opens: the log, and the tables beside it. */
export type OpenStore = OpenLog & {
  readonly rows: RowStore;
  /** Where rows lie elsewhere than the log: told which log that is, once it has its first event. They refuse to be of another. */
  readonly bind?: (origin: Origin) => E.Either<StoreFailure, void>;
};

/** A log by itself, open. */
export type OpenLog = {
  readonly events: EventStore;
  /** Shares out events among processes; where it is there, reactions take theirs from it. */
  readonly groups?: EventGroups;
  readonly close: () => Promise<void>;
};

/** A store that is not open yet: nothing happens before the engine is created. */
export type Store = Closed<OpenStore>;

/** A log that is not open yet; every store is one. */
export type Log = Closed<OpenLog>;

export type OpenOptions = {
  readonly readOnly: boolean;
  /** Whose streams are wanted; a store that others share shows no others. Undefined: all. */
  readonly categories?: readonly string[];
};

type Closed<Open> = {
  readonly name: string;
  /** Whether what is written outlives the process. */
  readonly durable: boolean;
  readonly open: (options: OpenOptions) => TE.TaskEither<StoreFailure, Open>;
};
