import * as t from 'io-ts';
import { BuiltId, closed, text } from '../../engine/codec.ts';
import { answerOf, rowOf, settingsOf, type Lookup } from '../../engine/facts.ts';
import { type Amounts, Money } from './money.ts';

/** An account of the ledger: `world:<rail>`, `wallet:<owner>`, `hold:<holdId>`, `escrow:<id>`, `payout:<withdrawalId>`, ... */
export const Account = text('an account', (name) => /^[a-z]+:./u.test(name));

/** One debit and one credit of the same money. */
export const Posting = closed({ from: Account, to: Account, money: Money }, 'a posting');
export type Posting = t.TypeOf<typeof Posting>;
export const Postings = t.readonlyArray(Posting, 'postings');

/** What a hold is for: a stream that takes money and, where it takes more than one, an item within it. */
export const Purpose = closed({ stream: BuiltId, item: t.union([BuiltId, t.null]) }, 'a purpose');
export type Purpose = t.TypeOf<typeof Purpose>;

/** A leg of a settlement: money that a stand sends to an account. */
export type Leg = { readonly to: string; readonly money: Money };

/** What a stream that takes money says, over its recorded events, of a hold for it (or, without one, of a hold to come). */
export type Stand =
  /** Null is any: the owner says. No text could stand for it, since a payer may have any id. */
  | { readonly type: 'Awaited'; readonly payer: string | null; readonly amounts: Amounts | null }
  | { readonly type: 'Pending' }
  | { readonly type: 'Taken' }
  | { readonly type: 'Settled'; readonly legs: readonly Leg[]; readonly final: boolean }
  | { readonly type: 'Refused' };

/** What recorded events say, and Pending where time alone has already caused more than is recorded. */
export const standing =
  <State>(stand: (state: State, holdId: string | undefined) => Stand) =>
  (state: State, holdId: string | undefined, lapsing: boolean): Stand => {
    const said = stand(state, holdId);
    return said.type === 'Awaited' && lapsing ? { type: 'Pending' } : said;
  };

/** Asks the stream that a hold is for how it stands; undefined: there is no such subsystem, or nothing has happened in the stream. */
export const standOf = (stream: string, holdId?: string): Lookup<Stand | undefined> =>
  answerOf<Stand>(stream, 'stand', holdId);

/** A hold that is open in an account, as it was placed. */
export type OpenHold = {
  readonly holdId: string;
  readonly purpose: Purpose;
  readonly amounts: Amounts;
};

export const openHoldOf = (owner: string, holdId: string): Lookup<OpenHold | undefined> =>
  answerOf<OpenHold>(`account-${owner}`, 'openHold', holdId);

/** All that was ever credited to an owner's wallet from other streams; it only grows. */
export type CreditedTotal = { readonly owner: string; readonly credited: Amounts };
export const creditedOf = (owner: string) => rowOf<CreditedTotal>('creditedTotals', owner);

/** A currency of the trial balance: the sum of all debits less all credits (always "0"), and the accounts below zero. */
export type TrialBalanceRow = {
  readonly currency: string;
  readonly debits: string;
  readonly credits: string;
  readonly difference: string;
  readonly belowZero: readonly string[];
};

/** Whether the books are right, in one row: the currencies whose trial balance is not zero or has an account below zero. */
export type LedgerHealth = { readonly inDoubt: readonly string[] };
export const ledgerHealth = rowOf<LedgerHealth>('ledgerHealth', 'ledger');

/** How the marketplace is configured. */
export type MarketplaceSettings = {
  /** Exponent per currency code: how many decimals a major unit has. */
  readonly currencies: Readonly<Record<string, number>>;
  /** Payment rails that deposits come from and withdrawals leave by. */
  readonly rails: readonly string[];
  readonly fee: { readonly payee: string; readonly ppm: number };
};
export const marketplaceSettings = settingsOf<MarketplaceSettings>('marketplace');

/** Corrections by hand come in on this rail; it is always known and nothing leaves by it. */
export const ADJUSTMENT = 'adjustment';

/** Whether a currency is configured. */
export const isCurrency = ({ currencies }: MarketplaceSettings, currency: string): boolean =>
  Object.hasOwn(currencies, currency);

/** Parts per million: 1,000,000 is the whole. */
export const PPM = 1_000_000n;
