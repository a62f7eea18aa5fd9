import type { Escrow } from './model.ts';
import type { Seen } from './product.ts';
import { difference } from './same.ts';
import { bookOf } from './shares.ts';
import type { World } from './world.ts';

type Row = Readonly<Record<string, unknown>>;
type Found = { readonly where: string; readonly expected: unknown; readonly seen: unknown };

const balancesOf = (rows: Iterable<Row>): Row =>
  Object.fromEntries(
    [...rows]
      .filter(({ balance }) => balance !== '0')
      .map(({ account, currency, balance }) => [`${String(account)} ${String(currency)}`, balance]),
  );

const expectedBalances = ({ balances }: World): readonly Row[] =>
  [...balances].flatMap(([account, purse]) =>
    [...purse].map(([currency, units]) => ({ account, currency, balance: String(units) })),
  );

const escrowRow = (escrow: Escrow): Row => ({
  status: escrow.status,
  buyer: escrow.terms.buyer,
  seller: escrow.terms.seller,
  payees: escrow.terms.split.map(({ party }) => party),
  nextDeadline: escrow.deadline ?? null,
  book: escrow.holdId === '' ? [] : bookOf(escrow),
});

const seenRow = ({ status, buyer, seller, payees, nextDeadline, book }: Row): Row => ({
  status,
  buyer,
  seller,
  payees,
  nextDeadline,
  book: book ?? [],
});

const trial = (rows: Iterable<Row>): Row =>
  Object.fromEntries(
    [...rows].map(({ currency, difference: off, belowZero, debits, credits }) => [
      String(currency),
      { off, belowZero, debits: debits === credits },
    ]),
  );

const expectedTrial = ({ balances }: World): Row => {
  const currencies = new Set([...balances.values()].flatMap((purse) => [...purse.keys()]));
  return Object.fromEntries(
    [...currencies].map((currency) => [currency, { off: '0', belowZero: [], debits: true }]),
  );
};

/** Where the read models at the end of a run are not what the oracle has. */
export const compareRows = (world: World, { rows, deadLetters }: Seen): Found | undefined => {
  const opened = [...world.escrows.values()].filter(({ status }) => status !== 'Unopened');
  const all = (name: string) => Object.values(rows[name] ?? {}) as readonly Row[];
  const escrows = Object.entries(rows['escrows'] ?? {}) as readonly (readonly [string, Row])[];
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ['balances', balancesOf(expectedBalances(world)), balancesOf(all('balances'))],
    ['trialBalance', expectedTrial(world), trial(all('trialBalance'))],
    [
      'escrows',
      Object.fromEntries(opened.map((escrow) => [escrow.id, escrowRow(escrow)])),
      Object.fromEntries(escrows.map(([id, row]) => [id, seenRow(row)])),
    ],
    ['deadLetters', [], deadLetters],
    ['openHolds', [], all('openHolds')],
    ['openWithdrawals', [], all('openWithdrawals')],
  ];
  for (const [name, expected, seen] of pairs) {
    const where = difference(expected, seen, name);
    if (where !== undefined) return { where, expected, seen };
  }
  return undefined;
};
