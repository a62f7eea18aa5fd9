import { totalOf } from '../book.ts';
import { parties, rail, treasurer } from '../cast.ts';
import { ask, newDeal } from '../deal.ts';
import { granted, refused, type Actor } from '../lines.ts';
import type { Market, Script } from '../market.ts';
import { accept, deliver, open, placeHold, release, topUp, withdrawFrom } from '../moves.ts';
import { hours, minutes } from './steps.ts';

const impostors: readonly Actor[] = [
  { id: 'mallory', roles: ['system'] },
  'system',
  'clock',
  { id: 'tess', roles: ['treasurer', 'system'] },
];

/** Somebody who claims to be the system, or brings consents, or locks funds by hand. */
export function* impersonated(market: Market): Script {
  const deal = newDeal(market);
  const { buyer, seller } = deal.terms;
  const consents = [buyer, seller].map((party) => ({ party, by: party }));
  const opening = { terms: deal.draft, consents };
  const [first, second] = market.random.sample(impostors, 2);
  ask(deal, buyer, 'OpenEscrow', opening, refused('NotPermitted'));
  ask(deal, first!, 'OpenEscrow', opening, refused('NotPermitted'));
  open(deal);
  yield minutes(market);
  accept(deal, seller);
  const lock = { holdId: `${buyer}#1`, payer: buyer, amounts: totalOf(deal.terms) };
  ask(deal, buyer, 'LockFunds', lock, refused('NotPermitted'));
  ask(deal, second!, 'LockFunds', lock, refused('NotPermitted'));
  withdrawFrom(deal, buyer);
  ask(deal, first!, 'CancelEscrow', {}, refused('NotPermitted'));
  ask(deal, second!, 'ExpireEscrow', {}, refused('NotPermitted'));
}

const doing = {
  ExtendDelivery: { until: 1_800_000_000_000 },
  MarkDelivered: { milestone: 1 },
  ReleaseFunds: { milestone: 1 },
  RefundBuyer: {},
  OfferSettlement: { refund: [] },
  AcceptSettlement: { offerNo: 1 },
  RaiseDispute: { reason: 'QualityIssue', claim: { type: 'RefundBuyer' }, grounds: [] },
} as const;

/** People who have no part in a deal try everything; its own people try what is not theirs. */
export function* meddled(market: Market): Script {
  const deal = newDeal(market);
  const { buyer, seller, arbiter } = deal.terms;
  const others = parties.filter((each) => ![buyer, seller].includes(each));
  const stranger = market.random.pick([market.random.pick(others), rail, treasurer, arbiter.actor]);
  open(deal);
  ask(deal, stranger, 'AcceptTerms', { version: 1 }, refused('NotPermitted'));
  ask(deal, stranger, 'CancelEscrow', {}, refused('NotPermitted'));
  ask(deal, stranger, 'AmendTerms', { terms: deal.draft }, refused('NotPermitted'));
  yield minutes(market);
  accept(deal, seller);
  topUp(deal);
  placeHold(deal);
  for (const [command, data] of Object.entries(doing)) {
    if (market.random.oneIn(2)) ask(deal, stranger, command, data, refused('NotPermitted'));
  }
  ask(deal, buyer, 'MarkDelivered', { milestone: 1 }, refused('NotPermitted'));
  ask(deal, seller, 'ReleaseFunds', { milestone: 1 }, refused('NotPermitted'));
  ask(deal, buyer, 'ConcedeDispute', {}, refused('StatusForbids'));
  yield hours(market);
  deliver(deal);
  ask(deal, stranger, 'MarkDelivered', { milestone: 1 }, granted);
  yield minutes(market);
  release(deal);
  ask(deal, stranger, 'ReleaseFunds', { milestone: 1 }, granted);
}

/** A memo as long as a book. */
export function* wordy(market: Market): Script {
  const deal = newDeal(market);
  const terms = { ...deal.draft, memo: 'la '.repeat(90_000) };
  ask(deal, deal.terms.buyer, 'OpenEscrow', { terms }, refused('TooLarge'));
  yield minutes(market);
  open(deal);
  yield deal.deadline;
}
