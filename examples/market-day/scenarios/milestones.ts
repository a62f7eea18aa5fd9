import { ask, type Deal } from '../deal.ts';
import { granted, refused } from '../lines.ts';
import type { Market, Script } from '../market.ts';
import { money } from '../money.ts';
import { deliver, dispute, refundBuyer, release, releasePart, rule } from '../moves.ts';
import { HOUR } from '../time.ts';
import { hours, locked, minutes } from './steps.ts';

/** One milestone, delivered and released by word, in parts, or by silence. */
function* milestone(deal: Deal): Script {
  const { market } = deal;
  const { buyer, seller } = deal.terms;
  const { random } = market;
  yield market.within(HOUR, 30 * HOUR);
  if (random.oneIn(4)) {
    const ahead = { milestone: deal.milestone + 1 };
    ask(deal, seller, 'MarkDelivered', ahead, refused('MilestoneNotCurrent'));
    ask(deal, buyer, 'ReleaseFunds', ahead, refused('MilestoneNotCurrent'));
  }
  if (random.oneIn(3)) releasePart(deal, 1n, 3n);
  deliver(deal);
  yield hours(market);
  if (random.oneIn(3)) {
    yield deal.deadline;
    return;
  }
  if (random.oneIn(2)) releasePart(deal, 2n, 5n);
  if (random.oneIn(2)) yield minutes(market);
  release(deal);
}

const isOver = ({ status }: Deal): boolean => status === 'Released';

/** A work in two to five parts, paid as it grows. */
export function* inParts(market: Market): Script {
  const milestoneCount = market.random.int(2, 5);
  const payeeCount = market.random.pick([0, 0, 1, 3]);
  const isMixed = market.random.oneIn(4);
  const deal = yield* locked(market, { milestoneCount, payeeCount, isMixed });
  while (!isOver(deal)) {
    yield* milestone(deal);
    const before = { milestone: Math.max(deal.milestone - 1, 1) };
    if (market.random.oneIn(3)) ask(deal, deal.terms.buyer, 'ReleaseFunds', before, granted);
  }
}

/** One milestone, released in small parts until nothing is left. */
export function* byInstalments(market: Market): Script {
  const deal = yield* locked(market, { payeeCount: market.random.int(1, 3) });
  const { buyer, seller } = deal.terms;
  const left = deal.book.left(1);
  const asking = (amount: object, refusal: string, actor = buyer) =>
    ask(deal, actor, 'ReleaseFunds', { milestone: 1, amount }, refused(refusal));
  asking(money(left.currency, BigInt(left.amount) + 1n), 'AmountTooLarge');
  asking(money('EUR', 1), 'AmountTooLarge');
  asking(money('DOGE', 1), 'UnknownCurrency');
  asking(money(left.currency, 1), 'NotPermitted', seller);
  for (const parts of market.random.sample([3n, 4n, 7n, 9n, 11n], 3)) {
    yield hours(market);
    releasePart(deal, 1n, parts);
  }
  yield hours(market);
  release(deal);
}

/** Begun, paid in part, then given up: by the seller's word, or an arbiter's. */
export function* givenUp(market: Market): Script {
  const deal = yield* locked(market, { milestoneCount: 2, payeeCount: market.random.int(0, 2) });
  yield hours(market);
  release(deal);
  yield hours(market);
  releasePart(deal, 1n, 2n);
  yield hours(market);
  if (market.random.oneIn(2)) {
    refundBuyer(deal);
    ask(deal, deal.terms.seller, 'RefundBuyer', {}, granted);
    return;
  }
  dispute(deal, deal.terms.buyer, 'NonDelivery');
  yield hours(market);
  rule(deal, { type: 'RefundBuyer' });
}

/** Two to six payees share what the seller earns. */
export function* shared(market: Market): Script {
  const deal = yield* locked(market, { payeeCount: market.random.int(2, 6) });
  yield hours(market);
  if (market.random.oneIn(2)) deliver(deal);
  yield hours(market);
  release(deal);
}

/** A choir: thirty-two payees, as many as there may be. */
export function* choir(market: Market): Script {
  const deal = yield* locked(market, { payeeCount: 32, milestoneCount: 3, isMixed: true });
  while (!isOver(deal)) {
    yield hours(market);
    releasePart(deal, 1n, 3n);
    yield hours(market);
    release(deal);
  }
}
