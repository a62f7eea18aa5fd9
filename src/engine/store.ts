import type { Instant } from './clock.ts';
import type { TE } from './fp.ts';
import type { Stored } from './vocabulary.ts';

/** `category-id`: the category ends at the first dash. */
export type StreamName = `${string}-${string}`;

/** The place of an event in its stream, counted from 0. */
export type Revision = number;

/** The place of an event in the log: opaque, ordered by the store alone. */
export type Position = string;

/** Who, when and why; stored beside the payload. */
export type Metadata = {
  readonly at: Instant;
  /** In whose name the event stands; `clock` for what time alone has caused. */
  readonly actor: string;
  /** Whose command carried the event, where that is somebody else. */
  readonly sender?: string;
  readonly commandId: string;
  /** SHA-256 of the command's type and data. */
  readonly payloadHash: string;
  readonly correlationId: string;
  /** The event whose reaction or deadline sent the command; absent where a caller did. */
  readonly causationId?: string;
  /** By how much the clock was behind the stream's last event, or behind a deadline that it had reached before. */
  readonly skewMs?: number;
};

/** An event to be appended. */
export type Draft = Stored & { readonly id: string; readonly metadata: Metadata };

/** An event as it lies in the log. */
export type Envelope = Draft & {
  readonly stream: StreamName;
  readonly revision: Revision;
  readonly position: Position;
  /** SHA-256, as hex, of the canonical bytes of all that is stored of it but its position: see `eventHash`. */
  readonly hash: string;
  /** Why what lies there is not what an engine appended; then its payload decodes to nothing. Only on stores that others write to. */
  readonly unreadable?: string;
};

export type StoreFailure =
  | {
      readonly type: 'RevisionConflict';
      readonly stream: string;
      readonly expected: Revision | 'none';
      readonly actual: Revision | 'none';
    }
  | { readonly type: 'StreamDeleted'; readonly stream: string }
  | { readonly type: 'AppendTooLarge'; readonly size: number; readonly limit: number }
  | {
      readonly type: 'StoreUnavailable';
      readonly path: string;
      readonly reason: string;
      readonly remedy: string;
    }
  | {
      readonly type: 'StoreLocked';
      readonly path: string;
      readonly holder: string;
      readonly remedy: string;
    }
  | {
      readonly type: 'StoreCorrupt';
      readonly path: string;
      readonly reason: string;
      readonly remedy: string;
    }
  | {
      readonly type: 'StoreTooNew';
      readonly path: string;
      readonly found: number;
      readonly supported: number;
    }
  | {
      readonly type: 'StoreFull';
      readonly path: string;
      readonly reason: string;
      readonly remedy: string;
    }
  | {
      /** The log is shorter than what was read of it: an older copy was restored. Whoever goes on would miss what is new. */
      readonly type: 'StoreWentBack';
      readonly path: string;
      readonly stored: Position;
      /** Undefined: the log is empty. */
      readonly head: Position | undefined;
      readonly remedy: string;
    }
  | {
      /** What the store can never take, whoever tries again. */
      readonly type: 'AppendRefused';
      readonly stream: string;
      readonly reason: string;
      readonly remedy: string;
    }
  | {
      /** An optional library is not installed. */
      readonly type: 'AdapterUnavailable';
      readonly adapter: string;
      readonly remedy: string;
    }
  | { readonly type: 'StoreClosed'; readonly path: string };

/** What one append has written, or had written before: an equal repeat answers the first time's revisions. */
export type Appended = {
  readonly revision: Revision;
  readonly position: Position;
  readonly events: readonly Envelope[];
};

/** Events in log order, the position up to which the log has been seen, and whether that was its head. */
export type Page = {
  readonly events: readonly Envelope[];
  readonly position: Position;
  readonly caughtUp: boolean;
};

export type Subscription = {
  /** Events behind this position; undefined: from the beginning. */
  readonly after: Position | undefined;
  /** Only events of these types; undefined: all. */
  readonly types?: readonly string[];
  readonly pageSize?: number;
  readonly signal: AbortSignal;
};

/** The port of the log. Every adapter passes test/contracts/event-store.contract.ts. */
export type EventStore = {
  /** Says where the events are, for people. */
  readonly name: string;
  /** The events of a stream from a revision on, forwards (default) or backwards; a missing stream has none. */
  readonly read: (
    stream: StreamName,
    options?: { readonly from?: Revision; readonly backwards?: boolean; readonly limit?: number },
  ) => TE.TaskEither<StoreFailure, readonly Envelope[]>;
  /** All of them or none, directly behind `expected` ('none': the stream must not exist). Never called with no drafts. */
  readonly append: (
    stream: StreamName,
    expected: Revision | 'none',
    drafts: readonly Draft[],
  ) => TE.TaskEither<StoreFailure, Appended>;
  /** Pulled page by page: catch-up, then live. Ends when the signal aborts; a failure is thrown as `StoreFailed`. */
  readonly subscribe: (subscription: Subscription) => AsyncIterableIterator<Page>;
  /** Nobody else can append while this store is open: what this process has read of a stream stays all there is. */
  readonly isSoleWriter?: true;
  /** No other process appends, though several engines of this one may. Where neither is said, effects are claimed under leases. */
  readonly isShared?: false;
  /** The position of the last event; undefined: the log is empty. */
  readonly head: () => TE.TaskEither<StoreFailure, Position | undefined>;
  readonly compare: (a: Position, b: Position) => number;
  /** An event of a stream by its id, at any age, on stores that keep an index of ids. */
  readonly find?: (
    stream: StreamName,
    id: string,
  ) => TE.TaskEither<StoreFailure, Envelope | undefined>;
  /** Streams of a category (or all) in byte order with their last revision. */
  readonly streams: (options: {
    readonly category?: string;
    readonly after?: string;
    readonly limit: number;
  }) => TE.TaskEither<
    StoreFailure,
    readonly { readonly stream: StreamName; readonly revision: Revision }[]
  >;
};

/** A `StoreFailure` on its way through an async iterator. */
export class StoreFailed extends Error {
  override readonly name = 'StoreFailed';
  readonly failure: StoreFailure;
  constructor(failure: StoreFailure) {
    super(describeFailure(failure));
    this.failure = failure;
  }
}

/** A store failure as one line for people. */
export const describeFailure = (failure: { readonly type: string }): string => {
  const { type, ...facts } = failure;
  const rest = Object.entries(facts).map(([key, value]) => `${key} ${String(value)}`);
  return rest.length === 0 ? type : `${type}: ${rest.join(', ')}`;
};

/** Whether a failure is the store's own trouble, which says nothing about the command and may pass. */
export const isOutage = ({ type }: { readonly type: string }): boolean =>
  type === 'StoreFull' || type === 'StoreUnavailable';

/** The category of a stream's name, and its id; undefined where it has none. */
export const partsOf = (
  stream: string,
): { readonly category: string; readonly id: string } | undefined => {
  const dash = stream.indexOf('-');
  if (dash < 1 || dash === stream.length - 1) return undefined;
  return { category: stream.slice(0, dash), id: stream.slice(dash + 1) };
};

/** Who a command's events answer to: the sender where it differs from the actor. */
export const senderOf = ({ metadata }: { readonly metadata: Metadata }): string =>
  metadata.sender ?? metadata.actor;
