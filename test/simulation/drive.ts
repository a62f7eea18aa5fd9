import type { Running } from './engines.ts';
import { START } from './engines.ts';
import type { Line } from './workload.ts';
import type { World } from './world.ts';

const MINUTE = 60_000;

/** How many commands may wait for their answers at once, by seed. */
const crowds = [1, 3, 8, 20];

/** Time passes until the nearest timer of any engine; false: none waits. */
const untilNextTimer = ({ running, pass }: World): boolean => {
  const waits = running().flatMap(({ process }) => process.clock.nextTimerIn() ?? []);
  if (waits.length === 0) return false;
  pass(Math.min(...waits));
  return true;
};

/** The next command: a new one, or one that was sent before, under the same id or with something else under it. */
const nextLine = ({ scheduler: { chance }, callers, workload, log, now }: World): Line => {
  const sent = callers.calls;
  if (sent.length > 0 && chance.percent(18)) {
    const lost = sent.filter(({ outcome }) => outcome === undefined);
    const { line } = chance.pick(lost.length > 0 && chance.percent(60) ? lost : sent);
    const command = chance.percent(15) ? workload.altered(line.command) : undefined;
    return command === undefined ? line : { ...line, command };
  }
  const id = `c${sent.length}`;
  return { ...workload.line({ log, now: now(), chance }), id };
};

/** The clock of an engine goes wrong, or all sleep until about when something falls due. */
const clocksMove = (world: World, isJumpy: boolean): void => {
  const { scheduler, running, jump, now } = world;
  const { chance } = scheduler;
  const all = running();
  if (all.length === 0) return;
  const due = all.flatMap(({ engine }) => pendingOf(engine));
  if (due.length > 0 && chance.percent(50)) {
    const ms = Math.max(0, chance.pick(due) + chance.int(-1, 1) - now());
    for (const each of all) jump(each, ms);
    return;
  }
  const longest = chance.pick([50, 5_000, MINUTE, 60 * MINUTE]);
  jump(chance.pick(all), chance.int(isJumpy ? -longest : 0, longest));
};

/** When deadlines fall due, if the engine can say it now. */
const pendingOf = (engine: Running['engine']): readonly number[] => {
  try {
    return engine.deadlines(5).map(({ at }) => at);
  } catch {
    return [];
  }
};

type Move = readonly [permille: number, move: (world: World) => void];

/** What happens beside the steps of the engines, and how often. */
const movesOf = (world: World): readonly Move[] => {
  const { chance } = world.scheduler;
  const crowd = chance.pick(crowds);
  const isJumpy = chance.percent(50);
  const hasKills = chance.percent(60);
  return [
    [
      chance.pick([40, 120, 250]),
      ({ running, callers }) => {
        const up = running();
        if (up.length === 0 || callers.open() >= crowd) return;
        const { engine, process } = chance.pick(up);
        callers.send(engine, process, nextLine(world));
      },
    ],
    [chance.pick([5, 40]), (here) => void untilNextTimer(here)],
    [chance.pick([0, 4, 15]), (here) => clocksMove(here, isJumpy)],
    [
      60,
      ({ places, now }) => {
        const down = places.filter((place) => place.isDown());
        const skew = isJumpy ? chance.int(-5_000, 5_000) : 0;
        if (down.length > 0) chance.pick(down).start(now() + skew);
      },
    ],
    [
      hasKills ? 4 : 0,
      ({ running }) => {
        const up = running();
        if (up.length > 0) chance.pick(up).process.kill('from outside');
      },
    ],
    [
      hasKills ? 2 : 0,
      ({ places, close, bug }) => {
        const up = places.filter((place) => place.running() !== undefined);
        if (up.length > 0) close(chance.pick(up)).catch(bug);
      },
    ],
    [chance.pick([0, 2]), ({ faults }) => faults.fillDisk(chance.percent(30))],
  ];
};

/** Lives through all that a seed brings. */
export const live = async (world: World): Promise<void> => {
  const { scheduler, places, callers, workload } = world;
  const { chance } = scheduler;
  const commands = chance.pick(workload.commands);
  const moves = movesOf(world);
  for (const place of places) place.start(START);
  await scheduler.rest();
  for (let rounds = 0; callers.calls.length < commands && rounds < 8_000; rounds += 1) {
    let isMoved = false;
    for (const [permille, move] of moves) {
      if (chance.int(1, 1_000) > permille) continue;
      move(world);
      isMoved = true;
      await scheduler.rest();
    }
    if (!isMoved && !(await scheduler.step()) && chance.percent(30)) untilNextTimer(world);
  }
};

/** More than this many steps, or waits, after the last fault: it will never end. */
const MOST_STEPS = 60_000;
const MOST_WAITS = 4_000;

/** After the last fault every engine is started, time goes on past every deadline, and all comes to rest. */
export const settleDown = async (world: World): Promise<void> => {
  const { scheduler, faults, places, now, running } = world;
  scheduler.note('no more faults');
  faults.stop();
  const last = scheduler.steps() + MOST_STEPS;
  for (let waits = 0; waits < MOST_WAITS && scheduler.steps() < last;) {
    if (await scheduler.step()) continue;
    const down = places.filter((place) => place.isDown());
    for (const place of down) place.start(now());
    await scheduler.rest();
    if (down.length > 0) continue;
    waits += 1;
    const due = Math.min(...running().flatMap(({ engine }) => pendingOf(engine)));
    // Nobody waits for years: the clocks are set to just before what falls due next.
    const behind =
      due === Infinity ? 0 : due - Math.min(...running().map(({ engine }) => engine.now()));
    if (behind > MINUTE) for (const each of running()) world.jump(each, behind - 1);
    if (!untilNextTimer(world)) return;
    await scheduler.rest();
  }
  throw new Error(`liveness: no rest after ${scheduler.steps() - last + MOST_STEPS} steps`);
};

/** Lets steps and time go on until a promise is settled. */
export const driven = async <T>(world: World, what: string, promise: Promise<T>): Promise<T> => {
  const state = { isSettled: false };
  const settled = promise.finally(() => {
    state.isSettled = true;
  });
  settled.catch(() => undefined);
  await world.scheduler.rest();
  for (let steps = 0; !state.isSettled && steps < MOST_STEPS; steps += 1) {
    if (await world.scheduler.step()) continue;
    if (!untilNextTimer(world)) break;
    await world.scheduler.rest();
  }
  if (!state.isSettled) throw new Error(`liveness: ${what} never ends`);
  return settled;
};
