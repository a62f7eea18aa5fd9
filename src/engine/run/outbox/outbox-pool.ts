import { Subject, type Observable } from 'rxjs';
import type { Activity } from '../activity.ts';
import { workKey, type Work } from './outbox-table.ts';

/** Works under way, at most one of a lane. */
export type Pool = {
  readonly size: () => number;
  readonly isBusy: (lane: string) => boolean;
  /** Begins a work, which must not reject; `then` runs once its lane is free again. */
  readonly start: (work: Work, perform: () => Promise<void>, then: () => void) => void;
  /** Resolves once the work of a key is not under way. */
  readonly atRest: (key: string) => Promise<void>;
  /** The keys of works as they come to rest. */
  readonly rested: Observable<string>;
  readonly allAtRest: () => Promise<void>;
};

export const pool = (activity: Activity): Pool => {
  const underWay = new Map<string, { readonly key: string; readonly over: Promise<void> }>();
  const rested = new Subject<string>();
  return {
    size: () => underWay.size,
    isBusy: (lane) => underWay.has(lane),
    start: (work, perform, then) => {
      const [lane, key] = [work.lane, workKey(work)];
      const over = activity.during(async () => {
        await perform();
        underWay.delete(lane);
        rested.next(key);
        then();
      });
      underWay.set(lane, { key, over });
    },
    atRest: async (key) => {
      for (;;) {
        const same = [...underWay.values()].find((other) => other.key === key);
        if (same === undefined) return;
        await same.over;
      }
    },
    rested,
    allAtRest: async () => {
      await Promise.allSettled([...underWay.values()].map(({ over }) => over));
    },
  };
};
