import type { Instant } from '../../../engine/clock.ts';
import type { Due } from '../../../engine/deadline.ts';
import type { Self } from '../../../engine/decider.ts';
import type { In } from '../../../engine/machine.ts';
import { escrowEvents, type EscrowEvent } from './events.ts';
import { refundOf } from './outcome.ts';
import { closing, milestoneDone } from './payout.ts';
import { type Escrow, evolveEscrow, remainsIn, type RunningEscrow } from './state.ts';

const { EscrowCancelled } = escrowEvents.of;

/** What time alone will cause next unless somebody speaks before: when, and what. */
type Verdict = { readonly at: Instant; readonly event: (self: Self) => EscrowEvent };

const cancelled = (cause: 'notAccepted' | 'notFunded', at: Instant): Verdict => ({
  at,
  event: () => EscrowCancelled({ cause, by: null, effectiveAt: at }),
});

const silence = (state: RunningEscrow, choice: 'refund' | 'release', at: Instant): Verdict => ({
  at,
  event: (self) =>
    choice === 'release'
      ? milestoneDone(state, 'silence', at, self)
      : closing(state, remainsIn(state), 'silence', at, self),
});

const noRuling = (state: In<Escrow, 'Disputed'>, at: Instant): Verdict => ({
  at,
  event: (self) => closing(state, refundOf(state.fallback, remainsIn(state)), 'noRuling', at, self),
});

const verdictOf = (state: Escrow): Verdict | undefined => {
  if (state.status === 'Proposed') return cancelled('notAccepted', state.acceptBy);
  if (state.status === 'Agreed') return cancelled('notFunded', state.fundBy);
  if (state.status === 'Locked') {
    return silence(state, state.terms.onSilence.locked, state.deliverBy);
  }
  if (state.status === 'AwaitingRelease') {
    return silence(state, state.terms.onSilence.awaitingRelease, state.reviewUntil);
  }
  if (state.status === 'Disputed' && state.ruleBy !== null) return noRuling(state, state.ruleBy);
  return undefined;
};

/** The next instant at which silence speaks, or null. */
export const deadlineOf = (state: Escrow): Instant | null => verdictOf(state)?.at ?? null;

/** All that time alone has caused up to and including `at`, in order; each clock starts where the one before ended (E5). */
export const lapse = (state: Escrow, at: Instant, self: Self): readonly EscrowEvent[] => {
  const events: EscrowEvent[] = [];
  let current = state;
  let next = verdictOf(current);
  while (next !== undefined && next.at <= at) {
    const event = next.event(self);
    events.push(event);
    current = evolveEscrow(current, event);
    next = verdictOf(current);
  }
  return events;
};

/** What falls due if nobody speaks: the command that records what time has caused. */
export const due = (state: Escrow): readonly Due[] => {
  const at = deadlineOf(state);
  return at === null ? [] : [{ at, command: { type: 'ExpireEscrow', data: {} } }];
};

const BY_THE_CLOCK: readonly string[] = ['silence', 'noRuling', 'notAccepted', 'notFunded'];

/**
 * The deadline that brought about a status in which nothing can be asked for any more; undefined where somebody's word did. A
 * milestone that silence released is no such status: Locked forbids nothing that the status before it allowed.
 */
export const sinceOf = (state: Escrow): Instant | undefined =>
  'closedAt' in state && BY_THE_CLOCK.includes(state.cause) ? state.closedAt : undefined;
