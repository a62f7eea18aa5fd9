import { money, type Money } from './money.ts';

/**
 * What every account has, by this generator's own bookkeeping. Holds and payouts end within the line that begins them, so money
 * goes from wallets straight into escrows and out to the world.
 */
export type Accounts = {
  readonly balance: (account: string, currency: string) => bigint;
  /** All that a wallet has. */
  readonly wallet: (owner: string) => readonly Money[];
  readonly move: (from: string, to: string, moved: Money) => void;
  /** A withdrawal through the sandbox: resolves to its id. A refused one leaves the money where it was. */
  readonly withdraw: (owner: string, moved: Money, destination: string) => string;
  /** The id of a new hold. */
  readonly hold: (owner: string) => string;
  readonly freeze: (owner: string) => void;
  readonly unfreeze: (owner: string) => void;
  readonly isFrozen: (owner: string) => boolean;
  /** Every balance that is not zero, by account and currency. */
  readonly table: () => Readonly<Record<string, Readonly<Record<string, string>>>>;
};

const counter = () => {
  const counts = new Map<string, number>();
  return (key: string): number => {
    const next = (counts.get(key) ?? 0) + 1;
    counts.set(key, next);
    return next;
  };
};

export const openAccounts = (): Accounts => {
  const balances = new Map<string, Map<string, bigint>>();
  const frozen = new Set<string>();
  const [withdrawals, holds] = [counter(), counter()];
  const of = (account: string) => {
    const found = balances.get(account) ?? new Map<string, bigint>();
    balances.set(account, found);
    return found;
  };
  const balance = (account: string, currency: string) => of(account).get(currency) ?? 0n;
  const move = (from: string, to: string, { currency, amount }: Money): void => {
    of(from).set(currency, balance(from, currency) - BigInt(amount));
    of(to).set(currency, balance(to, currency) + BigInt(amount));
    if (!from.startsWith('world:') && balance(from, currency) < 0n) {
      throw new Error(`the script takes more from ${from} than it has: ${amount} ${currency}`);
    }
  };
  const listed = (account: string): readonly Money[] =>
    [...of(account)]
      .filter(([, amount]) => amount !== 0n)
      .map(([currency, amount]) => money(currency, amount));
  return {
    balance,
    move,
    wallet: (owner) => listed(`wallet:${owner}`),
    withdraw: (owner, moved, destination) => {
      move(`wallet:${owner}`, 'world:sandbox', moved);
      if (destination === 'fault:refuse') move('world:sandbox', `wallet:${owner}`, moved);
      return `${owner}!${withdrawals(owner)}`;
    },
    hold: (owner) => `${owner}#${holds(owner)}`,
    freeze: (owner) => void frozen.add(owner),
    unfreeze: (owner) => void frozen.delete(owner),
    isFrozen: (owner) => frozen.has(owner),
    table: () =>
      Object.fromEntries(
        [...balances.keys()]
          .filter((account) => listed(account).length > 0)
          .map((account) => [
            account,
            Object.fromEntries(listed(account).map(({ currency, amount }) => [currency, amount])),
          ]),
      ),
  };
};
