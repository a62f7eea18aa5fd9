import { refused, type Answer, type Layer, type Sent, type Told } from './attempt.ts';
import {
  bulkheadStep,
  emptyBulkhead,
  type BulkheadDecision,
  type BulkheadInput,
  type BulkheadSettings,
} from './bulkhead.ts';
import { race, type Ending } from './race.ts';
import type { PolicyOptions } from './settings.ts';
import type { Listener } from './telemetry.ts';

export type Bulkhead = {
  readonly layer: Layer;
  /** How many calls are under way, and how many wait. */
  readonly load: () => { readonly running: number; readonly waiting: number };
};

/** Lets so many calls through at once; the time that one waits for its turn counts against its deadline. */
export const bulkhead = (
  settings: BulkheadSettings,
  clock: NonNullable<PolicyOptions['clock']>,
  listener: Listener,
  next: Layer,
): Bulkhead => {
  let state = emptyBulkhead;
  const turns = new Map<number, () => void>();

  const step = (input: BulkheadInput): BulkheadDecision => {
    const [after, decision] = bulkheadStep(settings, state, input);
    state = after;
    if (decision.type === 'Next') turns.get(decision.ticket)?.();
    return decision;
  };
  const load = () => ({ running: state.running, waiting: state.waiting.length });

  const turn = async (
    ticket: number,
    { at, deadlineAt, signal }: Sent<unknown>,
  ): Promise<Ending<void>> => {
    listener?.count('bulkhead.queued', { waiting: state.waiting.length });
    const limitMs = Math.max(deadlineAt - at, 0);
    const mine = () => new Promise<void>((resolve) => turns.set(ticket, resolve));
    const ending = await race(clock, { limitMs, signal }, mine);
    turns.delete(ticket);
    if (ending.type !== 'Done') step({ type: 'GiveUp', ticket });
    return ending;
  };

  const through: Layer = (sent, done) =>
    next(sent, (answer) => {
      step({ type: 'Leave' });
      done(answer);
    });

  const afterTurn = async <Value>(
    ticket: number,
    sent: Sent<Value>,
    done: Told,
  ): Promise<Answer<Value>> => {
    const ending = await turn(ticket, sent);
    const at = clock.monotonic();
    if (ending.type === 'Done') return through({ ...sent, at }, done);
    if (ending.type === 'Aborted') {
      return refused({ type: 'Aborted', reason: ending.reason }, at, done);
    }
    const cut = { what: 'total', afterMs: sent.deadlineAt - sent.at } as const;
    listener?.count('timeout', cut);
    return refused({ type: 'TimedOut', ...cut }, at, done);
  };

  const layer: Layer = (sent, done) => {
    const decision = step({ type: 'Enter' });
    if (decision.type === 'Queued') return afterTurn(decision.ticket, sent, done);
    if (decision.type !== 'Full') return through(sent, done);
    listener?.count('bulkhead.refused', load());
    return refused({ type: 'BulkheadFull', ...load() }, sent.at, done);
  };
  return { layer, load };
};
