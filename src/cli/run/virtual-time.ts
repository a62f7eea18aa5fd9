import type { Instant, VirtualClock } from '../../engine/clock.ts';
import type { Engine } from '../../engine/run/engine.ts';

/** Where a store's virtual clock stood and its log ended when that was last noted. */
type Reached = { readonly at: Instant; readonly position: string };

const KEY = 'last';

const reached = (engine: Engine) => engine.journal<Reached>('runEnds');

/** Notes where the clock stands, for the run that goes on from here. */
export const noteClock = async (engine: Engine): Promise<void> => {
  const { head } = await engine.status();
  if (head !== undefined) reached(engine).put(KEY, { at: engine.now(), position: head });
};

/** Goes on where this store's last run ended; what that left unsettled settles first. */
export const resume = async (engine: Engine, clock: VirtualClock | undefined): Promise<void> => {
  if (clock === undefined) return engine.settle();
  clock.moveTo(await reachedIn(engine));
  return engine.runUntil(clock.now());
};

/** Where virtual time goes on: at the later of what was noted and what has been written since. */
const reachedIn = async (engine: Engine): Promise<Instant> => {
  const noted = reached(engine).get(KEY);
  return Math.max(noted?.at ?? 0, await latestInLog(engine, noted?.position));
};

const latestInLog = async (engine: Engine, after: string | undefined): Promise<Instant> => {
  const aborted = new AbortController();
  let latest = 0;
  for await (const page of engine.log({ after, signal: aborted.signal })) {
    for (const { metadata } of page.events) latest = Math.max(latest, metadata.at);
    if (page.caughtUp) break;
  }
  aborted.abort();
  return latest;
};

const FIRST_STEP_MS = 1_000;

const over = (): boolean => true;

const isOver = (clock: VirtualClock, work: Promise<unknown>): Promise<boolean> => {
  return Promise.race([work.then(over, over), clock.breathe().then(() => false)]);
};

/** Waits for work that may wait for the clock: a virtual one is moved, and only while the work is not done. */
export const advance = async <T>(
  engine: Engine,
  clock: VirtualClock | undefined,
  work: Promise<T>,
): Promise<T> => {
  if (clock === undefined) return work;
  await engine.settle();
  for (let step = FIRST_STEP_MS; !(await isOver(clock, work)); step *= 2) {
    await engine.runUntil(clock.now() + step);
  }
  await engine.settle();
  await noteClock(engine);
  return work;
};
