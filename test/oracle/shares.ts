import { byBytes, type Escrow, type Posting } from './model.ts';

const PPM = 1_000_000n;

const sharesOf = ({ split, seller }: Escrow['terms']): readonly (readonly [string, bigint])[] => {
  const rest = split.reduce((left, { sharePpm }) => left - BigInt(sharePpm), PPM);
  return [
    ...split.map(({ party, sharePpm }) => [party, BigInt(sharePpm)] as const),
    [seller, rest] as const,
  ];
};

/** Books a release of `gross` units of a currency and pays what each has not had yet; closing places the residue. */
export const release = (
  escrow: Escrow,
  currency: string,
  gross: bigint,
  isClosing: boolean,
): readonly Posting[] => {
  const page = escrow.book.get(currency)!;
  const postings: Posting[] = [];
  const pay = (to: string, units: bigint): void => {
    if (units < 0n) throw new Error(`${escrow.id} would take ${units} back from ${to}`);
    if (units === 0n) return;
    const money = { currency, amount: String(units) };
    postings.push({ from: `escrow:${escrow.id}`, to: `wallet:${to}`, money });
  };
  page.released += gross;
  const fees = (page.released * BigInt(escrow.fee.ppm)) / PPM;
  const net = page.released - fees;
  pay(escrow.fee.payee, fees - page.fees);
  page.fees = fees;
  const due = sharesOf(escrow.terms).map(([party, share]) => ({
    party,
    units: (net * share) / PPM,
    fraction: (net * share) % PPM,
  }));
  if (isClosing) {
    const residue = due.reduce((left, { units }) => left - units, net);
    due
      .toSorted((a, b) => Number(b.fraction - a.fraction) || byBytes(a.party, b.party))
      .slice(0, Number(residue))
      .forEach((one) => (one.units += 1n));
  }
  for (const { party, units } of due) {
    pay(party, units - (page.paid.get(party) ?? 0n));
    page.paid.set(party, units);
  }
  return postings;
};

/** The book as events tell it. */
export const bookOf = ({ book }: Escrow): readonly unknown[] =>
  [...book]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, { deposited, released, refunded, fees, paid }]) => {
      const out = [...paid.values()].reduce((sum, units) => sum + units, fees + refunded);
      return {
        currency,
        deposited: String(deposited),
        released: String(released),
        refunded: String(refunded),
        fees: String(fees),
        paid: [...paid].map(([party, units]) => ({ party, amount: String(units) })),
        held: String(deposited - out),
      };
    });
