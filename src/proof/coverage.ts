import { logCheckpointEvents } from '../domain/proof/log-checkpoint/events.ts';
import { E } from '../engine/fp.ts';
import type { Envelope, EventStore, StreamName } from '../engine/store.ts';
import { orFailed } from '../engine/run/consumer.ts';

/** What checkpoints cover of the leaves that are kept. */
export type Coverage = {
  /** The size of the last checkpoint; 0: there is none. */
  readonly covered: () => number;
  /** How many events no checkpoint covers, but for the events of checkpoints themselves. */
  readonly uncovered: () => number;
};

/** The size that an event of a checkpoint stream covers; undefined: it is no checkpoint. */
const sizeIn = (event: Envelope): number | undefined => {
  const decoded = logCheckpointEvents.decode(event);
  return E.isRight(decoded) && decoded.right.type === 'CheckpointSigned'
    ? decoded.right.data.size
    : undefined;
};

/** How many events of a checkpoint stream are looked through at once for the last checkpoint. */
const LOOKED_THROUGH = 16;

/** The size of the last checkpoint of a log; 0: there is none. */
export const lastCovered = async (events: EventStore, stream: StreamName): Promise<number> => {
  let from: number | undefined;
  for (;;) {
    const options = {
      backwards: true,
      limit: LOOKED_THROUGH,
      ...(from === undefined ? {} : { from }),
    };
    const page = orFailed(await events.read(stream, options)());
    const sizes = page.map(sizeIn).filter((size) => size !== undefined);
    if (sizes[0] !== undefined) return sizes[0];
    const last = page.at(-1);
    if (last === undefined || last.revision === 0) return 0;
    from = last.revision - 1;
  }
};

/** Counts what is kept against what is covered. `leaves` gives the streams of kept leaves from an index on. */
export const coverage = (stream: StreamName) => {
  let covered = 0;
  /** The indexes of leaves that no checkpoint covers, in order. */
  let open: number[] = [];
  const cover = (size: number): void => {
    covered = Math.max(covered, size);
    const first = open.findIndex((index) => index >= covered);
    open = first < 0 ? [] : open.slice(first);
  };
  return {
    covered: () => covered,
    uncovered: () => open.length,
    cover,
    /** Leaves were kept, the first of them at an index. */
    note: (first: number, events: readonly Envelope[]): void => {
      events.forEach((event, place) => {
        if (event.stream !== stream) open.push(first + place);
        else cover(sizeIn(event) ?? 0);
      });
    },
    /** Leaves that were kept before a start, from the index that is covered on. */
    restore: (leaves: Iterable<readonly [index: number, stream: string]>): void => {
      for (const [index, of] of leaves) if (of !== stream) open.push(index);
    },
  };
};

/** Whether a refusal says that another engine has signed meanwhile: its checkpoint will be seen. */
export const isNewer = ({ type }: { readonly type: string }): boolean => type === 'BaseOutdated';
