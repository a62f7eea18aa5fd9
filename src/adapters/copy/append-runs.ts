import { E } from '../../engine/fp.ts';
import {
  StoreFailed,
  type Appended,
  type Envelope,
  type EventStore,
  type Position,
  type StoreFailure,
} from '../../engine/store.ts';
import { differs, nameOf } from './failures.ts';

/** Texts of one append, in characters: less than a store takes in bytes. */
const RUN_SIZE = 128 * 1024;
/** Appends that may be under way at once in a store that nobody else writes: it keeps their order. */
const UNDER_WAY = 256;
/** An event and the size of its texts, in characters. */
export type Weighed = { readonly event: Envelope; readonly size: number };

/** Consecutive events of one stream, which are appended together. */
type Run = { readonly events: Envelope[]; size: number };

const check = (to: EventStore, { events }: Run, answer: E.Either<StoreFailure, Appended>): void => {
  const first = events[0]!; // a run is begun with its first event
  if (E.isLeft(answer)) {
    if (answer.left.type !== 'RevisionConflict') throw new StoreFailed(answer.left);
    const { actual } = answer.left;
    const reason = `${nameOf(first)} was to follow, but that stream is at ${actual}: somebody else writes there`;
    throw differs(to.name, reason);
  }
  events.forEach((event, index) => {
    if (answer.right.events[index]?.hash === event.hash) return;
    throw differs(to.name, `${nameOf(event)} does not come out as it was written`);
  });
};

/** Appends events in their order: gathered in runs, and where order is kept anyway, several runs at once. */
export const appender = (to: EventStore) => {
  const most = to.isSoleWriter === true ? UNDER_WAY : 1;
  let underWay: Promise<Position>[] = [];
  let run: Run = { events: [], size: 0 };
  let position: Position | undefined;
  const appended = async (sent: Run): Promise<Position> => {
    const { stream, revision } = sent.events[0]!; // only runs with events are sent
    const drafts = sent.events.map(({ id, type, version, data, metadata }) => {
      return { id, type, version, data, metadata };
    });
    const answer = await to.append(stream, revision === 0 ? 'none' : revision - 1, drafts)();
    check(to, sent, answer);
    return E.isRight(answer) ? answer.right.position : '';
  };
  const settle = async (): Promise<void> => {
    const done = await Promise.allSettled(underWay);
    underWay = [];
    for (const each of done) {
      if (each.status === 'rejected') throw each.reason;
      position = each.value;
    }
  };
  const send = async (): Promise<void> => {
    if (run.events.length > 0) underWay.push(appended(run));
    run = { events: [], size: 0 };
    if (underWay.length >= most) await settle();
  };
  return {
    take: async ({ event, size }: Weighed): Promise<void> => {
      const last = run.events.at(-1);
      const follows = last?.stream === event.stream && last.revision + 1 === event.revision;
      if (!follows || run.size + size > RUN_SIZE) await send();
      run.events.push(event);
      run.size += size;
    },
    /** Where the log ends when all is appended; undefined: nothing was. */
    finish: async (): Promise<Position | undefined> => {
      await send();
      await settle();
      return position;
    },
  };
};
