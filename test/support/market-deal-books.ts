import type { Book } from '../../src/domain/marketplace/escrow/book.ts';
import type { Fee, Terms } from '../../src/domain/marketplace/escrow/terms.ts';
import type { Posting } from '../../src/domain/shared/ledger.ts';
import type { Amounts } from '../../src/domain/shared/money.ts';
import type { Envelope } from '../../src/engine/store.ts';

/** A rule of the marketplace that the log breaks. */
export class Broken extends Error {
  override readonly name = 'Broken';
  constructor(rule: string, what: string, { stream, revision, position, type }: Envelope) {
    super(`${rule}: ${what} (${type}, ${stream}@${revision}, position ${position})`);
  }
}

/** Units under keys; what is not there is none. */
export class Sums extends Map<string, bigint> {
  of(key: string): bigint {
    return this.get(key) ?? 0n;
  }
  add(key: string, by: bigint): void {
    this.set(key, this.of(key) + by);
  }
}

/** A deal as its events tell: what came in, and where it went. */
export type Deal = {
  readonly terms: Terms;
  readonly fee: Fee;
  readonly deposited: Sums;
  readonly released: Sums;
  readonly refunded: Sums;
  readonly fees: Sums;
  /** `<party> <currency>` -> units. */
  readonly paid: Sums;
  holdId?: string;
  closedBy?: string;
};

const PPM = 1_000_000n;
const idIn = (stream: string): string => stream.slice(stream.indexOf('-') + 1);

export const dealOf = ({ terms, fee }: Pick<Deal, 'terms' | 'fee'>): Deal => ({
  terms,
  fee,
  deposited: new Sums(),
  released: new Sums(),
  refunded: new Sums(),
  fees: new Sums(),
  paid: new Sums(),
});

export const addAll = (sums: Sums, amounts: Amounts): void => {
  for (const { currency, amount } of amounts) sums.add(currency, BigInt(amount));
};

/** What leaves an escrow is a refund, a fee or a payee's, by whose wallet it goes to. */
export const payOut = (envelope: Envelope, deal: Deal, postings: readonly Posting[]): void => {
  for (const { from, to, money } of postings) {
    if (from !== `escrow:${idIn(envelope.stream)}`) throw new Broken('L1', from, envelope);
    const [party, units] = [to.slice('wallet:'.length), BigInt(money.amount)];
    if (party === deal.terms.buyer) deal.refunded.add(money.currency, units);
    else if (party === deal.fee.payee) deal.fees.add(money.currency, units);
    else deal.paid.add(`${party} ${money.currency}`, units);
  }
};

/** Every payee has its share of `net`, rounded down, or, once the escrow is closed, at most a unit more (E9); in all. */
const paidIn = (
  envelope: Envelope,
  { terms, paid }: Deal,
  currency: string,
  net: bigint,
): bigint => {
  const given = terms.split.reduce((sum, { sharePpm }) => sum + sharePpm, 0);
  const shares = [...terms.split, { party: terms.seller, sharePpm: Number(PPM) - given }];
  const isClosing = !['PartReleased', 'MilestoneReleased'].includes(envelope.type);
  return shares.reduce((all, { party, sharePpm }) => {
    const had = paid.of(`${party} ${currency}`);
    const floor = (net * BigInt(sharePpm)) / PPM;
    if (had < floor || had > (isClosing ? floor + 1n : floor)) {
      throw new Broken('E9', `${party} has ${had} instead of ${floor}`, envelope);
    }
    return all + had;
  }, 0n);
};

/** Fees and shares follow all that was released so far, and nothing else is in the escrow's account (E1, E19). */
export const conserved = (envelope: Envelope, deal: Deal, balances: Sums): void => {
  const { fee, deposited, released, refunded, fees, closedBy } = deal;
  for (const currency of deposited.keys()) {
    const owed = (released.of(currency) * BigInt(fee.ppm)) / PPM;
    if (fees.of(currency) !== owed) {
      throw new Broken('E19', `fees ${fees.of(currency)} instead of ${owed}`, envelope);
    }
    const paid = paidIn(envelope, deal, currency, released.of(currency) - owed);
    const held = balances.of(`escrow:${idIn(envelope.stream)} ${currency}`);
    const sum = paid + owed + refunded.of(currency) + held;
    if (sum !== deposited.of(currency)) throw new Broken('E1', `${sum} ${currency}`, envelope);
    if (closedBy !== undefined && held !== 0n) throw new Broken('E1', `holds ${held}`, envelope);
  }
};

/** An entry of a book as texts in one order, whatever the order of its keys. */
export const entryOf = (entry: Book[number]): readonly string[] => [
  entry.currency,
  entry.deposited,
  entry.released,
  entry.refunded,
  entry.fees,
  entry.held,
  ...entry.paid.map(({ party, amount }) => `${party} ${amount}`).toSorted(),
];

/** The book that a deal's own sums make, in the same form. */
export const bookOf = (deal: Deal, id: string, balances: Sums): readonly (readonly string[])[] =>
  [...deal.deposited.keys()]
    .toSorted()
    .map((currency) => [
      currency,
      String(deal.deposited.of(currency)),
      String(deal.released.of(currency)),
      String(deal.refunded.of(currency)),
      String(deal.fees.of(currency)),
      String(balances.of(`escrow:${id} ${currency}`)),
      ...[...deal.terms.split.map(({ party }) => party), deal.terms.seller]
        .map((party) => `${party} ${deal.paid.of(`${party} ${currency}`)}`)
        .toSorted(),
    ]);
