import * as t from 'io-ts';
import { compareText } from '../../../engine/bytes.ts';
import { ActorId, closed } from '../../../engine/codec.ts';
import {
  type Amounts,
  AmountOrZero,
  amountsOf,
  Currency,
  type Money,
  sumsOf,
} from '../../shared/money.ts';
import { type Posting, PPM } from '../../shared/ledger.ts';
import { type Fee, payees, type Terms } from './terms.ts';

/** Where the money of one currency is: deposited = sum of paid + fees + refunded + held (E1); `released` is before fees. */
const BookEntry = closed(
  {
    currency: Currency,
    deposited: AmountOrZero,
    released: AmountOrZero,
    refunded: AmountOrZero,
    fees: AmountOrZero,
    paid: t.readonlyArray(closed({ party: ActorId, amount: AmountOrZero }, 'a payment')),
    held: AmountOrZero,
  },
  'an entry of the book',
);
type BookEntry = t.TypeOf<typeof BookEntry>;

/** The book of an escrow: an entry per currency, sorted by code; `paid` names every payee, the seller last. */
export const Book = t.readonlyArray(BookEntry, 'a book');
export type Book = t.TypeOf<typeof Book>;

/** What decides how released money is shared. */
export type Deal = { readonly terms: Terms; readonly fee: Fee };

/** The book once the buyer's money is in. */
export const openBook = (deposited: Amounts, terms: Terms): Book => {
  const paid = payees(terms).map(({ party }) => ({ party, amount: '0' }));
  return deposited.map(({ currency, amount }) => ({
    currency,
    deposited: amount,
    released: '0',
    refunded: '0',
    fees: '0',
    paid,
    held: amount,
  }));
};

/** What may still be released or refunded. */
export const remainingOf = (book: Book): Amounts =>
  amountsOf(new Map(book.map((entry) => [entry.currency, remainingIn(entry)])));

const remainingIn = ({ deposited, released, refunded }: BookEntry): bigint =>
  BigInt(deposited) - BigInt(released) - BigInt(refunded);

type Apportion = (net: bigint, shares: Terms['split']) => readonly bigint[];

/** Each payee's exact share, rounded down. */
const floors: Apportion = (net, shares) =>
  shares.map(({ sharePpm }) => (net * BigInt(sharePpm)) / PPM);

/** All of `net`: what the floors leave goes one unit each to the largest fractions, ties to the smaller id (E9). */
const apportion: Apportion = (net, shares) => {
  const parts = [...floors(net, shares)];
  const residue = net - parts.reduce((sum, part) => sum + part, 0n);
  if (residue === 0n) return parts;
  const byFraction = shares
    .map(({ party, sharePpm }, index) => ({
      party,
      index,
      fraction: Number((net * BigInt(sharePpm)) % PPM),
    }))

    .toSorted((a, b) => b.fraction - a.fraction || compareText(a.party, b.party));
  for (const { index } of byFraction.slice(0, Number(residue))) parts[index]! += 1n;
  return parts;
};

/** The entry after gross releases of `released` and refunds of `refunded`, both since the beginning. */
const entryAfter = (
  { currency, deposited }: BookEntry,
  released: bigint,
  refunded: bigint,
  { terms, fee }: Deal,
  share: Apportion,
): BookEntry => {
  const fees = (released * BigInt(fee.ppm)) / PPM;
  const shares = payees(terms);
  const parts = share(released - fees, shares);
  const held = parts.reduce((left, part) => left - part, BigInt(deposited) - refunded - fees);
  return {
    currency,
    deposited,
    released: released.toString(),
    refunded: refunded.toString(),
    fees: fees.toString(),
    paid: shares.map(({ party }, index) => ({ party, amount: parts[index]!.toString() })),
    held: held.toString(),
  };
};

/** The book after a release that leaves the escrow open: units that no floor claims stay held. */
export const released = (book: Book, { currency, amount }: Money, deal: Deal): Book =>
  book.map((entry) => {
    if (entry.currency !== currency) return entry;
    const gross = BigInt(entry.released) + BigInt(amount);
    return entryAfter(entry, gross, BigInt(entry.refunded), deal, floors);
  });

/** The book once `refund` has gone back and all the rest to the payees: nothing is held. */
export const settled = (book: Book, refund: Amounts, deal: Deal): Book => {
  const back = sumsOf(refund);
  return book.map((entry) => {
    const refunded = BigInt(entry.refunded) + (back.get(entry.currency) ?? 0n);
    return entryAfter(entry, BigInt(entry.deposited) - refunded, refunded, deal, apportion);
  });
};

/** The postings that lead from one book to the next: per currency the refund, the fee, the payees in the book's order. */
export const postingsBetween = (
  before: Book,
  after: Book,
  { terms, fee }: Deal,
  escrowId: string,
): readonly Posting[] =>
  after.flatMap((now, index) => {
    const was = before[index]!;
    if (was === now) return [];
    const pay = (owner: string, from: string, to: string): readonly Posting[] =>
      from === to
        ? []
        : [
            {
              from: `escrow:${escrowId}`,
              to: `wallet:${owner}`,
              money: { currency: now.currency, amount: (BigInt(to) - BigInt(from)).toString() },
            },
          ];
    return [
      ...pay(terms.buyer, was.refunded, now.refunded),
      ...pay(fee.payee, was.fees, now.fees),
      ...now.paid.flatMap(({ party, amount }, payee) =>
        pay(party, was.paid[payee]!.amount, amount),
      ),
    ];
  });
