import { totalOf } from './book.ts';
import { rail } from './cast.ts';
import {
  agree,
  ask,
  awaitRelease,
  cancel,
  close,
  expectStatus,
  extendTo,
  finishMilestone,
  lock,
  payPart,
  propose,
  quarrel,
  type Deal,
} from './deal.ts';
import { accepted, type Actor, type Answer } from './lines.ts';
import type { Market } from './market.ts';
import { sumsOf, type Amounts, type Money } from './money.ts';
import { complete, type Draft } from './terms.ts';

// What people do that is accepted. Each says its line, and what it changes is kept.

export const open = (deal: Deal, by = deal.terms.buyer, id?: string): void => {
  expectStatus(deal, 'Unopened');
  ask(deal, by, 'OpenEscrow', { terms: deal.draft }, accepted('EscrowOpened'), id);
  propose(deal, by);
};

export const amend = (deal: Deal, by: string, change: Partial<Draft>): void => {
  expectStatus(deal, 'Proposed');
  deal.draft = { ...deal.draft, ...change };
  deal.terms = complete(deal.draft);
  ask(deal, by, 'AmendTerms', { terms: deal.draft }, accepted('TermsAmended'));
  propose(deal, by);
};

/** Everybody whose consent the terms need. */
export const consenters = ({ terms: { buyer, seller, split } }: Deal): readonly string[] => [
  buyer,
  seller,
  ...split.map(({ party }) => party),
];

export const accept = (deal: Deal, by: string): void => {
  expectStatus(deal, 'Proposed');
  deal.accepted = [...deal.accepted, by];
  const isLast = deal.accepted.length === consenters(deal).length;
  const events = isLast ? ['TermsAccepted', 'TermsAgreed'] : ['TermsAccepted'];
  ask(deal, by, 'AcceptTerms', { version: deal.version }, accepted(...events));
  if (isLast) agree(deal);
};

export const withdrawFrom = (deal: Deal, by: string): void => {
  expectStatus(deal, 'Proposed', 'Agreed');
  ask(deal, by, 'CancelEscrow', {}, accepted('EscrowCancelled'));
  cancel(deal);
};

/** A payment that the sandbox reports. */
export const deposit = (market: Market, owner: string, money: Money): void => {
  const ref = market.next('P');
  const data = { rail: 'sandbox', ref, owner, money, note: null };
  const stream = `deposit-sandbox.${ref}`;
  market.say({ stream, command: 'RecordDeposit', data, actor: rail }, accepted('DepositBooked'));
  market.accounts.move('world:sandbox', `wallet:${owner}`, money);
};

/** Something is said to an account, by its owner or somebody else. */
export const askAccount = (
  market: Market,
  owner: string,
  command: string,
  data: object,
  answer: Answer,
  { actor = owner, id }: { readonly actor?: Actor; readonly id?: string | undefined } = {},
): void => market.say({ stream: `account-${owner}`, command, data, actor, id }, answer);

/** What the buyer's wallet lacks for the deal. */
export const lacking = ({ market, terms }: Deal): Amounts =>
  totalOf(terms).flatMap(({ currency, amount }) => {
    const missing = BigInt(amount) - market.accounts.balance(`wallet:${terms.buyer}`, currency);
    return missing > 0n ? [{ currency, amount: String(missing) }] : [];
  });

/** The buyer brings in what is lacking, now and then a little more. */
export const topUp = (deal: Deal): void => {
  const { market, terms } = deal;
  for (const { currency, amount } of lacking(deal)) {
    const more = market.random.oneIn(3) ? BigInt(amount) / 4n : 0n;
    deposit(market, terms.buyer, { currency, amount: String(BigInt(amount) + more) });
  }
};

export const purposeOf = ({ stream }: Deal) => ({ purpose: { stream, item: null } });

/** The buyer sets the money aside, and the deal locks it. */
export const placeHold = (deal: Deal, lineId?: string): void => {
  expectStatus(deal, 'Agreed');
  const { market, terms, id } = deal;
  const total = totalOf(terms);
  const data = { ...purposeOf(deal), ...(market.random.oneIn(2) ? { amounts: total } : {}) };
  askAccount(market, terms.buyer, 'PlaceHold', data, accepted('HoldPlaced'), { id: lineId });
  deal.holdId = market.accounts.hold(terms.buyer);
  for (const money of total) market.accounts.move(`wallet:${terms.buyer}`, `escrow:${id}`, money);
  lock(deal);
};

export const extend = (deal: Deal, until: number): void => {
  expectStatus(deal, 'Locked');
  ask(deal, deal.terms.buyer, 'ExtendDelivery', { until }, accepted('DeliveryExtended'));
  extendTo(deal, until);
};

export const deliver = (deal: Deal, proof?: string): void => {
  expectStatus(deal, 'Locked');
  const data = { milestone: deal.milestone, ...(proof === undefined ? {} : { proof }) };
  ask(deal, deal.terms.seller, 'MarkDelivered', data, accepted('DeliveryMarked'));
  awaitRelease(deal);
};

/** The buyer releases what is left of the milestone. */
export const release = (deal: Deal): void => {
  expectStatus(deal, 'Locked', 'AwaitingRelease');
  const data = { milestone: deal.milestone };
  const event = finishMilestone(deal);
  ask(deal, deal.terms.buyer, 'ReleaseFunds', data, accepted(event));
};

/** The buyer releases a part: `numerator` of `denominator` of what is left. */
export const releasePart = (deal: Deal, numerator: bigint, denominator: bigint): void => {
  expectStatus(deal, 'Locked', 'AwaitingRelease');
  const { currency, amount } = deal.book.left(deal.milestone);
  const part = { currency, amount: String((BigInt(amount) * numerator) / denominator) };
  const data = { milestone: deal.milestone, amount: part };
  ask(deal, deal.terms.buyer, 'ReleaseFunds', data, accepted('PartReleased'));
  payPart(deal, part);
};

export const refundBuyer = (deal: Deal): void => {
  expectStatus(deal, 'Locked', 'AwaitingRelease');
  ask(deal, deal.terms.seller, 'RefundBuyer', {}, accepted('FundsRefunded'));
  close(deal, deal.book.remaining());
};

/** A party offers to settle; the number of the offer. */
export const offer = (deal: Deal, by: string, refund: Amounts): number => {
  expectStatus(deal, 'Locked', 'AwaitingRelease', 'Disputed');
  ask(deal, by, 'OfferSettlement', { refund }, accepted('SettlementOffered'));
  deal.offersMade += 1;
  return deal.offersMade;
};

export const takeOffer = (deal: Deal, by: string, offerNo: number, refund: Amounts): void => {
  expectStatus(deal, 'Locked', 'AwaitingRelease', 'Disputed');
  const event = close(deal, refund);
  ask(deal, by, 'AcceptSettlement', { offerNo }, accepted(event));
};

export type Claim =
  | { readonly type: 'RefundBuyer' | 'ReleaseSeller' }
  | { readonly type: 'PartialRefund'; readonly refund: Amounts };

export const dispute = (
  deal: Deal,
  by: string,
  reason: string,
  claim: Claim = { type: 'RefundBuyer' },
): void => {
  expectStatus(deal, 'Locked', 'AwaitingRelease');
  const grounds = deal.market.random.oneIn(3) ? ['bafkreigh2akiscaildc'] : [];
  ask(deal, by, 'RaiseDispute', { reason, claim, grounds }, accepted('DisputeRaised'));
  quarrel(deal);
};

export const concede = (deal: Deal, by: string): void => {
  expectStatus(deal, 'Disputed');
  const event = close(deal, by === deal.terms.seller ? deal.book.remaining() : []);
  ask(deal, by, 'ConcedeDispute', {}, accepted(event));
};

export const rule = (deal: Deal, outcome: Claim): void => {
  expectStatus(deal, 'Disputed');
  const all = deal.book.remaining();
  const refund = outcome.type === 'PartialRefund' ? outcome.refund : [];
  const event = close(deal, outcome.type === 'RefundBuyer' ? all : refund);
  const arbiter: Actor = deal.terms.arbiter.actor;
  ask(deal, arbiter, 'SettleDispute', { outcome, grounds: [] }, accepted(event));
};

/** Whoever owns it takes money out of the wallet through the sandbox; the withdrawal's id. */
export const cashOut = (
  market: Market,
  owner: string,
  money: Money,
  destination: string,
): string => {
  const data = { money, rail: 'sandbox', destination };
  askAccount(market, owner, 'RequestWithdrawal', data, accepted('WithdrawalRequested'));
  return market.accounts.withdraw(owner, money, destination);
};

/** Every amount that a wallet has, as withdrawals go: one currency each. */
export const all = (market: Market, owner: string): readonly Money[] =>
  [...sumsOf(market.accounts.wallet(owner))].map(([currency, amount]) => ({
    currency,
    amount: String(amount),
  }));
