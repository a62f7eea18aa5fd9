import { callsIn, counted, emptyWindow, markedIn, slide, type Window } from './window.ts';

/** When a breaker opens and closes; times in milliseconds. */
export type BreakerSettings = {
  /** So many failures in a row, all of them within `windowMs`, open. */
  readonly failuresInRow: number;
  /** So large a share of the calls of `windowMs` opens, in ppm, ... */
  readonly failurePpm: number;
  /** ... if there are at least so many. */
  readonly minCalls: number;
  readonly windowMs: number;
  /** How long it stays open at first; twice as long after each failed trial, up to `maxOpenMs`. */
  readonly openMs: number;
  readonly maxOpenMs: number;
  /** How many trials may be under way at once while half open. */
  readonly permits: number;
  readonly successesToClose: number;
  /** A trial without a result gives its permit back after so long. */
  readonly reclaimMs: number;
  /** A call that takes so long or longer is a failure. */
  readonly slowMs: number | 'off';
};

/** The leave to make one call. */
export type Permit = { readonly generation: number; readonly id: number };

type Admitted = { readonly type: 'Admitted'; readonly permit: Permit };

type Closed = {
  readonly status: 'Closed';
  readonly generation: number;
  /** Monotonic instants of the latest failures without a success between them. */
  readonly row: readonly number[];
  readonly window: Window;
  /** What every call is answered: all of a generation share it. */
  readonly admitted: Admitted;
};
type Open = {
  readonly status: 'Open';
  readonly generation: number;
  readonly until: number;
  readonly failedTrials: number;
};
type HalfOpen = {
  readonly status: 'HalfOpen';
  readonly generation: number;
  readonly failedTrials: number;
  readonly successes: number;
  readonly nextId: number;
  readonly held: readonly { readonly id: number; readonly reclaimAt: number }[];
};

export type BreakerState = Closed | Open | HalfOpen;

/** What a call says of the dependency: callers' mistakes and aborts are `ignored`. */
export type Verdict = 'success' | 'failure' | 'ignored';

export type BreakerInput =
  | { readonly type: 'Ask' }
  | {
      readonly type: 'Settle';
      readonly permit: Permit;
      readonly verdict: Verdict;
      readonly tookMs: number;
    };

/** `until`: the monotonic instant before which asking again is in vain. */
export type BreakerDecision =
  Admitted | { readonly type: 'Refused'; readonly until: number } | { readonly type: 'Noted' };

type Stepped = readonly [BreakerState, BreakerDecision];

const BUCKETS = 10;
const noRow: readonly number[] = [];
const noted: BreakerDecision = { type: 'Noted' };

const closed = (generation: number): Closed => ({
  status: 'Closed',
  generation,
  row: noRow,
  window: emptyWindow,
  admitted: { type: 'Admitted', permit: { generation, id: 0 } },
});

export const closedBreaker: BreakerState = closed(0);

const opened = (
  { openMs, maxOpenMs }: BreakerSettings,
  generation: number,
  failedTrials: number,
  now: number,
): Open => ({
  status: 'Open',
  generation: generation + 1,
  until: now + Math.min(openMs * 2 ** failedTrials, maxOpenMs),
  failedTrials,
});

const askHalfOpen = (settings: BreakerSettings, state: HalfOpen, now: number): Stepped => {
  const held = state.held.filter(({ reclaimAt }) => reclaimAt > now);
  const { generation, nextId: id } = state;
  const [oldest] = held;
  if (oldest !== undefined && held.length >= settings.permits) {
    return [
      { ...state, held },
      { type: 'Refused', until: oldest.reclaimAt },
    ];
  }
  const trial = { id, reclaimAt: now + settings.reclaimMs };
  return [
    { ...state, nextId: id + 1, held: [...held, trial] },
    { type: 'Admitted', permit: { generation, id } },
  ];
};

const ask = (settings: BreakerSettings, state: BreakerState, now: number): Stepped => {
  if (state.status === 'Closed') return [state, state.admitted];
  if (state.status === 'HalfOpen') return askHalfOpen(settings, state, now);
  const { until, failedTrials } = state;
  if (now < until) return [state, { type: 'Refused', until }];
  const generation = state.generation + 1;
  const trying = { generation, failedTrials, successes: 0, nextId: 0, held: [] };
  return askHalfOpen(settings, { status: 'HalfOpen', ...trying }, now);
};

const settleClosed = (
  settings: BreakerSettings,
  state: Closed,
  isFailure: boolean,
  now: number,
): BreakerState => {
  const { windowMs, failuresInRow, failurePpm, minCalls } = settings;
  const { generation, admitted, status } = state;
  const slid = slide(state.window, { bucketMs: windowMs / BUCKETS, buckets: BUCKETS }, now);
  if (!isFailure) {
    return { status, generation, row: noRow, window: counted(slid, 1, 0), admitted };
  }
  const window = counted(slid, 1, 1);
  const row = [...state.row.filter((at) => at > now - windowMs), now];
  const calls = callsIn(window);
  const isTooMany = calls >= minCalls && markedIn(window) * 1_000_000 >= failurePpm * calls;
  if (row.length >= failuresInRow || isTooMany) return opened(settings, generation, 0, now);
  return { status, generation, row, window, admitted };
};

const settleTrial = (
  settings: BreakerSettings,
  state: HalfOpen,
  { permit, verdict }: { readonly permit: Permit; readonly verdict: Verdict },
  now: number,
): BreakerState => {
  const isHeld = state.held.some(({ id, reclaimAt }) => id === permit.id && reclaimAt > now);
  if (!isHeld) return state;
  const { generation, failedTrials } = state;
  if (verdict === 'failure') return opened(settings, generation, failedTrials + 1, now);
  const held = state.held.filter(({ id }) => id !== permit.id);
  const successes = state.successes + (verdict === 'success' ? 1 : 0);
  if (successes >= settings.successesToClose) return closed(generation + 1);
  return { ...state, held, successes };
};

const settle = (
  settings: BreakerSettings,
  state: BreakerState,
  input: Extract<BreakerInput, { readonly type: 'Settle' }>,
  now: number,
): BreakerState => {
  // A result belongs to the generation that its call began in.
  if (input.permit.generation !== state.generation || state.status === 'Open') return state;
  const { slowMs } = settings;
  const isSlow = slowMs !== 'off' && input.tookMs >= slowMs && input.verdict !== 'ignored';
  const verdict = isSlow ? 'failure' : input.verdict;
  if (state.status === 'HalfOpen') {
    return settleTrial(settings, state, { permit: input.permit, verdict }, now);
  }
  return verdict === 'ignored' ? state : settleClosed(settings, state, verdict === 'failure', now);
};

/** One step of a circuit breaker at a monotonic instant. */
export const breakerStep = (
  settings: BreakerSettings,
  state: BreakerState,
  input: BreakerInput,
  now: number,
): Stepped =>
  input.type === 'Ask' ? ask(settings, state, now) : [settle(settings, state, input, now), noted];
