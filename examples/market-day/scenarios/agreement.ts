import { ask, newDeal } from '../deal.ts';
import { granted, refused } from '../lines.ts';
import type { Market, Script } from '../market.ts';
import {
  accept,
  amend,
  askAccount,
  deliver,
  open,
  placeHold,
  purposeOf,
  release,
  topUp,
  withdrawFrom,
} from '../moves.ts';
import { drawMoney } from '../terms.ts';
import { DAY, HOUR, MINUTE } from '../time.ts';
import { agreed, hours, minutes, paid } from './steps.ts';

/** They haggle over the terms before they agree: every new version wants new consent. */
export function* amended(market: Market): Script {
  const deal = newDeal(market, { payeeCount: 1 });
  const { buyer, seller, split } = deal.terms;
  const artist = split[0]!.party;
  open(deal);
  ask(deal, buyer, 'OpenEscrow', { terms: deal.draft }, granted);
  ask(
    deal,
    buyer,
    'OpenEscrow',
    { terms: { ...deal.draft, memo: 'other' } },
    refused('EscrowAlreadyOpened'),
  );
  yield minutes(market);
  accept(deal, artist);
  ask(deal, artist, 'AcceptTerms', { version: 1 }, granted);
  yield minutes(market);
  const { milestones } = deal.draft;
  amend(deal, seller, { milestones: [{ ...milestones[0]!, amount: drawMoney(market, 'USD') }] });
  ask(deal, artist, 'AcceptTerms', { version: 1 }, refused('TermsSuperseded'));
  const strangeHash = { version: 2, termsHash: 'f'.repeat(64) };
  ask(deal, buyer, 'AcceptTerms', strangeHash, refused('TermsSuperseded'));
  ask(deal, artist, 'AmendTerms', { terms: deal.draft }, refused('NotPermitted'));
  const others = { ...deal.draft, seller: market.random.pick([artist, buyer]) };
  ask(deal, buyer, 'AmendTerms', { terms: others }, refused('PartiesFixed'));
  const tooLong = { ...deal.draft, reviewMs: 91 * DAY };
  ask(deal, seller, 'AmendTerms', { terms: tooLong }, refused('TermsInvalid'));
  yield minutes(market);
  accept(deal, buyer);
  yield minutes(market);
  accept(deal, artist);
  ask(deal, artist, 'AcceptTerms', { version: 2 }, granted);
  ask(deal, deal.terms.arbiter.actor, 'AcceptTerms', { version: 2 }, refused('StatusForbids'));
  ask(deal, seller, 'AmendTerms', { terms: deal.draft }, refused('StatusForbids'));
  yield* paid(deal);
  yield hours(market);
  deliver(deal);
  yield deal.deadline;
}

/** Nobody answers: the proposal ends, to the millisecond. */
export function* neverAccepted(market: Market): Script {
  const acceptWithinMs = market.random.pick([MINUTE, 2 * DAY, 5 * DAY]);
  const deal = newDeal(market, { acceptWithinMs });
  const { buyer, seller } = deal.terms;
  open(deal);
  const { deadline } = deal;
  yield deadline - 1;
  ask(deal, buyer, 'ExpireEscrow', {}, refused('NothingDue'));
  ask(deal, buyer, 'AcceptTerms', { version: 1 }, granted);
  yield deadline;
  ask(deal, seller, 'AcceptTerms', { version: 1 }, refused('StatusForbids'));
  ask(deal, seller, 'CancelEscrow', {}, granted);
  yield deadline + 1;
  ask(deal, buyer, 'OpenEscrow', { terms: deal.draft }, refused('StatusForbids'));
  ask(deal, buyer, 'ExpireEscrow', {}, granted);
}

/** Accepted 1 ms before it would have been too late, and paid 1 ms before that too. */
export function* justInTime(market: Market): Script {
  const deal = newDeal(market);
  open(deal);
  topUp(deal);
  yield deal.deadline - 1;
  accept(deal, deal.terms.seller);
  yield deal.deadline - 1;
  topUp(deal);
  placeHold(deal);
  yield hours(market);
  deliver(deal);
  yield deal.deadline - 1;
  release(deal);
}

/** All agree, but the money comes at the deadline: too late. */
export function* neverFunded(market: Market): Script {
  const deal = newDeal(market, { fundWithinMs: market.random.pick([HOUR, DAY, 3 * DAY]) });
  const { buyer } = deal.terms;
  const hold = () => askAccount(market, buyer, 'PlaceHold', purposeOf(deal), refused('NotAwaited'));
  open(deal);
  yield minutes(market);
  accept(deal, deal.terms.seller);
  const { deadline } = deal;
  if (market.random.oneIn(2)) topUp(deal);
  yield deadline;
  hold();
  yield deadline + 1;
  hold();
  ask(deal, buyer, 'CancelEscrow', {}, granted);
  ask(deal, buyer, 'ReleaseFunds', { milestone: 1 }, refused('StatusForbids'));
}

/** Somebody thinks better of it before any money is held. */
export function* withdrawn(market: Market): Script {
  const deal = newDeal(market, { payeeCount: 2 });
  const { buyer, seller, split, arbiter } = deal.terms;
  const isEarly = market.random.oneIn(2);
  const payee = split[1]!.party;
  if (isEarly) {
    open(deal);
    yield minutes(market);
    ask(deal, arbiter.actor, 'CancelEscrow', {}, refused('NotPermitted'));
    withdrawFrom(deal, market.random.pick([buyer, seller, payee]));
  } else {
    yield* agreed(deal);
    yield minutes(market);
    ask(deal, payee, 'CancelEscrow', {}, refused('NotPermitted'));
    withdrawFrom(deal, market.random.pick([buyer, seller]));
  }
  ask(deal, payee, 'CancelEscrow', {}, granted);
  yield hours(market);
  ask(deal, seller, 'MarkDelivered', { milestone: 1 }, refused('StatusForbids'));
}

/** Terms that nobody may agree to; after them, those that were meant. */
export function* badTerms(market: Market): Script {
  const deal = newDeal(market, { payeeCount: 2 });
  const { draft } = deal;
  const { buyer, arbiter } = deal.terms;
  const [first, second] = draft.split!;
  const [milestone] = draft.milestones;
  const proposing = (wrong: object, refusal: string, actor = buyer) =>
    ask(deal, actor, 'OpenEscrow', { terms: { ...draft, ...wrong } }, refused(refusal));
  const priced = (currency: string, amount: string) => ({
    milestones: [{ ...milestone, amount: { currency, amount } }],
  });
  const faults = [
    { seller: buyer },
    { split: [first, { ...second, sharePpm: 1_000_000 }] },
    { split: [first, { ...second, sharePpm: 0 }] },
    { split: [first, { ...second, sharePpm: 0.5 }] },
    { split: [first, { ...second, party: first!.party }] },
    { arbiter: { actor: first!.party } },
    { milestones: [] },
    priced('USD', '0'),
    { milestones: [{ ...milestone, title: 'x'.repeat(201) }] },
    { acceptWithinMs: MINUTE - 1 },
    { releaseAfterMs: 365 * DAY, arbiter: { ...draft.arbiter, ruleWithinMs: 91 * DAY } },
    { payouts: [{ party: arbiter.actor, rail: 'sandbox', destination: 'nowhere' }] },
  ];
  for (const fault of market.random.sample(faults, 3)) {
    proposing(fault, 'TermsInvalid');
    if (market.random.oneIn(2)) yield minutes(market);
  }
  proposing(priced('DOGE', '5'), 'UnknownCurrency');
  proposing({}, 'NotPermitted', arbiter.actor);
  ask(deal, buyer, 'ExpireEscrow', {}, refused('NothingDue'));
  ask(deal, buyer, 'AcceptTerms', { version: 1 }, refused('StatusForbids'));
  open(deal);
  yield deal.deadline;
}
