import { ignore } from './lane.ts';

/** Wakes whoever waits. */
export const waking = () => {
  let wake = ignore;
  return {
    wake: () => wake(),
    next: (signal: AbortSignal): Promise<void> =>
      new Promise((resolve) => {
        const leave = () => {
          signal.removeEventListener('abort', leave);
          wake = ignore;
          resolve();
        };
        if (signal.aborted) return resolve();
        signal.addEventListener('abort', leave, { once: true });
        wake = leave;
      }),
  };
};
