import { systemClock, type Clock } from '../../src/index.ts';

/** The machine's clock, which can be put forward. */
export type ShiftedClock = Clock & { readonly putForward: (ms: number) => void };

export const shiftedClock = (): ShiftedClock => {
  const clock = systemClock();
  let ahead = 0;
  return {
    ...clock,
    now: () => clock.now() + ahead,
    putForward: (ms) => {
      ahead += ms;
    },
  };
};
