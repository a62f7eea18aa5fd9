import type { Instant } from '../../../engine/clock.ts';
import type { Self } from '../../../engine/decider.ts';
import { type Amounts, minus, type Money } from '../../shared/money.ts';
import { postingsBetween, released, settled } from './book.ts';
import { escrowEvents, type EscrowEvent } from './events.ts';
import type { Cause } from './outcome.ts';
import { deliverByOf, leftOf } from './rules.ts';
import { type FundedEscrow, remainsIn, type RunningEscrow } from './state.ts';

const { EscrowExpired, FundsRefunded, FundsReleased, MilestoneReleased, PartReleased } =
  escrowEvents.of;

/** What a release of the current milestone moves. */
const releaseOf = (state: RunningEscrow, money: Money, { id }: Self) => ({
  milestone: state.milestone,
  released: money,
  postings: postingsBetween(state.book, released(state.book, money, state), state, id),
});

/** A part of the current milestone goes to the payees. */
export const partOf = (state: RunningEscrow, money: Money, self: Self): EscrowEvent =>
  PartReleased(releaseOf(state, money, self));

/** All that remains leaves: `refund` to the buyer, the rest to the payees. Where it went says how the escrow closes (E23). */
export const closing = (
  state: FundedEscrow,
  refund: Amounts,
  cause: Cause,
  effectiveAt: Instant,
  { id }: Self,
): EscrowEvent => {
  const book = settled(state.book, refund, state);
  const gross = minus(remainsIn(state), refund);
  const data = {
    cause,
    released: gross,
    refunded: refund,
    book,
    effectiveAt,
    postings: postingsBetween(state.book, book, state, id),
  };
  if (gross.length > 0) return FundsReleased(data);
  return cause === 'silence' ? EscrowExpired({ ...data, cause }) : FundsRefunded(data);
};

/** The rest of the current milestone goes to the payees: the next one begins, or the last one closes the escrow. */
export const milestoneDone = (
  state: RunningEscrow,
  cause: 'buyer' | 'silence',
  effectiveAt: Instant,
  self: Self,
): EscrowEvent => {
  const { terms, milestone, releasableAt, book } = state;
  if (milestone === terms.milestones.length) return closing(state, [], cause, effectiveAt, self);
  return MilestoneReleased({
    ...releaseOf(state, leftOf(terms, milestone, book), self),
    cause,
    effectiveAt,
    deliverBy: deliverByOf(terms, milestone + 1, effectiveAt, releasableAt),
  });
};
