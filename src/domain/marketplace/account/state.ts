import { evolver, machine, type Draft, type StateOf } from '../../../engine/machine.ts';
import type { Posting, Purpose } from '../../shared/ledger.ts';
import { amountsOf, minus, plus, type Amounts, type Money } from '../../shared/money.ts';
import type { AccountEvent } from './events.ts';

const underWay = <const S extends string>(status: S) =>
  ({
    HoldTaken: status,
    HoldSettled: status,
    HoldReturned: status,
    WithdrawalPaid: status,
    WithdrawalFailed: status,
  }) as const;

/** The life of an account: open from the start; frozen, it ends what is under way and starts nothing (marketplace L11). */
export const accountMachine = machine<AccountEvent>()('Open', {
  Open: {
    HoldPlaced: 'Open',
    WithdrawalRequested: 'Open',
    AccountFrozen: 'Frozen',
    ...underWay('Open'),
  },
  Frozen: { AccountUnfrozen: 'Open', ...underWay('Frozen') },
});

/** Money set aside: what was placed, what of it is still there, and how many legs of its settlement have been moved. */
export type Hold = {
  readonly purpose: Purpose;
  readonly amounts: Amounts;
  readonly left: Amounts;
  readonly moved: number;
};
export type Withdrawal = { readonly money: Money; readonly rail: string };

/** All that has left the wallet per currency and not come back, what is under way, and how many of each there ever were. */
type Ledger = {
  readonly spent: Amounts;
  readonly holds: Readonly<Record<string, Hold>>;
  readonly holdsPlaced: number;
  readonly withdrawals: Readonly<Record<string, Withdrawal>>;
  readonly withdrawalsRequested: number;
  /** The rail's receipts of the latest payments, by withdrawal: a repeated confirmation is recognised. */
  readonly paid: Readonly<Record<string, string>>;
};

export type Account = StateOf<typeof accountMachine, { Open: Ledger; Frozen: Ledger }>;

/** How many receipts an account remembers; an older confirmation finds its withdrawal no longer open. */
export const RECEIPTS = 1_000;

export const initialAccount: Account = {
  status: 'Open',
  spent: [],
  holds: {},
  holdsPlaced: 0,
  withdrawals: {},
  withdrawalsRequested: 0,
  paid: {},
};

/** The sum of any number of moneys. */
export const sumOf = (moneys: readonly Money[]): Amounts => {
  const sums = new Map<string, bigint>();
  for (const { currency, amount } of moneys) {
    sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(amount));
  }
  return amountsOf(sums);
};

type Owned = Draft<Account>;

/** What postings give back to the owner's wallet; both kinds of id begin with the owner. */
const returnedTo = (owner: string, postings: readonly Posting[]): Amounts =>
  sumOf(postings.filter(({ to }) => to === `wallet:${owner}`).map(({ money }) => money));

const ownerBefore = (id: string, mark: '#' | '!'): string => id.slice(0, id.lastIndexOf(mark));

const spend = (state: Owned, amounts: Amounts): void => {
  state.spent = [...plus(state.spent, amounts)];
};
const giveBack = (state: Owned, amounts: Amounts): void => {
  state.spent = [...minus(state.spent, amounts)];
};

const remember = (state: Owned, withdrawalId: string, railRef: string): void => {
  state.paid[withdrawalId] = railRef;
  const end = withdrawalId.lastIndexOf('!') + 1;
  delete state.paid[`${withdrawalId.slice(0, end)}${Number(withdrawalId.slice(end)) - RECEIPTS}`];
};

export const evolveAccount = evolver<typeof accountMachine, Account, AccountEvent>({
  HoldPlaced: (state, { holdId, purpose, amounts }) => {
    spend(state, amounts);
    state.holdsPlaced += 1;
    state.holds[holdId] = { purpose, amounts: [...amounts], left: [...amounts], moved: 0 };
  },
  HoldTaken: (state, { holdId }) => {
    delete state.holds[holdId];
  },
  HoldSettled: (state, { holdId, legs, final, postings }) => {
    giveBack(state, returnedTo(ownerBefore(holdId, '#'), postings));
    const hold = state.holds[holdId];
    if (final) delete state.holds[holdId];
    if (final || hold === undefined) return;
    hold.left = [...minus(hold.left, sumOf(legs.map(({ money }) => money)))];
    hold.moved += legs.length;
  },
  HoldReturned: (state, { holdId, amounts }) => {
    giveBack(state, amounts);
    delete state.holds[holdId];
  },
  WithdrawalRequested: (state, { withdrawalId, money, rail }) => {
    spend(state, [money]);
    state.withdrawalsRequested += 1;
    state.withdrawals[withdrawalId] = { money, rail };
  },
  WithdrawalPaid: (state, { withdrawalId, railRef }) => {
    delete state.withdrawals[withdrawalId];
    remember(state, withdrawalId, railRef);
  },
  WithdrawalFailed: (state, { withdrawalId }) => {
    const withdrawal = state.withdrawals[withdrawalId];
    if (withdrawal !== undefined) giveBack(state, [withdrawal.money]);
    delete state.withdrawals[withdrawalId];
  },
  AccountFrozen: (state) => ({ ...state, status: 'Frozen' }),
  AccountUnfrozen: (state) => ({ ...state, status: 'Open' }),
});
