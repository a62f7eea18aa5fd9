import type { Clock, Instant } from '../clock.ts';
import { lapsed } from '../decide.ts';
import { E, type TE } from '../fp.ts';
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

/** Where histories are read from; `breathe` lets others run between two pages. */
export type Histories = {
  readonly instance: string;
  readonly events: EventStore;
  readonly clock: Pick<Clock, 'breathe'>;
};

const PAGE = 500;

/** Hands a stream's events from a revision on to `take`, page by page, until they end or it has enough. */
const paged = async <Failure>(
  { events, clock }: Histories,
  stream: StreamName,
  from: Revision,
  take: (page: readonly Envelope[]) => E.Either<Failure, 'more' | 'enough'>,
): Promise<E.Either<StoreFailure | Failure, void>> => {
  let next = from;
  for (;;) {
    const page = await events.read(stream, { from: next, limit: PAGE })();
    if (E.isLeft(page)) return page;
    const taken = take(page.right);
    if (E.isLeft(taken)) return taken;
    const last = page.right.at(-1);
    if (taken.right === 'enough' || last === undefined || page.right.length < PAGE) {
      return E.right(undefined);
    }
    next = last.revision + 1;
    await clock.breathe();
  }
};

/** All events of a stream from a revision on, in order. */
export const historyOf =
  (
    histories: Histories,
    stream: StreamName,
    from: Revision = 0,
  ): TE.TaskEither<StoreFailure, readonly Envelope[]> =>
  async () => {
    const all: Envelope[] = [];
    const read = await paged<never>(histories, stream, from, (page) => {
      all.push(...page);
      return E.right('more');
    });
    return E.isLeft(read) ? read : E.right(all);
  };

const isWithin = (point: Point | undefined, envelope: Envelope): boolean => {
  if (point === undefined) return true;
  return 'revision' in point
    ? envelope.revision <= point.revision
    : envelope.metadata.at <= point.instant;
};

/** The state at a point, folded from the stored history; at an instant, what time alone has caused by then is shown. */
export const stateAt =
  (
    histories: Histories,
    subsystem: Runnable,
    stream: StreamName,
    point: Point | undefined,
  ): TE.TaskEither<StoreFailure | HistoryFailure, StateAt> =>
  async () => {
    let state = structuredClone(subsystem.decider.initial);
    let revision: Revision | undefined;
    const read = await paged<HistoryFailure>(histories, stream, 0, (page) => {
      const wanted = page.filter((envelope) => isWithin(point, envelope));
      const folded = replay(subsystem, state, wanted);
      if (E.isLeft(folded)) return folded;
      state = folded.right;
      revision = wanted.at(-1)?.revision ?? revision;
      return E.right(wanted.length < page.length ? 'enough' : 'more');
    });
    if (E.isLeft(read)) return read;
    if (point === undefined || 'revision' in point) return E.right({ state, revision, lapsed: 0 });
    const self = { stream, id: partsOf(stream)?.id ?? '', instance: histories.instance };
    const after = lapsed(subsystem, state, { at: point.instant, self });
    return E.right({ state: after.state, revision, lapsed: after.events.length });
  };
