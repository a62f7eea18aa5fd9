/** How many calls may be under way at once, and how many more may wait for a place. */
export type BulkheadSettings = { readonly atOnce: number; readonly queue: number };

/** Who waits, in the order in which they came. */
export type BulkheadState = {
  readonly running: number;
  readonly waiting: readonly number[];
  readonly nextTicket: number;
};

export type BulkheadInput =
  | { readonly type: 'Enter' }
  | { readonly type: 'Leave' }
  /** Whoever waits with the ticket waits no more; if its turn had come meanwhile, it leaves. */
  | { readonly type: 'GiveUp'; readonly ticket: number };

export type BulkheadDecision =
  | { readonly type: 'Entered' }
  | { readonly type: 'Queued'; readonly ticket: number }
  | { readonly type: 'Full' }
  /** The place that became free is the ticket's. */
  | { readonly type: 'Next'; readonly ticket: number }
  | { readonly type: 'Noted' };

type Stepped = readonly [BulkheadState, BulkheadDecision];

export const emptyBulkhead: BulkheadState = { running: 0, waiting: [], nextTicket: 0 };

const enter = ({ atOnce, queue }: BulkheadSettings, state: BulkheadState): Stepped => {
  const { running, waiting, nextTicket: ticket } = state;
  if (running < atOnce) return [{ ...state, running: running + 1 }, { type: 'Entered' }];
  if (waiting.length >= queue) return [state, { type: 'Full' }];
  return [
    { running, waiting: [...waiting, ticket], nextTicket: ticket + 1 },
    { type: 'Queued', ticket },
  ];
};

const leave = (state: BulkheadState): Stepped => {
  const [ticket, ...waiting] = state.waiting;
  if (ticket === undefined) return [{ ...state, running: state.running - 1 }, { type: 'Noted' }];
  return [
    { ...state, waiting },
    { type: 'Next', ticket },
  ];
};

/** One step of a bulkhead. First come, first served; it needs no time. */
export const bulkheadStep = (
  settings: BulkheadSettings,
  state: BulkheadState,
  input: BulkheadInput,
): Stepped => {
  if (input.type === 'Enter') return enter(settings, state);
  if (input.type === 'Leave') return leave(state);
  const waiting = state.waiting.filter((ticket) => ticket !== input.ticket);
  if (waiting.length === state.waiting.length) return leave(state);
  return [{ ...state, waiting }, { type: 'Noted' }];
};
