import type { Instant } from '../clock.ts';
import { lapsed } from '../decide.ts';
import { E, TE, pipe } from '../fp.ts';
import { replay, type HistoryFailure } from '../replay.ts';
import {
  partsOf,
  type Envelope,
  type EventStore,
  type Revision,
  type StoreFailure,
  type StreamName,
} from '../store.ts';
import type { Runnable, Status } from '../subsystem.ts';

/** A point in a stream's life: after the event of a revision, or at an instant. */
export type Point = { readonly revision: Revision } | { readonly instant: Instant };

/** A stream's state at a point; revision undefined: nothing had been written. */
export type StateAt<State = Status> = {
  readonly state: State;
  readonly revision: Revision | undefined;
  /** What time alone had caused by then without being recorded yet. */
  readonly lapsed: number;
};

const PAGE = 2_000;

/** All events of a stream from a revision on, in order. */
export const historyOf = (
  events: EventStore,
  stream: StreamName,
  from: Revision = 0,
): TE.TaskEither<StoreFailure, readonly Envelope[]> =>
  pipe(
    events.read(stream, { from, limit: PAGE }),
    TE.flatMap((page) => {
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return TE.right(page);
      return pipe(
        historyOf(events, stream, last.revision + 1),
        TE.map((rest) => [...page, ...rest]),
      );
    }),
  );

const isWithin = (point: Point) => (envelope: Envelope) =>
  'revision' in point ? envelope.revision <= point.revision : envelope.metadata.at <= point.instant;

/** The state at a point, folded from the stored history; at an instant, what time alone has caused by then is shown. */
export const stateAt = (
  { events, instance }: { readonly events: EventStore; readonly instance: string },
  subsystem: Runnable,
  stream: StreamName,
  point: Point | undefined,
): TE.TaskEither<StoreFailure | HistoryFailure, StateAt> =>
  pipe(
    historyOf(events, stream),
    TE.map((history) => (point === undefined ? history : history.filter(isWithin(point)))),
    TE.flatMap((history) => {
      const folded = replay(subsystem, structuredClone(subsystem.decider.initial), history);
      if (E.isLeft(folded)) return TE.left(folded.left);
      const revision = history.at(-1)?.revision;
      if (point === undefined || !('instant' in point)) {
        return TE.right({ state: folded.right, revision, lapsed: 0 });
      }
      const self = { stream, id: partsOf(stream)?.id ?? '', instance };
      const after = lapsed(subsystem, folded.right, { at: point.instant, self });
      return TE.right({ state: after.state, revision, lapsed: after.events.length });
    }),
  );
