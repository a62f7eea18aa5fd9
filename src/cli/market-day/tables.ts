import type { Engine } from '../../engine/run/engine.ts';
import { compareText } from '../../engine/bytes.ts';
import type { ReadModel } from '../../engine/projection.ts';
import { escrowMachine } from '../../domain/marketplace/escrow/state.ts';
import { escrows } from '../../projections/marketplace/escrow.ts';
import { balances, trialBalance } from '../../projections/marketplace/ledger.ts';
import { marketplaceDefaults } from '../../settings.ts';
import { columns } from '../output.ts';
import { pagesOf } from '../pages.ts';

/** Where everything stands: escrows per status, what each account has, and the sum of it all per currency. */
export type FinalTables = {
  readonly escrowsByStatus: Readonly<Record<string, number>>;
  readonly balances: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly trialBalance: Readonly<Record<string, string>>;
};

async function* rowsOf<Row>(engine: Engine, model: ReadModel<Row>): AsyncGenerator<Row> {
  for await (const page of pagesOf(engine.query(model).page, ({ key }) => key)) {
    for (const { row } of page) yield row;
  }
}

const inByteOrder = <Value>(
  entries: Iterable<readonly [string, Value]>,
): Readonly<Record<string, Value>> =>
  Object.fromEntries([...entries].toSorted(([a], [b]) => compareText(a, b)));

const countedByStatus = async (engine: Engine): Promise<FinalTables['escrowsByStatus']> => {
  const counts = new Map(Object.keys(escrowMachine.states).map((status) => [status, 0]));
  for await (const { status } of rowsOf(engine, escrows))
    counts.set(status, (counts.get(status) ?? 0) + 1);
  return inByteOrder(counts);
};

const balancesByAccount = async (engine: Engine): Promise<FinalTables['balances']> => {
  const accounts = new Map<string, Map<string, string>>();
  for await (const { account, currency, balance } of rowsOf(engine, balances)) {
    if (balance === '0') continue;
    accounts.set(
      account,
      (accounts.get(account) ?? new Map<string, string>()).set(currency, balance),
    );
  }
  return inByteOrder([...accounts].map(([account, sums]) => [account, inByteOrder(sums)] as const));
};

/** The tables as the read models have them. */
export const finalTables = async (engine: Engine): Promise<FinalTables> => {
  const totals = new Map<string, string>();
  for await (const { currency, difference } of rowsOf(engine, trialBalance))
    totals.set(currency, difference);
  return {
    escrowsByStatus: await countedByStatus(engine),
    balances: await balancesByAccount(engine),
    trialBalance: inByteOrder(totals),
  };
};

/** Minor units as a decimal number of major units. */
const majorUnits = (amount: string, exponent: number): string => {
  const isNegative = amount.startsWith('-');
  const digits = amount.slice(isNegative ? 1 : 0).padStart(exponent + 1, '0');
  const point = digits.length - exponent;
  const fraction = exponent === 0 ? '' : `.${digits.slice(point)}`;
  return `${isNegative ? '-' : ''}${digits.slice(0, point)}${fraction}`;
};

/** The tables for people: what parties can claim, in major units. */
export const describeTables = ({
  escrowsByStatus,
  balances: all,
  trialBalance: totals,
}: FinalTables): string => {
  const { currencies } = marketplaceDefaults;
  const codes = Object.keys(totals);
  const amountIn = (sums: Readonly<Record<string, string>>, code: string) =>
    sums[code] === undefined ? '' : majorUnits(sums[code], currencies[code] ?? 0);
  const wallets = Object.entries(all).filter(([account]) => account.startsWith('wallet:'));
  return [
    'escrows by status',
    columns(
      Object.entries(escrowsByStatus).map(([status, count]) => [`  ${status}`, String(count)]),
      1,
    ),
    '',
    'claimable by party',
    columns(
      [
        ['  party', ...codes],
        ...wallets.map(([account, sums]) => [
          `  ${account.slice('wallet:'.length)}`,
          ...codes.map((code) => amountIn(sums, code)),
        ]),
      ],
      1,
    ),
    '',
    `trial balance: ${Object.entries(totals)
      .map(([code, difference]) => `${code} ${difference}`)
      .join(', ')}`,
  ].join('\n');
};
