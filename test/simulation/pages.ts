import {
  StoreFailed,
  type EventStore,
  type Page,
  type Subscription,
} from '../../src/engine/store.ts';
import type { StoreParts } from './store.ts';

const over: IteratorResult<Page> = { done: true, value: undefined };

/** One page of a log as it is now, cut after so many events. */
const pageBehind = async (
  events: EventStore,
  { after, types }: Subscription,
  pageSize: number,
): Promise<Page> => {
  const { signal } = new AbortController();
  const pages = events.subscribe({
    after,
    signal,
    pageSize,
    ...(types === undefined ? {} : { types }),
  });
  const { value } = await pages.next();
  await pages.return?.();
  return value as Page; // a subscription that nobody ends has a next page
};

/**
 * A subscription whose pages are cut anywhere, come late or twice, and which may end with a failure. Like every store's it gives
 * nothing while nothing is new.
 */
export const simulatedPages = (
  inner: EventStore,
  subscription: Subscription,
  { scheduler, faults, process, head }: StoreParts,
): AsyncIterableIterator<Page> => {
  const { signal } = subscription;
  let [before, position, isTold, isOver] = [subscription.after, subscription.after, false, false];
  const isReady = (): boolean => !isTold || inner.compare(head(), position ?? '0') > 0;

  const next = (): Promise<IteratorResult<Page>> =>
    new Promise((resolve, reject) => {
      if (isOver || signal.aborted) return resolve(over);
      const label = `${process.name}: page behind ${position ?? 'the beginning'}`;
      const leave = () => {
        isOver = true;
        resolve(over);
        task.remove();
      };
      const give = (page: Page) => {
        signal.removeEventListener('abort', leave);
        if (!process.isDead()) resolve({ done: false, value: page });
      };
      const run = () => {
        const fault = faults.ofPage();
        if (fault === 'refused') {
          isOver = true;
          scheduler.note('  the subscription fails');
          return reject(new StoreFailed(faults.failure()));
        }
        const after = fault === 'again' ? before : position;
        void pageBehind(inner, { ...subscription, after }, faults.pageSize()).then((page) => {
          scheduler.note(`  ${page.events.length} events up to ${page.position}`);
          [before, position, isTold] = [after, page.position, page.caughtUp];
          if (!faults.isLate()) return give(page);
          return scheduler.add({ owner: process, name: `${label}, late`, run: () => give(page) });
        });
      };
      const task = scheduler.add({ owner: process, name: label, isReady, run });
      signal.addEventListener('abort', leave, { once: true });
    });
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next,
    return: async () => {
      isOver = true;
      return over;
    },
  };
};
