import { FEE } from './cast.ts';
import { amountsOf, money, sumsOf, type Amounts, type Money } from './money.ts';
import type { Terms } from './terms.ts';

/** Money that an escrow pays to a wallet. */
type Payment = { readonly to: string; readonly money: Money };

const WHOLE = 1_000_000n;

type Share = { readonly party: string; readonly ppm: bigint };
type Entry = {
  deposited: bigint;
  released: bigint;
  refunded: bigint;
  readonly paid: Map<string, bigint>;
};

const sharesOf = ({ split, seller }: Terms): readonly Share[] => {
  const shares = split.map(({ party, sharePpm }) => ({ party, ppm: BigInt(sharePpm) }));
  const given = shares.reduce((sum, { ppm }) => sum + ppm, 0n);
  return [...shares, { party: seller, ppm: WHOLE - given }];
};

/** What each is due of a net sum: rounded down or, at the end, with the units that are left going to the largest fractions. */
const dues = (net: bigint, shares: readonly Share[], isLast: boolean): Map<string, bigint> => {
  const due = new Map(shares.map(({ party, ppm }) => [party, (net * ppm) / WHOLE]));
  if (!isLast) return due;
  const left = net - [...due.values()].reduce((sum, part) => sum + part, 0n);
  const fraction = ({ ppm }: Share) => Number((net * ppm) % WHOLE);
  const inLine = shares.toSorted(
    (a, b) =>
      fraction(b) - fraction(a) || Buffer.compare(Buffer.from(a.party), Buffer.from(b.party)),
  );
  for (const { party } of inLine.slice(0, Number(left)))
    due.set(party, (due.get(party) ?? 0n) + 1n);
  return due;
};

/** The money of one deal, kept from the rules of rounding alone (E9, E10, E19). */
export type Book = {
  readonly remaining: () => Amounts;
  /** What milestone `n` (from 1) still owes. */
  readonly left: (n: number) => Money;
  readonly release: (released: Money) => readonly Payment[];
  /** The end: `refund` to the buyer, all the rest to the payees. */
  readonly settle: (refund: Amounts) => readonly Payment[];
};

export const totalOf = ({ milestones }: Terms): Amounts =>
  amountsOf(sumsOf(milestones.map(({ amount }) => amount)));

export const openBook = (terms: Terms): Book => {
  const entries = new Map<string, Entry>();
  for (const [currency, deposited] of sumsOf(totalOf(terms))) {
    entries.set(currency, { deposited, released: 0n, refunded: 0n, paid: new Map() });
  }
  const shares = sharesOf(terms);

  const pay = (currency: string, entry: Entry, isLast: boolean): readonly Payment[] => {
    const fees = (entry.released * FEE.ppm) / WHOLE;
    const due = dues(entry.released - fees, shares, isLast).set(FEE.payee, fees);
    return [...due].flatMap(([to, sum]) => {
      const before = entry.paid.get(to) ?? 0n;
      entry.paid.set(to, sum);
      return sum === before ? [] : [{ to, money: money(currency, sum - before) }];
    });
  };

  return {
    remaining: () =>
      amountsOf(
        new Map(
          [...entries].map(([currency, { deposited, released, refunded }]) => [
            currency,
            deposited - released - refunded,
          ]),
        ),
      ),
    left: (n) => {
      const { currency } = terms.milestones[n - 1]!.amount;
      const due = sumsOf(terms.milestones.slice(0, n).map(({ amount }) => amount));
      return money(currency, (due.get(currency) ?? 0n) - entries.get(currency)!.released);
    },
    release: ({ currency, amount }) => {
      const entry = entries.get(currency)!;
      entry.released += BigInt(amount);
      return pay(currency, entry, false);
    },
    settle: (refund) => {
      const back = sumsOf(refund);
      return [...entries].flatMap(([currency, entry]) => {
        const refunded = back.get(currency) ?? 0n;
        entry.refunded += refunded;
        entry.released = entry.deposited - entry.refunded;
        const toBuyer =
          refunded === 0n ? [] : [{ to: terms.buyer, money: money(currency, refunded) }];
        return [...toBuyer, ...pay(currency, entry, true)];
      });
    },
  };
};
