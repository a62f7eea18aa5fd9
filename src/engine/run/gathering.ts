import type { Clock } from '../clock.ts';

/** Waits a moment in which the log may grow, so that many appends make one page; all who wait at once wait together. */
export type Gathering = () => Promise<void>;

/** Turns of the event loop: in so many a busy engine appends a few dozen times, an idle one goes through them at once. */
const TURNS = 24;

export const gathering = ({ breathe }: Pick<Clock, 'breathe'>): Gathering => {
  let moment: Promise<void> | undefined;
  const passed = async (): Promise<void> => {
    for (let turn = 0; turn < TURNS; turn += 1) await breathe();
    moment = undefined;
  };
  return () => (moment ??= passed());
};
