import { accepted, granted, notPermitted, refused, type Answer } from './answer.ts';
import { unknownCurrency } from './escrow-terms.ts';
import {
  amountsOf,
  beyond,
  purseOf,
  totalOf,
  type Actor,
  type Event,
  type Money,
  type Payload,
  type Purse,
} from './model.ts';
import { canonical, type Account, type World } from './world.ts';

export type AskedOfAccount = {
  readonly world: World;
  readonly account: Account;
  readonly actor: Actor;
  readonly data: Payload;
};

const frozen: Answer = refused('StatusForbids', { status: 'Frozen' });

/** What the wallet lacks, as a refusal. */
const lacking = ({ world, account }: AskedOfAccount, asked: Purse): Answer | undefined => {
  const missing = amountsOf(beyond(asked, world.wallet(account.owner)));
  if (missing.length === 0) return undefined;
  return refused('InsufficientFunds', { missing, asOf: world.head });
};

/** What the escrow of a purpose awaits from this owner; undefined: nothing. */
const awaited = ({ world, account, data }: AskedOfAccount): Purse | undefined => {
  const { stream, item } = data['purpose'] as { stream: string; item: string | null };
  if (!stream.startsWith('escrow-') || item !== null) return undefined;
  const escrow = world.escrows.get(stream.slice('escrow-'.length));
  if (escrow?.status !== 'Agreed' || escrow.terms.buyer !== account.owner) return undefined;
  return totalOf(escrow.terms);
};

export const placeHold = (asked: AskedOfAccount): Answer => {
  const { world, account, actor, data } = asked;
  const { owner, holds } = account;
  if (account.isFrozen) return frozen;
  if (actor.id !== owner || data['consent'] !== undefined) return notPermitted(actor.id);
  const given = data['amounts'] as readonly Money[] | undefined;
  const unknown = unknownCurrency(given ?? []);
  if (unknown !== undefined) return unknown;
  const total = awaited(asked);
  if (total === undefined) return refused('NotAwaited');
  const amounts = amountsOf(total);
  const isOther = given !== undefined && canonical(given) !== canonical(amounts);
  if (isOther) return refused('NotAwaited');
  const lacks = lacking(asked, purseOf(amounts));
  if (lacks !== undefined) return lacks;
  const holdId = `${owner}#${holds.size + 1}`;
  holds.add(holdId);
  const creditedSeen = amountsOf(world.creditedTo(owner));
  const postings = amounts.map((money) => ({
    from: `wallet:${owner}`,
    to: `hold:${holdId}`,
    money,
  }));
  const { purpose } = data;
  return accepted({
    type: 'HoldPlaced',
    data: { holdId, purpose, amounts, creditedSeen, consent: null, postings },
  });
};

/** No hold is open when a line is read: all that follows a hold has settled. */
export const reviewHold = ({ account, actor, data }: AskedOfAccount): Answer => {
  if (account.holds.has(String(data['holdId']))) return granted;
  return actor.id === account.owner ? refused('HoldPending') : notPermitted(actor.id);
};

export const requestWithdrawal = (asked: AskedOfAccount): Answer => {
  const { account, actor, data } = asked;
  const money = data['money'] as Money;
  if (account.isFrozen) return frozen;
  if (actor.id !== account.owner) return notPermitted(actor.id);
  const unknown = unknownCurrency([money]);
  if (unknown !== undefined) return unknown;
  if (data['rail'] !== 'sandbox') return refused('RailUnknown', { rail: data['rail'] });
  const lacks = lacking(asked, purseOf([money]));
  return lacks ?? accepted(withdraw(asked.world, account, data as Withdrawing));
};

type Withdrawing = { readonly money: Money; readonly rail: string; readonly destination: string };

/** Requests a withdrawal that the wallet can pay. */
export const withdraw = (
  world: World,
  account: Account,
  { money, rail, destination }: Withdrawing,
): Event => {
  const { owner, withdrawals } = account;
  const withdrawalId = `${owner}!${withdrawals.size + 1}`;
  withdrawals.set(withdrawalId, { money, destination, state: 'open' });
  const creditedSeen = amountsOf(world.creditedTo(owner));
  const postings = [{ from: `wallet:${owner}`, to: `payout:${withdrawalId}`, money }];
  return {
    type: 'WithdrawalRequested',
    data: { withdrawalId, money, rail, destination, creditedSeen, postings },
  };
};

const isRail = ({ roles }: Actor): boolean => roles.includes('rail');

/** The sandbox has answered every withdrawal before a line is read. */
export const confirmWithdrawal = ({ account, actor, data }: AskedOfAccount): Answer => {
  const state = account.withdrawals.get(String(data['withdrawalId']))?.state;
  if (typeof state === 'object' && state.railRef === data['railRef']) return granted;
  return isRail(actor) ? refused('WithdrawalNotOpen') : notPermitted(actor.id);
};

export const failWithdrawal = ({ actor }: AskedOfAccount): Answer =>
  isRail(actor) ? refused('WithdrawalNotOpen') : notPermitted(actor.id);

const setFrozen =
  (isFrozen: boolean) =>
  ({ account, actor, data }: AskedOfAccount): Answer => {
    if (account.isFrozen === isFrozen) return granted;
    if (!actor.roles.includes('treasurer')) return notPermitted(actor.id);
    account.isFrozen = isFrozen;
    return accepted({ type: isFrozen ? 'AccountFrozen' : 'AccountUnfrozen', data });
  };

export const freezeAccount = setFrozen(true);
export const unfreezeAccount = setFrozen(false);

type Deposit = {
  readonly rail: string;
  readonly ref: string;
  readonly owner: string;
  readonly money: Money;
  readonly note: string | null;
};
type AskedOfDeposit = Omit<AskedOfAccount, 'account'> & { readonly stream: string };

export const recordDeposit = ({ world, stream, actor, data }: AskedOfDeposit): Answer => {
  const { rail, ref, owner, money, note } = data as Deposit;
  const known = world.deposits.get(stream);
  if (known !== undefined) {
    const fields = Object.keys(data).filter(
      (key) => canonical(known[key]) !== canonical(data[key]),
    );
    return fields.length === 0 ? granted : refused('DepositConflict', { fields });
  }
  const role = rail === 'adjustment' ? 'treasurer' : 'rail';
  if (!actor.roles.includes(role)) return notPermitted(actor.id);
  const unknown = unknownCurrency([money]);
  if (unknown !== undefined) return unknown;
  if (!['sandbox', 'adjustment'].includes(rail)) return refused('RailUnknown', { rail });
  world.deposits.set(stream, data);
  const postings = [{ from: `world:${rail}`, to: `wallet:${owner}`, money }];
  return accepted({ type: 'DepositBooked', data: { rail, ref, owner, money, note, postings } });
};
