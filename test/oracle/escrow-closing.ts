import {
  amountsOf,
  remainingOf,
  type Escrow,
  type Event,
  type Outcome,
  type Posting,
  type Purse,
} from './model.ts';
import { bookOf, release } from './shares.ts';
import { canonical } from './world.ts';

const HALF = 2n;

/** What an outcome gives back to the buyer of what remains. */
export const refundOf = (outcome: Outcome, remaining: Purse): Purse => {
  if (outcome.type === 'RefundBuyer') return new Map(remaining);
  if (outcome.type === 'ReleaseSeller') return new Map();
  return new Map(outcome.refund!.map(({ currency, amount }) => [currency, BigInt(amount)]));
};

/** The event that closes the escrow: `refund` to the buyer, the rest to the payees, the residue placed. */
export const close = (
  escrow: Escrow,
  refund: Purse,
  cause: string,
  effectiveAt: number,
  isByClock: boolean,
): Event => {
  const remaining = remainingOf(escrow);
  const released: Purse = new Map();
  const postings: Posting[] = [];
  for (const [currency, page] of escrow.book) {
    const back = refund.get(currency) ?? 0n;
    const rest = remaining.get(currency)! - back;
    if (back > 0n) {
      const money = { currency, amount: String(back) };
      postings.push({
        from: `escrow:${escrow.id}`,
        to: `wallet:${escrow.terms.buyer}`,
        money,
      });
    }
    page.refunded += back;
    released.set(currency, rest);
    postings.push(...release(escrow, currency, rest, true));
  }
  const isAllBack = [...released.values()].every((units) => units === 0n);
  const type = closingType(isAllBack, cause);
  escrow.status = closed[type];
  escrow.since = isByClock ? effectiveAt : undefined;
  escrow.sinceMaybe = false;
  escrow.deadline = undefined;
  escrow.closing = { cause, refund, remaining };
  const data = {
    cause,
    released: amountsOf(released),
    refunded: amountsOf(refund),
    book: bookOf(escrow),
    effectiveAt,
    postings,
  };
  return { type, data };
};

const closed = {
  FundsReleased: 'Released',
  FundsRefunded: 'Refunded',
  EscrowExpired: 'Expired',
} as const;

const closingType = (isAllBack: boolean, cause: string): keyof typeof closed => {
  if (!isAllBack) return 'FundsReleased';
  return cause === 'silence' ? 'EscrowExpired' : 'FundsRefunded';
};

/** The current milestone is over: the next one's clock starts, or the escrow closes. */
export const endMilestone = (
  escrow: Escrow,
  cause: 'buyer' | 'silence',
  effectiveAt: number,
): Event => {
  const isByClock = cause === 'silence';
  const { milestones } = escrow.terms;
  if (escrow.milestone === milestones.length) {
    return close(escrow, new Map(), cause, effectiveAt, isByClock);
  }
  const { currency } = milestones[escrow.milestone - 1]!.amount;
  const milestone = escrow.milestone;
  const released = { currency, amount: String(escrow.left) };
  const postings = release(escrow, currency, escrow.left, false);
  escrow.offers.clear();
  escrow.status = 'Locked';
  escrow.since = isByClock ? effectiveAt : undefined;
  escrow.sinceMaybe = isByClock;
  startMilestone(escrow, milestone + 1, effectiveAt);
  return {
    type: 'MilestoneReleased',
    data: { milestone, released, postings, cause, effectiveAt, deliverBy: escrow.deadline },
  };
};

/** Starts a milestone's clock. Where silence would release, it does not before `releasableAt`. */
export const startMilestone = (escrow: Escrow, milestone: number, from: number): void => {
  const { amount, deliverWithinMs } = escrow.terms.milestones[milestone - 1]!;
  escrow.milestone = milestone;
  escrow.left = BigInt(amount.amount);
  escrow.deadline = notBefore(escrow, escrow.terms.onSilence.locked, from + deliverWithinMs);
};

export const notBefore = (escrow: Escrow, silence: string, at: number): number =>
  silence === 'release' ? Math.max(at, escrow.releasableAt) : at;

/** What time alone causes at the deadline of the status. */
export const lapse = (escrow: Escrow): Event => {
  const at = escrow.deadline!;
  const { terms, status } = escrow;
  if (status === 'Proposed' || status === 'Agreed') {
    return cancel(escrow, status === 'Proposed' ? 'notAccepted' : 'notFunded', null, at);
  }
  if (status === 'Disputed') {
    const remaining = remainingOf(escrow);
    return close(escrow, refundOf(escrow.dispute.fallback, remaining), 'noRuling', at, true);
  }
  const silence = status === 'Locked' ? terms.onSilence.locked : terms.onSilence.awaitingRelease;
  if (silence === 'release') return endMilestone(escrow, 'silence', at);
  return close(escrow, remainingOf(escrow), 'silence', at, true);
};

export const cancel = (
  escrow: Escrow,
  cause: string,
  by: string | null,
  effectiveAt: number,
): Event => {
  escrow.status = 'Cancelled';
  escrow.since = by === null ? effectiveAt : undefined;
  escrow.deadline = undefined;
  return { type: 'EscrowCancelled', data: { cause, by, effectiveAt } };
};

/** E23: a refund of nothing is ReleaseSeller, of all RefundBuyer. */
export const plainest = (outcome: Outcome, remaining: Purse): Outcome => {
  const refund = amountsOf(refundOf(outcome, remaining));
  if (refund.length === 0) return { type: 'ReleaseSeller' };
  const all = canonical(amountsOf(remaining));
  return canonical(refund) === all ? { type: 'RefundBuyer' } : { type: 'PartialRefund', refund };
};

/** Half of what remains is the buyer's, and the odd unit. */
const half = (remaining: Purse): Outcome => {
  const refund = new Map(
    [...remaining].map(([currency, units]) => [currency, (units + 1n) / HALF] as const),
  );
  return { type: 'PartialRefund', refund: amountsOf(refund) };
};

/** The outcome that no ruling will have, as the status from which the dispute comes says it. */
export const fallbackOf = (escrow: Escrow, status: 'Locked' | 'AwaitingRelease'): Outcome => {
  const { onNoRuling, onSilence } = escrow.terms;
  const silence = status === 'Locked' ? onSilence.locked : onSilence.awaitingRelease;
  const rule = onNoRuling === 'asSilence' ? silence : onNoRuling;
  if (rule === 'half') return plainest(half(remainingOf(escrow)), remainingOf(escrow));
  return { type: rule === 'refund' ? 'RefundBuyer' : 'ReleaseSeller' };
};
