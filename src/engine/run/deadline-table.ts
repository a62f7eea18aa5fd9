import type { Instant } from '../clock.ts';
import { orFailed } from './consumer.ts';
import type { Command } from '../decider.ts';
import type { RowChange, RowStore } from '../rows.ts';
import type { StreamName } from '../store.ts';

/** A deadline as it is kept: until when, which command for which stream, and the event after which it was found. */
export type Deadline = {
  readonly at: Instant;
  readonly stream: StreamName;
  readonly revision: number;
  readonly target: string;
  readonly command: Command;
  readonly causationId: string;
  readonly correlationId: string;
};

/** A stream of which nothing falls due in time, and why. */
export type Stuck = { readonly stream: StreamName; readonly cause: string };

/** Deadlines in the order in which they fall due; per stream, the keys of those it waits for. */
const DEADLINES = 'deadlines';
const STREAMS = 'deadlineStreams';
export const DEADLINE_TABLES = [DEADLINES, STREAMS];

/** What is known of a stream: after which revision, the keys of its deadlines, and why it could not be looked at since. */
type StreamRow = {
  readonly revision: number;
  readonly keys: readonly string[];
  readonly unreadable?: string;
};
const UNREADABLE = { index: 'unreadable', value: 'yes' };

/** Ordered like the deadlines: by instant, stream and command type. */
const keyOf = ({ at, stream, command, target }: Deadline): string =>
  [String(at).padStart(16, '0'), stream, command.type, target].join('\u0001');

export type KeyedDeadline = { readonly key: string; readonly deadline: Deadline };

export type DeadlineTable = {
  /** The first deadlines, whether or not they are due. */
  readonly first: (limit: number) => readonly KeyedDeadline[];
  readonly has: (key: string) => boolean;
  readonly revisionOf: (stream: StreamName) => number | undefined;
  /** The changes by which a stream's deadlines become these. */
  readonly replaced: (
    stream: StreamName,
    revision: number,
    deadlines: readonly Deadline[],
  ) => readonly RowChange[];
  /** The change that notes why a stream cannot be looked at; its deadlines stay. */
  readonly unreadable: (stream: StreamName, cause: string) => readonly RowChange[];
  readonly unreadableStreams: (limit: number, after?: StreamName) => readonly Stuck[];
  /** Removes the deadlines whose commands have been answered and that are still the same. */
  readonly answered: (kept: readonly KeyedDeadline[]) => void;
};

export const deadlineTable = (rows: RowStore): DeadlineTable => {
  // Only this table writes under these names.
  const known = (stream: StreamName) =>
    orFailed(rows.get(STREAMS, stream)) as StreamRow | undefined;
  return {
    first: (limit) =>
      orFailed(rows.page(DEADLINES, { limit })).map(({ key, row }) => ({
        key,
        deadline: row as Deadline,
      })),
    has: (key) => orFailed(rows.get(DEADLINES, key)) !== undefined,
    revisionOf: (stream) => known(stream)?.revision,
    replaced: (stream, revision, deadlines) => {
      const kept = deadlines.map((deadline) => ({ key: keyOf(deadline), row: deadline }));
      const keys = kept.map(({ key }) => key);
      const gone = (known(stream)?.keys ?? []).filter((key) => !keys.includes(key));
      return [
        ...gone.map(removal),
        ...kept.map(({ key, row }) => ({ table: DEADLINES, key, row, entries: [] })),
        { table: STREAMS, key: stream, row: { revision, keys } satisfies StreamRow, entries: [] },
      ];
    },
    unreadable: (stream, cause) => {
      const { revision, keys } = known(stream) ?? { revision: -1, keys: [] };
      const row = { revision, keys, unreadable: cause } satisfies StreamRow;
      return [{ table: STREAMS, key: stream, row, entries: [UNREADABLE] }];
    },
    unreadableStreams: (limit, after) => {
      const page = after === undefined ? { limit } : { limit, after };
      return orFailed(rows.where(STREAMS, UNREADABLE, page)).map(({ key, row }) => ({
        stream: key as StreamName,
        cause: (row as StreamRow).unreadable ?? '',
      }));
    },
    answered: (kept) => {
      const changes = kept.filter((each) => isSame(rows, each)).map(({ key }) => removal(key));
      if (changes.length > 0) orFailed(rows.commit({ changes }));
    },
  };
};

const isSame = (rows: RowStore, { key, deadline }: KeyedDeadline): boolean => {
  const row = orFailed(rows.get(DEADLINES, key)) as Deadline | undefined;
  return row?.revision === deadline.revision;
};

const removal = (key: string): RowChange => ({
  table: DEADLINES,
  key,
  row: undefined,
  entries: [],
});
