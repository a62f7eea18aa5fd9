import { agree, ask, close, newDeal } from '../deal.ts';
import { accepted, granted, refused, repeated } from '../lines.ts';
import type { Market, Script } from '../market.ts';
import { money } from '../money.ts';
import { askAccount, open, placeHold, purposeOf, topUp } from '../moves.ts';
import { hours, minutes } from './steps.ts';

/** A client that loses every answer and asks again, under the same id: it is told what it was told, whatever has happened since. */
export function* insistent(market: Market): Script {
  const deal = newDeal(market);
  const { buyer, seller } = deal.terms;
  const id = market.next('again-');
  const terms = deal.draft;
  open(deal, buyer, id);
  ask(deal, buyer, 'OpenEscrow', { terms }, repeated, id);
  ask(
    deal,
    buyer,
    'OpenEscrow',
    { terms: { ...terms, memo: 'new' } },
    refused('CommandIdReused'),
    id,
  );
  yield minutes(market);
  // The same id of somebody else is another id.
  const acceptance = { version: 1 };
  ask(deal, seller, 'AcceptTerms', acceptance, accepted('TermsAccepted', 'TermsAgreed'), id);
  agree(deal);
  ask(deal, seller, 'AcceptTerms', acceptance, repeated, id);
  ask(deal, seller, 'CancelEscrow', {}, refused('CommandIdReused'), id);
  topUp(deal);
  // In another stream it is another command.
  const { purpose } = purposeOf(deal);
  placeHold(deal, id);
  yield hours(market);
  const other = { purpose, amounts: [money('USD', 7)] };
  askAccount(market, buyer, 'PlaceHold', other, refused('CommandIdReused'), { id });
  const last = market.next('again-');
  ask(deal, buyer, 'ReleaseFunds', { milestone: 1 }, accepted('FundsReleased'), last);
  close(deal, []);
  yield hours(market);
  ask(deal, buyer, 'ReleaseFunds', { milestone: 1 }, repeated, last);
  ask(deal, buyer, 'ReleaseFunds', { milestone: 2 }, refused('CommandIdReused'), last);
  ask(deal, buyer, 'OpenEscrow', { terms }, repeated, id);
  // What added nothing, and what was refused, is decided anew.
  const unremembered = market.next('again-');
  ask(deal, seller, 'ReleaseFunds', { milestone: 1 }, granted, unremembered);
  ask(deal, seller, 'ReleaseFunds', { milestone: 1 }, granted, unremembered);
  ask(deal, seller, 'RefundBuyer', {}, refused('StatusForbids'), unremembered);
  ask(deal, seller, 'RefundBuyer', {}, refused('StatusForbids'), unremembered);
}

/** Money asked for twice under one id leaves once. */
export function* impatient(market: Market): Script {
  const owner = market.random.pick(['ada.bakes', 'vik.maps', 'sol.weaves', 'gus.mends']);
  const has = market.accounts.wallet(owner)[0];
  if (has === undefined) return;
  const id = market.next('again-');
  const take = { money: has, rail: 'sandbox', destination: 'fault:lost' };
  askAccount(market, owner, 'RequestWithdrawal', take, accepted('WithdrawalRequested'), { id });
  market.accounts.withdraw(owner, has, 'fault:lost');
  askAccount(market, owner, 'RequestWithdrawal', take, repeated, { id });
  yield minutes(market);
  askAccount(market, owner, 'RequestWithdrawal', take, repeated, { id });
  const elsewhere = { ...take, destination: 'bank:other' };
  askAccount(market, owner, 'RequestWithdrawal', elsewhere, refused('CommandIdReused'), { id });
}
