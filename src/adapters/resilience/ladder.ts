/** How good what is read can be: from the dependency, from memory, a stand-in, nothing. */
export type Rung = 'live' | 'stale' | 'default' | 'refuse';

/** When service becomes worse and better; times in milliseconds. */
export type LadderSettings = {
  /** Down a rung after so long without a healthy sign. */
  readonly downAfterMs: number;
  /** Up a rung after so long without an unhealthy one. */
  readonly upAfterMs: number;
  /** No rung is left before so long. */
  readonly dwellMs: number;
};

export type Health = 'healthy' | 'unhealthy';

/** The rung and since when; the latest sign, when it came, and since when it has been like that. Monotonic instants. */
export type LadderState = {
  readonly rung: Rung;
  readonly since: number;
  readonly health: Health;
  readonly signAt: number;
  readonly healthSince: number;
};

const RUNGS: readonly Rung[] = ['live', 'stale', 'default', 'refuse'];

export const topOfLadder: LadderState = {
  rung: 'live',
  since: -Infinity,
  health: 'healthy',
  signAt: -Infinity,
  healthSince: -Infinity,
};

/** One step of a ladder at a monotonic instant: a sign of health moves it by one rung at most. */
export const ladderStep = (
  { downAfterMs, upAfterMs, dwellMs }: LadderSettings,
  state: LadderState,
  health: Health,
  now: number,
): readonly [LadderState, Rung] => {
  const isDown = health === 'unhealthy';
  // Nothing is known of a time without signs: it is not held against the dependency.
  const isSilent = isDown && now - state.signAt > downAfterMs;
  const healthSince = health === state.health && !isSilent ? state.healthSince : now;
  const isLasting = now - healthSince >= (isDown ? downAfterMs : upAfterMs);
  const next = RUNGS[RUNGS.indexOf(state.rung) + (isDown ? 1 : -1)];
  if (!isLasting || now - state.since < dwellMs || next === undefined) {
    return [{ ...state, health, signAt: now, healthSince }, state.rung];
  }
  return [{ rung: next, since: now, health, signAt: now, healthSince }, next];
};
