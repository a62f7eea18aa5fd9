import { ask, releasableAt } from '../deal.ts';
import { granted, refused } from '../lines.ts';
import type { Market, Script } from '../market.ts';
import { deliver, extend, release } from '../moves.ts';
import type { Wishes } from '../terms.ts';
import { DAY, HOUR } from '../time.ts';
import { hours, locked, minutes } from './steps.ts';

/** Ordered, delivered, praised and paid. */
export function* sold(market: Market, wishes: Wishes = {}): Script {
  const deal = yield* locked(market, wishes);
  yield market.within(HOUR, 40 * HOUR);
  deliver(deal, market.random.oneIn(3) ? 'bafybeigdyrzt5sfp7udm7hu76' : undefined);
  yield hours(market);
  release(deal);
  if (market.random.oneIn(3))
    ask(deal, deal.terms.buyer, 'ReleaseFunds', { milestone: 1 }, granted);
}

/** The buyer has it in hand and pays before the seller says so. */
export function* soldUnmarked(market: Market): Script {
  const deal = yield* locked(market);
  yield hours(market);
  release(deal);
  yield minutes(market);
  ask(deal, deal.terms.seller, 'MarkDelivered', { milestone: 1 }, refused('StatusForbids'));
}

/** Delivered, and then nobody speaks. */
export function* soldBySilence(market: Market): Script {
  const deal = yield* locked(market);
  yield market.within(HOUR, 40 * HOUR);
  deliver(deal);
  yield minutes(market);
  ask(deal, deal.terms.seller, 'MarkDelivered', { milestone: 1 }, granted);
  yield deal.deadline + market.random.int(0, HOUR);
  ask(deal, deal.terms.seller, 'ExpireEscrow', {}, granted);
}

/** Delivered; the buyer speaks 1 ms before the deadline, at it, and after it. */
export function* atTheLastMoment(market: Market): Script {
  const deal = yield* locked(market);
  const { buyer, seller } = deal.terms;
  yield market.within(HOUR, 30 * HOUR);
  deliver(deal);
  const { deadline } = deal;
  const complaint = { reason: 'QualityIssue', claim: { type: 'RefundBuyer' }, grounds: [] };
  yield deadline - 1;
  ask(deal, seller, 'ExpireEscrow', {}, refused('NothingDue'));
  if (market.random.oneIn(3)) release(deal);
  yield deadline;
  ask(deal, buyer, 'ReleaseFunds', { milestone: 1 }, granted);
  ask(deal, buyer, 'RaiseDispute', complaint, refused('StatusForbids'));
  yield deadline + 1;
  ask(deal, seller, 'RefundBuyer', {}, refused('StatusForbids'));
  ask(deal, buyer, 'ExpireEscrow', {}, granted);
}

/** The seller never delivers: the money goes back when the time is up. */
export function* neverDelivered(market: Market): Script {
  const deal = yield* locked(market);
  const { seller, buyer } = deal.terms;
  const { deadline } = deal;
  yield deadline - 1;
  ask(deal, buyer, 'ExpireEscrow', {}, refused('NothingDue'));
  yield deadline;
  ask(deal, seller, 'MarkDelivered', { milestone: 1 }, refused('StatusForbids'));
  yield deadline + 1;
  ask(deal, buyer, 'ReleaseFunds', { milestone: 1 }, refused('StatusForbids'));
}

/** Delivered 1 ms before it would have been too late. */
export function* justDelivered(market: Market): Script {
  const deal = yield* locked(market);
  yield deal.deadline - 1;
  deliver(deal);
  yield hours(market);
  release(deal);
}

/** The buyer waits longer, more than once. */
export function* extended(market: Market): Script {
  const deal = yield* locked(market);
  const { buyer, seller } = deal.terms;
  const askFor = (until: number, actor: string, refusal: string) =>
    ask(deal, actor, 'ExtendDelivery', { until }, refused(refusal));
  yield hours(market);
  askFor(deal.deadline, buyer, 'ExtensionOutOfBounds');
  askFor(deal.lockedAt + 730 * DAY + 1, buyer, 'ExtensionOutOfBounds');
  askFor(deal.deadline + DAY, seller, 'NotPermitted');
  extend(deal, deal.deadline + 3 * DAY);
  yield deal.deadline - 2 * DAY;
  extend(deal, deal.deadline + 1);
  yield deal.deadline - HOUR;
  deliver(deal);
  yield minutes(market);
  askFor(deal.deadline + DAY, buyer, 'StatusForbids');
  release(deal);
}

/** Nobody may release before the time lock opens, and silence waits for it too. */
export function* timeLocked(market: Market): Script {
  const releaseAfterMs = market.random.int(8, 12) * DAY;
  const onSilence = market.random.pick([{ locked: 'release' as const }, {}]);
  const reviewMs = market.random.pick([2, 20]) * DAY;
  const deal = yield* locked(market, { releaseAfterMs, onSilence, reviewMs });
  const { buyer } = deal.terms;
  const early = (milestone: number, refusal: string) =>
    ask(deal, buyer, 'ReleaseFunds', { milestone }, refused(refusal));
  yield hours(market);
  early(1, 'ReleaseTooEarly');
  early(2, 'ReleaseTooEarly');
  deliver(deal);
  yield releasableAt(deal) - 1;
  early(1, 'ReleaseTooEarly');
  const isReviewed = deal.deadline > releasableAt(deal);
  yield releasableAt(deal);
  if (isReviewed) release(deal);
  else ask(deal, buyer, 'ReleaseFunds', { milestone: 1 }, granted);
  yield minutes(market);
  ask(deal, buyer, 'ExpireEscrow', {}, granted);
}

/** A deposit box: with `locked: release` the money simply opens later, undelivered as it is. */
export function* opensByItself(market: Market): Script {
  const deal = yield* locked(market, {
    onSilence: { locked: 'release' },
    releaseAfterMs: 20 * DAY,
  });
  yield releasableAt(deal) - 1;
  ask(deal, deal.terms.seller, 'ExpireEscrow', {}, refused('NothingDue'));
  yield releasableAt(deal);
  ask(deal, deal.terms.buyer, 'ReleaseFunds', { milestone: 1 }, granted);
}
