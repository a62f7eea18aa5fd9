import { E } from '../../src/engine/fp.ts';
import type { OpenStore, RowStore, Store } from '../../src/engine/rows.ts';
import type { Envelope, EventStore, StoreFailure } from '../../src/engine/store.ts';
import type { Fate, Faults } from './faults.ts';
import { simulatedPages } from './pages.ts';
import type { Process } from './process.ts';
import type { Scheduler } from './scheduler.ts';

export type StoreParts = {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly process: Process;
  /** Hears of every event that is written, in the order of the log. */
  readonly written: (events: readonly Envelope[]) => void;
  /** The position of the last event; '0': there is none. */
  readonly head: () => string;
  /** Whether the store keeps an index of ids. */
  readonly finds: boolean;
};

/** A log that others share and rows of one's own, for one process: every call is answered when the scheduler says so. */
export const simulatedStore = (log: Store, rows: Store, parts: StoreParts): Store => ({
  ...log,
  open: (options) => async () => {
    const [shared, own] = [await log.open(options)(), await rows.open(options)()];
    if (E.isLeft(shared)) return shared;
    if (E.isLeft(own)) return own;
    const store: OpenStore = {
      events: simulatedEvents(shared.right.events, parts),
      rows: simulatedRows(own.right.rows, parts),
      close: async () => {
        await shared.right.close();
        await own.right.close();
      },
    };
    return E.right(store);
  },
});

const simulatedEvents = (inner: EventStore, parts: StoreParts): EventStore => {
  const { faults, process, finds } = parts;
  const call = calling(parts);
  const reading =
    <T>(name: string, read: () => Promise<E.Either<StoreFailure, T>>) =>
    () =>
      call(name, async () => (faults.ofRead() === 'refused' ? E.left(faults.failure()) : read()));
  const { find } = inner;
  return {
    name: inner.name,
    compare: inner.compare,
    read: (stream, options) => reading(`read ${stream}`, inner.read(stream, options)),
    head: () => reading('head', inner.head()),
    streams: (options) => reading('streams', inner.streams(options)),
    ...(finds && find !== undefined
      ? { find: (stream, id) => reading(`find ${stream}`, find(stream, id)) }
      : {}),
    append: (stream, expected, drafts) => () =>
      call(
        `append ${stream} behind ${expected}: ${drafts.map(({ type }) => type).join(' ')}`,
        async () => {
          const fate = endured(process, faults.ofAppend());
          parts.scheduler.note(`  ${fate}`);
          if (fate === 'refused') return E.left(faults.failure());
          if (fate === 'diesBefore') return process.die('before an append');
          const answer = await inner.append(stream, expected, drafts)();
          if (E.isRight(answer)) parts.written(answer.right.events);
          else parts.scheduler.note(`  ${answer.left.type}`);
          if (fate === 'diesAfter') return process.die('after an append');
          return fate === 'lost' ? E.left(faults.failure()) : answer;
        },
      ),
    subscribe: (subscription) => simulatedPages(inner, subscription, parts),
  };
};

/** A call that happens in one step and is answered then, or in another; a dead process gets no answer. */
const calling =
  ({ scheduler, faults, process }: StoreParts) =>
  <T>(name: string, perform: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      if (process.isDead()) return;
      const answered = (answer: T): void => {
        if (process.isDead()) return;
        if (!faults.isLate()) return resolve(answer);
        const label = `${process.name}: late answer to ${name}`;
        scheduler.add({ owner: process, name: label, run: () => resolve(answer) });
      };
      const label = `${process.name}: ${name}`;
      scheduler.add({
        owner: process,
        name: label,
        run: () => void perform().then(answered, reject),
      });
    });

const simulatedRows = (inner: RowStore, { faults, process, scheduler }: StoreParts): RowStore => {
  const closed: StoreFailure = { type: 'StoreClosed', path: 'simulated' };
  const read = <T>(answer: () => E.Either<StoreFailure, T>): E.Either<StoreFailure, T> => {
    if (process.isDead()) return E.left(closed);
    return faults.ofRead() === 'refused' ? E.left(faults.failure()) : answer();
  };
  const write = <T>(
    name: string,
    answer: () => E.Either<StoreFailure, T>,
  ): E.Either<StoreFailure, T> => {
    if (process.isDead()) return E.left(closed);
    const fate = endured(process, faults.ofCommit());
    scheduler.note(`  ${process.name}: ${name} ${fate}`);
    if (fate === 'refused') return E.left(faults.failure());
    if (fate === 'diesBefore') {
      process.kill('before a commit of rows');
      return E.left(closed);
    }
    const written = answer();
    if (fate === 'diesAfter') process.kill('after a commit of rows');
    return fate === 'done' ? written : E.left(faults.failure());
  };
  return {
    get: (table, key) => read(() => inner.get(table, key)),
    page: (table, request) => read(() => inner.page(table, request)),
    where: (table, entry, request) => read(() => inner.where(table, entry, request)),
    checkpoint: (consumer) => read(() => inner.checkpoint(consumer)),
    commit: (batch) =>
      write(`commit ${batch.changes.length} rows${at(batch)}`, () => inner.commit(batch)),
    isListed: (table, entry, key) => read(() => inner.isListed(table, entry, key)),
    clear: (table) => write(`clear ${table}`, () => inner.clear(table)),
  };
};

const at = ({ checkpoint }: Parameters<RowStore['commit']>[0]): string =>
  checkpoint === undefined
    ? ''
    : ` of ${checkpoint.consumer} at ${checkpoint.value?.position ?? 'nothing'}`;

const endured = (process: Process, fate: Fate): Fate =>
  process.isSpared() && fate.startsWith('dies') ? 'refused' : fate;
