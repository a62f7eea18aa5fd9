import { ask, newDeal } from '../deal.ts';
import { parties, rail, treasurer, unwatched } from '../cast.ts';
import { accepted, granted, refused, type Actor, type Answer } from '../lines.ts';
import type { Market, Script } from '../market.ts';
import { money, type Money } from '../money.ts';
import {
  all,
  askAccount,
  cashOut,
  deliver,
  deposit,
  lacking,
  placeHold,
  purposeOf,
  release,
  topUp,
} from '../moves.ts';
import { drawMoney } from '../terms.ts';
import { agreed, hours, locked, minutes } from './steps.ts';

const DESTINATIONS = ['fault:late', 'fault:lost', 'fault:double', 'fault:timeout', 'fault:refuse'];

const drawDestination = ({ random }: Market, owner: string): string =>
  random.oneIn(2) ? `bank:${owner}` : random.pick(DESTINATIONS);

const more = ({ currency, amount }: Money): Money => money(currency, BigInt(amount) + 1n);

const asksFor = (market: Market, owner: string, wanted: Money, answer: Answer): void => {
  const data = { money: wanted, rail: 'sandbox', destination: `bank:${owner}` };
  askAccount(market, owner, 'RequestWithdrawal', data, answer);
};

/** Somebody takes out all there is, to the last unit; the rail has its say about each payment again. */
export function* cashedOut(market: Market, owner = market.random.pick(unwatched)): Script {
  for (const each of all(market, owner)) {
    asksFor(market, owner, more(each), refused('InsufficientFunds'));
    const destination = drawDestination(market, owner);
    const withdrawalId = cashOut(market, owner, each, destination);
    const isPaid = destination !== 'fault:refuse';
    if (isPaid) asksFor(market, owner, money(each.currency, 1), refused('InsufficientFunds'));
    yield minutes(market);
    const told = (command: string, rest: object, answer: Answer, actor: Actor = rail) =>
      askAccount(market, owner, command, { withdrawalId, ...rest }, answer, { actor });
    const railRef = `sandbox-${withdrawalId}`;
    const notOpen = refused('WithdrawalNotOpen');
    told('ConfirmWithdrawal', { railRef }, isPaid ? granted : notOpen);
    if (market.random.oneIn(3)) told('ConfirmWithdrawal', { railRef: 'another' }, notOpen);
    if (market.random.oneIn(3)) told('FailWithdrawal', { reason: 'lost' }, notOpen);
    if (market.random.oneIn(4))
      told('FailWithdrawal', { reason: 'mine' }, refused('NotPermitted'), owner);
  }
}

/** Withdrawals that cannot begin. */
export function* wrongWithdrawals(market: Market): Script {
  const [owner = '', stranger = ''] = market.random.sample(unwatched, 2);
  deposit(market, owner, money('USD', 1000));
  const request = (change: object, answer: Answer, actor: Actor = owner) =>
    askAccount(
      market,
      owner,
      'RequestWithdrawal',
      { money: money('USD', 5), rail: 'sandbox', destination: `bank:${owner}`, ...change },
      answer,
      { actor },
    );
  request({ rail: 'pigeon' }, refused('RailUnknown'));
  request({ rail: 'adjustment' }, refused('RailUnknown'));
  request({ money: money('DOGE', 5) }, refused('UnknownCurrency'));
  request({}, refused('NotPermitted'), stranger);
  request({}, refused('NotPermitted'), treasurer);
  request({ money: money('XMR', 2n ** 128n - 1n) }, refused('InsufficientFunds'));
  yield minutes(market);
  const strange = { withdrawalId: `${owner}!9999`, railRef: 'x' };
  askAccount(market, owner, 'ConfirmWithdrawal', strange, refused('WithdrawalNotOpen'), {
    actor: rail,
  });
  askAccount(market, owner, 'ConfirmWithdrawal', strange, refused('NotPermitted'));
}

/** Who is looked into starts nothing new, is still paid, and goes on when nothing was found. */
export const frozen = (owner: string) =>
  function* frozenAccount(market: Market): Script {
    const standing = { party: owner, rail: 'sandbox', destination: `bank:${owner}` };
    const sale = yield* locked(market, { seller: owner, payouts: [standing] });
    const purchase = newDeal(market, { buyer: owner });
    yield* agreed(purchase);
    topUp(purchase);
    const say = (command: string, data: object, answer: Answer, actor: Actor = treasurer) =>
      askAccount(market, owner, command, data, answer, { actor });
    const because = { reason: 'two sellers complained' };
    say('FreezeAccount', because, refused('NotPermitted'), owner);
    say('FreezeAccount', because, accepted('AccountFrozen'));
    market.accounts.freeze(owner);
    say('FreezeAccount', because, granted, owner);
    say('PlaceHold', purposeOf(purchase), refused('StatusForbids'), owner);
    asksFor(market, owner, money('USD', 1), refused('StatusForbids'));
    yield minutes(market);
    deposit(market, owner, drawMoney(market, 'USD'));
    deliver(sale);
    release(sale);
    say('UnfreezeAccount', {}, refused('NotPermitted'), owner);
    yield minutes(market);
    say('UnfreezeAccount', {}, accepted('AccountUnfrozen'));
    market.accounts.unfreeze(owner);
    say('UnfreezeAccount', {}, granted, owner);
    topUp(purchase);
    placeHold(purchase);
    yield* cashedOut(market, owner);
    yield hours(market);
    release(purchase);
  };

/** Deposits twice over, by the wrong people, on unknown rails; and a treasurer's correction. */
export function* deposits(market: Market): Script {
  const [owner = '', stranger = ''] = market.random.sample(unwatched, 2);
  const ref = market.next('D');
  const paid = { rail: 'sandbox', ref, owner, money: drawMoney(market, 'USD'), note: null };
  const record = (change: object, answer: Answer, actor: Actor = rail) => {
    const data = { ...paid, ...change };
    market.say(
      { stream: `deposit-${data.rail}.${data.ref}`, command: 'RecordDeposit', data, actor },
      answer,
    );
  };
  record({}, refused('NotPermitted'), owner);
  record({}, accepted('DepositBooked'));
  market.accounts.move('world:sandbox', `wallet:${owner}`, paid.money);
  yield minutes(market);
  record({}, granted);
  record({}, granted, stranger);
  record({ owner: stranger }, refused('DepositConflict'));
  record({ money: more(paid.money) }, refused('DepositConflict'), stranger);
  record({ rail: 'pigeon' }, refused('RailUnknown'));
  record({ ref: market.next('D'), money: money('DOGE', 100) }, refused('UnknownCurrency'));
  yield minutes(market);
  const correction = { rail: 'adjustment', ref: market.next('A'), note: 'counted anew' };
  record(correction, refused('NotPermitted'));
  record(correction, accepted('DepositBooked'), treasurer);
  market.accounts.move('world:adjustment', `wallet:${owner}`, paid.money);
  record({ ...correction, note: 'counted again' }, refused('DepositConflict'), treasurer);
}

/** Holds that nobody awaits, and one that the wallet cannot bear. */
export function* wrongHolds(market: Market): Script {
  const deal = newDeal(market);
  const { buyer, seller } = deal.terms;
  const hold = (data: object, refusal: string, actor: Actor = buyer) =>
    askAccount(market, buyer, 'PlaceHold', data, refused(refusal), { actor });
  hold(purposeOf(deal), 'NotAwaited');
  yield* agreed(deal);
  if (lacking(deal).length > 0) hold(purposeOf(deal), 'InsufficientFunds');
  const purpose = { stream: deal.stream, item: null };
  hold({ purpose, amounts: [money('USD', 1)] }, 'NotAwaited');
  hold({ purpose, amounts: [money('DOGE', 1)] }, 'UnknownCurrency');
  hold({ purpose: { ...purpose, item: 'first' } }, 'NotAwaited');
  hold({ purpose: { stream: 'escrow-nobodys', item: null } }, 'NotAwaited');
  hold({ purpose: { stream: 'raffle-7', item: null } }, 'NotAwaited');
  hold({ purpose, consent: 'an-event' }, 'NotPermitted');
  hold({ purpose }, 'NotPermitted', seller);
  askAccount(market, seller, 'PlaceHold', { purpose }, refused('NotAwaited'));
  yield minutes(market);
  topUp(deal);
  placeHold(deal);
  hold({ purpose }, 'NotAwaited');
  const { holdId } = deal;
  const review = (id: string, answer: Answer, actor: Actor = buyer) =>
    askAccount(market, buyer, 'ReviewHold', { holdId: id }, answer, { actor });
  review(holdId, granted);
  review(holdId, granted, seller);
  review(`${buyer}#9999`, refused('HoldPending'));
  review(`${buyer}#9999`, refused('NotPermitted'), seller);
  const lock = { holdId, payer: buyer, amounts: deal.book.remaining() };
  ask(deal, seller, 'LockFunds', lock, granted);
  ask(deal, seller, 'LockFunds', { ...lock, holdId: `${buyer}#9999` }, refused('StatusForbids'));
  yield hours(market);
  release(deal);
}

const order = (party: string, destination: string, via = 'sandbox') => ({
  party,
  rail: via,
  destination,
});

/** Whoever sells wants the money out at once: standing orders, some of which the rail refuses. */
export function* byStandingOrder(market: Market): Script {
  const [buyer = '', seller = '', payee = ''] = market.random.sample(unwatched, 3);
  const deal = yield* locked(market, {
    buyer,
    seller,
    arbiter: { actor: parties.find((each) => ![buyer, seller, payee].includes(each))! },
    split: [{ party: payee, sharePpm: 333_333 }],
    payouts: [
      order(seller, drawDestination(market, seller)),
      order(payee, drawDestination(market, payee), market.random.oneIn(4) ? 'pigeon' : 'sandbox'),
      order(buyer, `bank:${buyer}`),
    ],
    milestoneCount: 2,
    isMixed: true,
  });
  yield hours(market);
  if (market.random.oneIn(3)) {
    yield deal.deadline;
    return;
  }
  release(deal);
  yield hours(market);
  deliver(deal);
  yield deal.deadline;
}
