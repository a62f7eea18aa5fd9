import { ask, type Deal } from '../deal.ts';
import { granted, refused } from '../lines.ts';
import type { Market, Script } from '../market.ts';
import { money, partOf, sumsOf } from '../money.ts';
import {
  concede,
  deliver,
  dispute,
  offer,
  refundBuyer,
  rule,
  takeOffer,
  type Claim,
} from '../moves.ts';
import { DAY } from '../time.ts';
import { hours, locked, minutes } from './steps.ts';

/** More than what remains, by one unit. */
const tooMuch = ({ book }: Deal) => {
  const [[currency, amount]] = [...sumsOf(book.remaining())] as [[string, bigint]];
  return [money(currency, amount + 1n)];
};

/** The seller gives the money back unasked. */
export function* refunded(market: Market): Script {
  const deal = yield* locked(market);
  const { buyer, seller, arbiter } = deal.terms;
  yield hours(market);
  if (market.random.oneIn(2)) deliver(deal);
  ask(deal, buyer, 'RefundBuyer', {}, refused('NotPermitted'));
  refundBuyer(deal);
  ask(deal, buyer, 'RefundBuyer', {}, granted);
  yield minutes(market);
  ask(deal, buyer, 'ReleaseFunds', { milestone: 1 }, refused('StatusForbids'));
  ask(deal, seller, 'ConcedeDispute', {}, refused('StatusForbids'));
  const outcome = { type: 'ReleaseSeller' };
  ask(deal, arbiter.actor, 'SettleDispute', { outcome, grounds: [] }, refused('StatusForbids'));
}

/** Offers and counter-offers, until one is taken; each replaces its author's last. */
export function* settled(market: Market): Script {
  const deal = yield* locked(market, { payeeCount: market.random.int(0, 2) });
  const { buyer, seller, arbiter } = deal.terms;
  const remaining = deal.book.remaining();
  yield hours(market);
  if (market.random.oneIn(3)) dispute(deal, buyer, 'WrongItem');
  const third = partOf(remaining, 1n, 3n);
  const first = offer(deal, buyer, remaining);
  yield minutes(market);
  const second = offer(deal, seller, third);
  ask(deal, seller, 'AcceptSettlement', { offerNo: second }, refused('NotPermitted'));
  ask(deal, buyer, 'OfferSettlement', { refund: tooMuch(deal) }, refused('RefundExceedsRemaining'));
  ask(deal, arbiter.actor, 'OfferSettlement', { refund: [] }, refused('NotPermitted'));
  yield hours(market);
  const nearly = market.random.pick([[], partOf(remaining, 1n, 2n), remaining]);
  const last = offer(deal, buyer, nearly);
  ask(deal, seller, 'AcceptSettlement', { offerNo: first }, refused('OfferNotStanding'));
  yield minutes(market);
  if (market.random.oneIn(2)) takeOffer(deal, seller, last, nearly);
  else takeOffer(deal, buyer, second, third);
  ask(deal, seller, 'OfferSettlement', { refund: [] }, refused('StatusForbids'));
}

/** Two settle at the same instant: one is heard, the other comes to a closed deal. */
export function* twoSettlers(market: Market): Script {
  const deal = yield* locked(market);
  const { buyer, seller } = deal.terms;
  const refund = partOf(deal.book.remaining(), 1n, 4n);
  yield hours(market);
  const offerNo = offer(deal, seller, refund);
  yield hours(market);
  if (market.random.oneIn(2)) {
    takeOffer(deal, buyer, offerNo, refund);
    ask(deal, seller, 'RefundBuyer', {}, refused('StatusForbids'));
    ask(deal, buyer, 'ReleaseFunds', { milestone: 1 }, refused('StatusForbids'));
    return;
  }
  refundBuyer(deal);
  ask(deal, buyer, 'AcceptSettlement', { offerNo }, refused('StatusForbids'));
  ask(deal, buyer, 'RefundBuyer', {}, granted);
}

/** A bazaar: a hundred offers are heard, not one more. */
export function* haggled(market: Market): Script {
  const deal = yield* locked(market);
  const { buyer, seller } = deal.terms;
  const remaining = deal.book.remaining();
  for (let step = 1n; step <= 100n; step += 1n) {
    yield market.within(1, 90_000);
    offer(deal, step % 2n === 0n ? seller : buyer, partOf(remaining, step, 200n));
  }
  ask(deal, buyer, 'OfferSettlement', { refund: [] }, refused('TooMany'));
  yield minutes(market);
  takeOffer(deal, buyer, 100, partOf(remaining, 100n, 200n));
}

const REASONS = ['NonDelivery', 'WrongItem', 'QualityIssue'];

/** A dispute in which one side gives in. */
export function* conceded(market: Market): Script {
  const deal = yield* locked(market, { payeeCount: market.random.pick([0, 0, 2]) });
  const { buyer, seller, arbiter } = deal.terms;
  yield hours(market);
  if (market.random.oneIn(2)) deliver(deal);
  dispute(deal, market.random.pick([buyer, seller]), market.random.pick(REASONS));
  yield hours(market);
  ask(deal, arbiter.actor, 'ConcedeDispute', {}, refused('NotPermitted'));
  ask(deal, buyer, 'ReleaseFunds', { milestone: 1 }, refused('StatusForbids'));
  ask(deal, seller, 'RefundBuyer', {}, refused('StatusForbids'));
  concede(deal, market.random.pick([buyer, seller]));
}

const claims = (deal: Deal): readonly Claim[] => [
  { type: 'RefundBuyer' },
  { type: 'ReleaseSeller' },
  { type: 'PartialRefund', refund: partOf(deal.book.remaining(), 2n, 7n) },
];

const ruling = (outcome: Claim) => ({ outcome, grounds: [] });

/** A dispute on which the arbiter rules; the same ruling again is already so, another one is not. */
export function* ruled(market: Market): Script {
  const deal = yield* locked(market, { payeeCount: market.random.pick([0, 1, 3]) });
  const { buyer, seller, arbiter } = deal.terms;
  yield hours(market);
  if (market.random.oneIn(2)) deliver(deal);
  const claim = market.random.pick(claims(deal));
  const complain = (actor: string, reason: string, its: Claim, refusal: string) =>
    ask(deal, actor, 'RaiseDispute', { reason, claim: its, grounds: [] }, refused(refusal));
  complain(seller, 'UnauthorizedCharge', claim, 'ReasonReservedToBuyer');
  complain(arbiter.actor, 'QualityIssue', claim, 'NotPermitted');
  const excess: Claim = { type: 'PartialRefund', refund: tooMuch(deal) };
  complain(buyer, 'QualityIssue', excess, 'RefundExceedsRemaining');
  dispute(deal, buyer, 'UnauthorizedCharge', claim);
  const same = { reason: 'UnauthorizedCharge', claim, grounds: [] };
  ask(deal, buyer, 'RaiseDispute', same, granted);
  complain(seller, 'QualityIssue', claim, 'StatusForbids');
  yield market.within(DAY, 4 * DAY);
  const outcome = market.random.pick(claims(deal));
  ask(deal, buyer, 'SettleDispute', ruling(outcome), refused('NotPermitted'));
  ask(deal, arbiter.actor, 'SettleDispute', ruling(excess), refused('RefundExceedsRemaining'));
  const other: Claim = { type: 'PartialRefund', refund: partOf(deal.book.remaining(), 1n, 9n) };
  rule(deal, outcome);
  ask(deal, arbiter.actor, 'SettleDispute', ruling(outcome), granted);
  ask(deal, arbiter.actor, 'SettleDispute', ruling(other), refused('StatusForbids'));
}

/** Nobody rules: what was fixed when the dispute was raised happens at its instant. */
export function* unruled(market: Market): Script {
  const onNoRuling = market.random.pick(['asSilence', 'refund', 'release', 'half'] as const);
  const deal = yield* locked(market, { onNoRuling, payeeCount: market.random.pick([0, 0, 2]) });
  const { buyer, seller, arbiter } = deal.terms;
  yield hours(market);
  if (market.random.oneIn(2)) deliver(deal);
  dispute(deal, market.random.pick([buyer, seller]), market.random.pick(REASONS));
  const { deadline } = deal;
  yield deadline - 1;
  ask(deal, seller, 'ExpireEscrow', {}, refused('NothingDue'));
  if (market.random.oneIn(5)) rule(deal, { type: 'ReleaseSeller' });
  const isRuled = deal.status !== 'Disputed';
  const outcome = { type: 'ReleaseSeller' };
  yield deadline;
  const answer = isRuled ? granted : refused('StatusForbids');
  ask(deal, arbiter.actor, 'SettleDispute', { outcome, grounds: [] }, answer);
  yield deadline + 1;
  ask(deal, buyer, 'ConcedeDispute', {}, refused('StatusForbids'));
}
