import { E, TE, pipe } from '../../src/engine/fp.ts';
import type { OpenStore, Store } from '../../src/engine/rows.ts';
import type { Page } from '../../src/engine/store.ts';

/** A store whose process may die: from then on it answers nothing any more, as after kill -9. */
export type Mortal = {
  readonly store: Store;
  /** Dies at an append, after `appends` others: before it is written, or after, unacknowledged. */
  readonly dieAfter: (appends: number, isWritten: boolean) => void;
  readonly isDead: () => boolean;
  /** Resolves when it has died. */
  readonly died: Promise<void>;
  /** Gives free what the dead process held. */
  readonly bury: () => Promise<void>;
};

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** Turns of the event loop in which what a dead process had begun comes to an end. */
const LAST_TURNS = 20;

export const mortal = (inner: Store): Mortal => {
  const { promise: died, resolve } = Promise.withResolvers<void>();
  let [isDead, fuse, isWritten]: [boolean, number, boolean] = [false, Infinity, false];
  let open: OpenStore | undefined;
  const die = () => {
    isDead = true;
    resolve();
  };
  const alive = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isDead) return never();
    const result = await work();
    return isDead ? never() : result;
  };

  const lives = ({ events, rows }: OpenStore): OpenStore => ({
    rows,
    close: () => alive(async () => open?.close()),
    events: {
      ...events,
      read: (stream, options) => () => alive(events.read(stream, options)),
      head: () => () => alive(events.head()),
      streams: (options) => () => alive(events.streams(options)),
      ...(events.find === undefined
        ? {}
        : { find: (stream, id) => () => alive(events.find!(stream, id)) }),
      append: (stream, expected, drafts) => () =>
        alive(async () => {
          fuse -= 1;
          if (fuse >= 0) return events.append(stream, expected, drafts)();
          if (isWritten) await events.append(stream, expected, drafts)();
          die();
          return never();
        }),
      subscribe: (subscription) => {
        const pages = events.subscribe(subscription);
        const guarded: AsyncIterableIterator<Page> = {
          [Symbol.asyncIterator]: () => guarded,
          next: () => alive(() => pages.next()),
          return: async () => {
            if (!isDead) await pages.return?.();
            return { done: true, value: undefined };
          },
        };
        return guarded;
      },
    },
  });

  return {
    store: {
      ...inner,
      open: (options) =>
        pipe(
          inner.open(options),
          TE.map((opened) => {
            open = opened;
            return lives(opened);
          }),
        ),
    },
    dieAfter: (appends, written) => {
      [fuse, isWritten] = [appends, written];
    },
    isDead: () => isDead,
    died,
    bury: async () => {
      die();
      for (let turn = 0; turn < LAST_TURNS; turn += 1) {
        await new Promise((done) => setImmediate(done));
      }
      await open?.close();
    },
  };
};

/** Read models beside one process, on a log that others share. */
export const sharing = (log: Store, own: Store): Store => ({
  ...log,
  open: (options) => async () => {
    const [shared, beside] = [await log.open(options)(), await own.open(options)()];
    if (E.isLeft(shared)) return shared;
    if (E.isLeft(beside)) return beside;
    const close = async () => {
      await shared.right.close();
      await beside.right.close();
    };
    return E.right({ events: shared.right.events, rows: beside.right.rows, close });
  },
});

/** Counts what is appended, and how often somebody else was first. */
export const counting = (inner: Store) => {
  let [appends, conflicts] = [0, 0];
  const store: Store = {
    ...inner,
    open: (options) =>
      pipe(
        inner.open(options),
        TE.map((opened) => ({
          ...opened,
          events: {
            ...opened.events,
            append: (stream, expected, drafts) => async () => {
              const answer = await opened.events.append(stream, expected, drafts)();
              appends += 1;
              if (E.isLeft(answer) && answer.left.type === 'RevisionConflict') conflicts += 1;
              return answer;
            },
          },
        })),
      ),
  };
  return { store, appends: () => appends, conflicts: () => conflicts };
};
