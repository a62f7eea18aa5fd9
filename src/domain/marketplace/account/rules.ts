import type { Leg, OpenHold, Posting, Purpose, Stand } from '../../shared/ledger.ts';
import { amountsOf, minus, sameAmounts, sumsOf, type Amounts } from '../../shared/money.ts';
import { sumOf, type Account, type Hold } from './state.ts';

/** Legs that one HoldSettled moves at most; the next ReviewHold moves the rest. */
const LEGS_PER_EVENT = 1_000;

/** Withdrawals that may be under way at once. */
export const OPEN_WITHDRAWALS = 64;

const STREAM_OWNER = /^[a-z][A-Za-z0-9]*-./u;

/** How many holds an owner may have open: streams (a treasury) hold for many, people for themselves. */
export const openHoldsLimit = (owner: string): number => (STREAM_OWNER.test(owner) ? 10_000 : 256);

export const walletOf = (owner: string): string => `wallet:${owner}`;

/** One posting per currency from one account to another. */
export const moves = (from: string, to: string, amounts: Amounts): readonly Posting[] =>
  amounts.map((money) => ({ from, to, money }));

/** What of `needed` is not available: credited less spent, and never less than nothing where `credited` is behind. */
export const shortfall = (credited: Amounts, spent: Amounts, needed: Amounts): Amounts => {
  const [came, left] = [sumsOf(credited), sumsOf(spent)];
  const lacking = needed.map(({ currency, amount }): readonly [string, bigint] => {
    const available = (came.get(currency) ?? 0n) - (left.get(currency) ?? 0n);
    const lack = BigInt(amount) - (available > 0n ? available : 0n);
    return [currency, lack > 0n ? lack : 0n];
  });
  return amountsOf(new Map(lacking));
};

/** The open hold for a purpose; there is at most one. */
export const heldFor = (
  state: Account,
  { stream, item }: Purpose,
): (Hold & { readonly holdId: string }) | undefined => {
  for (const [holdId, hold] of Object.entries(state.holds)) {
    if (hold.purpose.stream === stream && hold.purpose.item === item) return { holdId, ...hold };
  }
  return undefined;
};

/** Streams that await money as a whole: a purpose that names an item of theirs is not awaited. */
const AWAIT_NO_ITEM: readonly string[] = ['escrow'];

const itemFits = ({ stream, item }: Purpose): boolean =>
  item === null || !AWAIT_NO_ITEM.includes(stream.slice(0, stream.indexOf('-')));

/** What a hold would set aside: what its purpose awaits of this owner, or else what is offered; undefined: it awaits no such thing. */
export const awaitedAmounts = (
  stand: Stand | undefined,
  owner: string,
  purpose: Purpose,
  offered: Amounts | undefined,
): Amounts | undefined => {
  if (stand?.type !== 'Awaited' || !itemFits(purpose)) return undefined;
  if (stand.payer !== null && stand.payer !== owner) return undefined;
  const amounts = stand.amounts ?? offered;
  if (amounts === undefined || amounts.length === 0) return undefined;
  return offered === undefined || sameAmounts(amounts, offered) ? amounts : undefined;
};

/** The next legs of a settlement: those not moved yet, whether they are the last, and what goes back to the owner. */
export type Settlement = {
  readonly legs: readonly Leg[];
  readonly final: boolean;
  readonly returned: Amounts;
};

export const settlementOf = (
  { left, moved }: Hold,
  { legs, final }: Extract<Stand, { readonly type: 'Settled' }>,
): Settlement | undefined => {
  const next = legs.slice(moved, moved + LEGS_PER_EVENT);
  const isLast = final && moved + next.length === legs.length;
  if (next.length === 0 && !isLast) return undefined;
  const returned = isLast ? minus(left, sumOf(next.map(({ money }) => money))) : [];
  return { legs: next, final: isLast, returned };
};

/** Whether an id is one of this account's own, numbered from 1, that has been given out. */
export const isGiven = (id: string, prefix: string, count: number): boolean => {
  if (!id.startsWith(prefix)) return false;
  const number = id.slice(prefix.length);
  return /^[1-9][0-9]{0,15}$/.test(number) && Number(number) <= count;
};

/** What other streams may ask of an account: one of its open holds. */
export const openHold = (state: Account, holdId: string | undefined): OpenHold | undefined => {
  if (holdId === undefined || !Object.hasOwn(state.holds, holdId)) return undefined;
  const hold = state.holds[holdId];
  return hold && { holdId, purpose: hold.purpose, amounts: hold.amounts };
};

/** What the payer of a withdrawal asks before it pays: whether the money still waits for it. */
export const isWithdrawalOpen = (state: Account, withdrawalId: string | undefined): boolean =>
  withdrawalId !== undefined && Object.hasOwn(state.withdrawals, withdrawalId);
