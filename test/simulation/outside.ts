import type { Faults } from './faults.ts';
import type { Process } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** What effects of one process need to reach what lies outside. */
export type Reach = {
  readonly process: Process;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
};

/**
 * A call to the outside world: it happens, and is answered, when the scheduler says so. It may fail before it happens or after; who
 * dies meanwhile hears nothing.
 */
export const calledOutside = <T>(
  { process, scheduler, faults }: Reach,
  name: string,
  happen: () => T,
): Promise<T> =>
  new Promise((resolve, reject) => {
    if (process.isDead()) return;
    const failed = () => reject(new Error(`${name} failed`));
    const run = () => {
      const fate = faults.ofEffect();
      if (fate === 'refused') return failed();
      const answer = happen();
      const told = () => (fate === 'lost' ? failed() : resolve(answer));
      return faults.isLate()
        ? void scheduler.add({ owner: process, name: `${process.name}: late ${name}`, run: told })
        : told();
    };
    scheduler.add({ owner: process, name: `${process.name}: ${name}`, run });
  });
