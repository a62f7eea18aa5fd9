import { escrowEvents } from '../../../domain/marketplace/escrow/events.ts';
import { deadlineOf } from '../../../domain/marketplace/escrow/lapse.ts';
import { closing, milestoneDone, partOf } from '../../../domain/marketplace/escrow/payout.ts';
import {
  deliverByOf,
  leftOf,
  limits,
  lockedAtOf,
  LONGEST_LIFE_MS,
  reviewUntilOf,
} from '../../../domain/marketplace/escrow/rules.ts';
import {
  type Escrow,
  remainsIn,
  type RunningEscrow,
} from '../../../domain/marketplace/escrow/state.ts';
import { totalOf } from '../../../domain/marketplace/escrow/terms.ts';
import { openHoldOf } from '../../../domain/shared/ledger.ts';
import { type Amounts, type Money, sameAmounts } from '../../../domain/shared/money.ts';
import type { Instant } from '../../../engine/clock.ts';
import { accept, ask, type Context, refuse } from '../../../engine/decider.ts';
import { notPermitted, tooMany } from '../../../engine/refusal.ts';
import { type Answer, forbidden, isSystem, knowing } from './answer.ts';

const { DeliveryExtended, DeliveryMarked, FundsLocked } = escrowEvents.of;

type HoldNamed = { holdId: string; payer: string; amounts: Amounts };

/** The buyer's money comes in: a hold of exactly the total, placed for this escrow, on the word of the account that has it. */
export const lockFunds = (named: HoldNamed, state: Escrow, context: Context): Answer => {
  const { at, actor, self } = context;
  if ('holdId' in state && state.holdId === named.holdId) return accept();
  if (state.status !== 'Agreed') return forbidden(state);
  if (!isSystem(actor)) return notPermitted(actor);
  const { terms } = state;
  const expected = { payer: terms.buyer, amounts: totalOf(terms) };
  const { holdId, payer, amounts } = named;
  return knowing(amounts, () =>
    ask({ hold: openHoldOf(payer, holdId) }, ({ hold }): Answer => {
      const isExpected =
        payer === expected.payer &&
        sameAmounts(amounts, expected.amounts) &&
        hold !== undefined &&
        hold.purpose.stream === self.stream &&
        hold.purpose.item === null &&
        sameAmounts(hold.amounts, expected.amounts);
      if (!isExpected) return refuse({ type: 'HoldMismatch', expected });
      const releasableAt = at + terms.releaseAfterMs;
      return accept(
        FundsLocked({
          holdId,
          payer,
          amounts,
          deliverBy: deliverByOf(terms, 1, at, releasableAt),
          releasableAt,
          postings: amounts.map((money) => ({
            from: `hold:${holdId}`,
            to: `escrow:${self.id}`,
            money,
          })),
        }),
      );
    }),
  );
};

/** The buyer grants the current milestone more time, within the longest life. */
export const extendDelivery = (
  { until }: { until: Instant },
  state: Escrow,
  { actor }: Context,
): Answer => {
  if (state.status !== 'Locked') return forbidden(state);
  const { terms, deliverBy: after, releasableAt, extensions } = state;
  if (actor.id !== terms.buyer) return notPermitted(actor);
  if (extensions >= limits.extensions) return tooMany('extensions', limits.extensions);
  const latest = lockedAtOf(terms, releasableAt) + LONGEST_LIFE_MS;
  if (until <= after || until > latest) {
    return refuse({ type: 'ExtensionOutOfBounds', after, latest });
  }
  return accept(DeliveryExtended({ until }));
};

/** The seller says that the current milestone is delivered: the buyer's turn begins. */
export const markDelivered = (
  { milestone, proof }: { milestone: number; proof?: string | null },
  state: Escrow,
  { at, actor }: Context,
): Answer => {
  if (state.status === 'AwaitingRelease' && milestone <= state.milestone) return accept();
  if (state.status === 'Locked' && milestone < state.milestone) return accept();
  if (state.status !== 'Locked') return forbidden(state);
  const { terms, milestone: current, releasableAt } = state;
  if (actor.id !== terms.seller) return notPermitted(actor);
  if (milestone !== current) return refuse({ type: 'MilestoneNotCurrent', current });
  const reviewUntil = reviewUntilOf(terms, at, releasableAt);
  return accept(DeliveryMarked({ milestone, reviewUntil, proof: proof ?? null }));
};

/** Whether every unit of a milestone has gone to the payees by the buyer's word or by silence. */
const isReleased = (milestone: number, state: Escrow): boolean => {
  if (state.status === 'Locked' || state.status === 'AwaitingRelease') {
    return milestone < state.milestone;
  }
  if (state.status !== 'Released') return false;
  const byRelease = state.cause === 'buyer' || state.cause === 'silence';
  return byRelease && milestone <= state.terms.milestones.length;
};

/** A part of the current milestone or, without an amount or with all that is left, the rest of it. */
export const releaseFunds = (
  { milestone, amount }: { milestone: number; amount?: Money },
  state: Escrow,
  { at, actor, self }: Context,
): Answer => {
  if (isReleased(milestone, state)) return accept();
  if (state.status !== 'Locked' && state.status !== 'AwaitingRelease') return forbidden(state);
  const { terms, milestone: current, releasableAt } = state;
  if (actor.id !== terms.buyer) return notPermitted(actor);
  if (at < releasableAt) return refuse({ type: 'ReleaseTooEarly', releasableAt });
  return knowing(amount === undefined ? [] : [amount], () => {
    if (milestone !== current) return refuse({ type: 'MilestoneNotCurrent', current });
    const left = leftOf(terms, milestone, state.book);
    if (amount === undefined || sameAmounts([amount], [left])) {
      return accept(milestoneDone(state, 'buyer', at, self));
    }
    return releasePart(state, amount, left, () => accept(partOf(state, amount, self)));
  });
};

const releasePart = (
  { partReleases }: RunningEscrow,
  amount: Money,
  left: Money,
  then: () => Answer,
): Answer => {
  if (partReleases >= limits.partReleases) return tooMany('part releases', limits.partReleases);
  const fits = amount.currency === left.currency && BigInt(amount.amount) < BigInt(left.amount);
  return fits ? then() : refuse({ type: 'AmountTooLarge', left });
};

/** The seller gives back all that remains. */
export const refundBuyer = (_: object, state: Escrow, { at, actor, self }: Context): Answer => {
  if (state.status === 'Refunded') return accept();
  if (state.status !== 'Locked' && state.status !== 'AwaitingRelease') return forbidden(state);
  if (actor.id !== state.terms.seller) return notPermitted(actor);
  return accept(closing(state, remainsIn(state), 'seller', at, self));
};

/** Records what time has caused; whoever asks, it decides nothing. */
export const expireEscrow = (_: object, state: Escrow, { lapsed }: Context): Answer => {
  if (lapsed > 0 || 'closedAt' in state) return accept();
  return refuse({ type: 'NothingDue', nextAt: deadlineOf(state) });
};
