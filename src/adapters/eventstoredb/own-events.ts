import type { Filter } from '@eventstore/db-client';
import { partsOf, type StreamName } from '../../engine/store.ts';
import type { Library } from './library.ts';
import type { LogPosition } from './position.ts';

type Placed = { readonly streamId: string; readonly type: string };

/** With this type the server ends a stream for ever. */
export const STREAM_DELETED = '$streamDeleted';

/** Which of the events of a server that others may use too are the engine's. */
export type Own = {
  readonly isOwn: (event: Placed) => boolean;
  /** Those, and the ends of our streams: what the log is followed up to. */
  readonly isOurs: (event: Placed) => boolean;
  /** The same for the server, as far as a filter can say it. */
  readonly filter: (library: Library, passed: (position: LogPosition) => void) => Filter;
};

/** Whether a name is one that streams of an engine have. */
export const isStreamName = (name: string): name is StreamName => partsOf(name) !== undefined;

/** How many windows of 32 events the server looks through between two positions that it tells. */
const CHECKPOINT_INTERVAL = 32;

/** Streams of these categories; undefined: all but the server's own. */
export const ownEvents = (categories: readonly string[] | undefined): Own => {
  const known = categories === undefined ? undefined : new Set(categories);
  const isOurStream = (name: string): boolean => {
    const parts = name.startsWith('$') ? undefined : partsOf(name);
    return parts !== undefined && (known === undefined || known.has(parts.category));
  };
  return {
    isOwn: ({ streamId, type }) => !type.startsWith('$') && isOurStream(streamId),
    isOurs: ({ streamId, type }) =>
      (type === STREAM_DELETED || !type.startsWith('$')) && isOurStream(streamId),
    filter: ({ streamNameFilter }, passed) => {
      const common = {
        checkpointInterval: CHECKPOINT_INTERVAL,
        checkpointReached: (_: unknown, position: LogPosition) => passed(position),
      };
      return categories === undefined
        ? streamNameFilter({ ...common, regex: '^[^$].*' })
        : streamNameFilter({ ...common, prefixes: categories.map((name) => `${name}-`) });
    },
  };
};
