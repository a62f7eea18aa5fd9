import type { Clock } from '../engine/clock.ts';
import type { CompanionOf } from '../engine/run/companion.ts';
import { orFailed } from '../engine/run/consumer.ts';
import type { StreamName } from '../engine/store.ts';
import { checkpointCutter, type Proving } from './checkpoint-cutter.ts';
import { coverage, lastCovered } from './coverage.ts';
import { leafKeeper } from './leaf-keeper.ts';

/** How long new events gather at the head of the log before they become leaves, in milliseconds. */
const GATHER_MS = 100;

/** Keeps the tree over an engine's log beside it, and signs its roots. */
export const proofCompanion =
  (proving: Proving): CompanionOf =>
  ({ instance, store, clock, sha256, activity, dispatch }) => {
    const stream: StreamName = `logCheckpoint-${instance}`;
    const covering = coverage(stream);
    const pause = pausing(clock);
    let isRestored = false;
    const keeper = leafKeeper({
      instance,
      store,
      sha256,
      gather: pause.wait,
      kept: (first, events) => {
        covering.note(first, events);
        cutter.kept();
      },
    });
    const parts = { instance, clock, activity, dispatch, keeper, coverage: covering };
    const cutter = checkpointCutter({ ...proving, ...parts });
    /** Learns once what was covered and kept before this start; what follows is told by the keeper. */
    const restored = async (): Promise<void> => {
      if (isRestored) return;
      const size = await lastCovered(store.events, stream);
      if (isRestored) return;
      isRestored = true;
      covering.cover(size);
      covering.restore(keeper.leavesFrom(size));
      cutter.kept();
    };
    const advance: typeof keeper.advance = async (target) => {
      await restored();
      await keeper.advance(target);
    };
    const toTheHead = async (): Promise<void> => {
      const head = orFailed(await store.events.head()());
      if (head !== undefined) await advance(head);
    };
    return {
      name: 'proofs',
      position: keeper.position,
      failure: () => keeper.failure() ?? cutter.failure(),
      advance,
      follow: (failed) => {
        restored().then(() => keeper.follow(failed), failed);
      },
      stop: async () => {
        try {
          await toTheHead();
          await cutter.stop();
          await toTheHead();
        } finally {
          pause.end();
          await keeper.stop();
        }
      },
    };
  };

/** A pause at the head of the log that nobody has to wait for once it is over. */
const pausing = ({ scheduler }: Pick<Clock, 'scheduler'>) => {
  let isOver = false;
  let timer: ReturnType<Clock['scheduler']['schedule']> | undefined;
  let woken: (() => void) | undefined;
  return {
    wait: (): Promise<void> =>
      new Promise((resolve) => {
        if (isOver) return resolve();
        woken = resolve;
        timer = scheduler.schedule(() => resolve(), GATHER_MS);
      }),
    end: (): void => {
      isOver = true;
      timer?.unsubscribe();
      woken?.();
    },
  };
};
