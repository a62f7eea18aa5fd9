import type { SchedulerAction, SchedulerLike, Subscription } from 'rxjs';

/** A scheduler that tells when the first of its timers begins to wait and when the last has stopped waiting. */
export const countingScheduler = (
  scheduler: SchedulerLike,
  { asleep, awake }: { readonly asleep: () => void; readonly awake: () => void },
): SchedulerLike => {
  let timers = 0;
  /** One more timer waits; the answer says that it waits no more. */
  const began = (): (() => void) => {
    let isOver = false;
    timers += 1;
    if (timers === 1) asleep();
    return () => {
      if (isOver) return;
      isOver = true;
      timers -= 1;
      if (timers === 0) awake();
    };
  };
  return {
    now: () => scheduler.now(),
    schedule<T>(
      work: (this: SchedulerAction<T>, state?: T) => void,
      delay = 0,
      state?: T,
    ): Subscription {
      let over = began();
      const timed = function timed(this: SchedulerAction<T>, given?: T): void {
        over();
        // Work that schedules itself again (an interval) begins to wait again.
        const schedule = this.schedule.bind(this);
        this.schedule = (next, pause) => {
          over = began();
          return schedule(next, pause);
        };
        work.call(this, given);
        this.schedule = schedule;
      };
      const subscription = scheduler.schedule<T>(timed, delay, state as T);
      subscription.add(() => over());
      return subscription;
    },
  };
};
