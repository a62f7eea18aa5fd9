export type Money = { readonly currency: string; readonly amount: string };

/** Money of several currencies, sorted by code, without zeros. */
export type Amounts = readonly Money[];

/** Minor units per currency. */
export type Sums = ReadonlyMap<string, bigint>;

export const money = (currency: string, amount: bigint | number): Money => ({
  currency,
  amount: String(amount),
});

export const sumsOf = (moneys: readonly Money[]): Map<string, bigint> => {
  const sums = new Map<string, bigint>();
  for (const { currency, amount } of moneys) {
    sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(amount));
  }
  return sums;
};

export const amountsOf = (sums: Sums): Amounts =>
  [...sums]
    .filter(([, amount]) => amount !== 0n)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, amount]) => money(currency, amount));

/** Part of each currency, rounded down: `partOf(all, 1n, 3n)` is a third. */
export const partOf = (amounts: Amounts, numerator: bigint, denominator: bigint): Amounts =>
  amountsOf(
    new Map(
      amounts.map(({ currency, amount }) => [currency, (BigInt(amount) * numerator) / denominator]),
    ),
  );
