import * as t from 'io-ts';
import { closed, text } from '../../engine/codec.ts';
import { compareText } from '../../engine/bytes.ts';

/** One more than the largest amount: amounts are below 2^128 minor units. */
export const AMOUNT_BOUND = 1n << 128n;

const isDecimal = (value: string): boolean =>
  /^(0|[1-9][0-9]{0,38})$/.test(value) && BigInt(value) < AMOUNT_BOUND;

/** An amount of minor units as a canonical decimal string, zero included. */
export const AmountOrZero = text('an amount (a decimal string below 2^128)', isDecimal);

/** An amount of at least one minor unit as a canonical decimal string. */
const Amount = text(
  'an amount (a decimal string from 1 to 2^128 - 1)',
  (value) => value !== '0' && isDecimal(value),
);

/** A currency's code; whether it is configured is for a decision to say. */
export const Currency = text('a currency code ([A-Z][A-Z0-9]{1,11})', (code) =>
  /^[A-Z][A-Z0-9]{1,11}$/.test(code),
);

/** An amount of one currency, at least 1 minor unit. */
export const Money = closed({ currency: Currency, amount: Amount }, 'money');
export type Money = t.TypeOf<typeof Money>;

/** Money whose amount may be "0": for terms, where zero is a fault of the terms and not of their form. */
export const MoneyOrZero = closed({ currency: Currency, amount: AmountOrZero }, 'money');

/** Money of several currencies: sorted by code, each code once, no zeros; an empty list is nothing. */
export const Amounts = t.refinement(
  t.readonlyArray(Money),
  (list) =>
    list.every(({ currency }, index) => index === 0 || list[index - 1]!.currency < currency),
  'amounts (sorted by currency, each once, none zero)',
);
export type Amounts = readonly Money[];

/** Amounts for arithmetic: currency -> minor units. Entries may be zero; `amountsOf` drops them. */
export type Sums = ReadonlyMap<string, bigint>;

export const sumsOf = (amounts: Amounts): Map<string, bigint> =>
  new Map(amounts.map(({ currency, amount }) => [currency, BigInt(amount)]));

export const amountsOf = (sums: Sums): Amounts =>
  [...sums]
    .filter(([, amount]) => amount !== 0n)
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([currency, amount]) => ({ currency, amount: amount.toString() }));

const combined = (a: Amounts, b: Amounts, sign: 1n | -1n): Map<string, bigint> => {
  const sums = sumsOf(a);
  for (const { currency, amount } of b) {
    sums.set(currency, (sums.get(currency) ?? 0n) + sign * BigInt(amount));
  }
  return sums;
};

export const plus = (a: Amounts, b: Amounts): Amounts => amountsOf(combined(a, b, 1n));

/** a - b; throws where a currency would fall below zero: the caller has checked with `covers`. */
export const minus = (a: Amounts, b: Amounts): Amounts => {
  const sums = combined(a, b, -1n);
  for (const [currency, amount] of sums) {
    if (amount < 0n) throw new Error(`${currency} would fall to ${amount}`);
  }
  return amountsOf(sums);
};

/** What of `needed` is not in `available`; empty: all is covered. */
const missing = (available: Amounts, needed: Amounts): Amounts =>
  amountsOf(new Map([...combined(needed, available, -1n)].filter(([, amount]) => amount > 0n)));

export const covers = (available: Amounts, needed: Amounts): boolean =>
  missing(available, needed).length === 0;

export const sameAmounts = (a: Amounts, b: Amounts): boolean =>
  a.length === b.length &&
  a.every(
    ({ currency, amount }, index) => b[index]!.currency === currency && b[index]!.amount === amount,
  );
