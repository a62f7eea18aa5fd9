import * as t from 'io-ts';
import { closed } from '../../../engine/codec.ts';
import {
  type Amounts,
  Amounts as AmountsCodec,
  amountsOf,
  sameAmounts,
  sumsOf,
} from '../../shared/money.ts';

/** Why a party disputes; UnauthorizedCharge is the buyer's alone. */
export const Reason = t.keyof({
  NonDelivery: null,
  WrongItem: null,
  QualityIssue: null,
  UnauthorizedCharge: null,
});
export type Reason = t.TypeOf<typeof Reason>;

/** How a dispute is to end: what is claimed, ruled, or falls back. */
export const Outcome = t.union(
  [
    closed({ type: t.literal('RefundBuyer') }),
    closed({ type: t.literal('ReleaseSeller') }),
    closed({ type: t.literal('PartialRefund'), refund: AmountsCodec }),
  ],
  'an outcome',
);
export type Outcome = t.TypeOf<typeof Outcome>;

/** Through whose word, or through which silence, an escrow with money in it closed. */
export const Cause = t.keyof({
  buyer: null,
  seller: null,
  silence: null,
  settlement: null,
  concession: null,
  ruling: null,
  noRuling: null,
});
export type Cause = t.TypeOf<typeof Cause>;

/** What an outcome gives back of what remains. */
export const refundOf = (outcome: Outcome, remaining: Amounts): Amounts => {
  if (outcome.type === 'PartialRefund') return outcome.refund;
  return outcome.type === 'RefundBuyer' ? remaining : [];
};

/** The one spelling of an outcome: a partial refund of nothing is ReleaseSeller, of all RefundBuyer (E23). */
const outcomeOf = (refund: Amounts, remaining: Amounts): Outcome => {
  if (refund.length === 0) return { type: 'ReleaseSeller' };
  if (sameAmounts(refund, remaining)) return { type: 'RefundBuyer' };
  return { type: 'PartialRefund', refund };
};

/** An outcome in its one spelling. */
export const plainly = (outcome: Outcome, remaining: Amounts): Outcome =>
  outcomeOf(refundOf(outcome, remaining), remaining);

/** Half of each currency for the buyer, the odd unit included (E23). */
const halfOf = (remaining: Amounts): Amounts =>
  amountsOf(
    new Map([...sumsOf(remaining)].map(([currency, amount]) => [currency, (amount + 1n) / 2n])),
  );

const fallbacks = {
  refund: (remaining: Amounts) => remaining,
  release: (): Amounts => [],
  half: halfOf,
};

/** The outcome of a dispute on which nobody rules (E24). */
export const fallbackOf = (choice: keyof typeof fallbacks, remaining: Amounts): Outcome =>
  outcomeOf(fallbacks[choice](remaining), remaining);
