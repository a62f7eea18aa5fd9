import { concatMap, filter, from, map, take } from 'rxjs';
import type { AccountCommand } from '../../commands/marketplace/account.ts';
import type { EscrowEvent } from '../../domain/marketplace/escrow/events.ts';
import { amountsOf, type Amounts } from '../../domain/shared/money.ts';
import type { Posting } from '../../domain/shared/ledger.ts';
import type { Reaction, Sending } from '../../engine/reaction.ts';
import type { DomainEvent } from '../../engine/vocabulary.ts';

type Closing = Extract<
  EscrowEvent,
  DomainEvent<'FundsReleased' | 'FundsRefunded' | 'EscrowExpired'>
>;

type StandingOrder = {
  readonly party: string;
  readonly rail: string;
  readonly destination: string;
};
type Ordering = { readonly terms: { readonly payouts: readonly StandingOrder[] } };
const isOrdering = (row: unknown): row is Ordering =>
  typeof row === 'object' && row !== null && 'terms' in row;

const paidTo = (party: string, postings: readonly Posting[]): Amounts => {
  const sums = new Map<string, bigint>();
  for (const { to, money } of postings) {
    if (to !== `wallet:${party}`) continue;
    sums.set(money.currency, (sums.get(money.currency) ?? 0n) + BigInt(money.amount));
  }
  return amountsOf(sums);
};

const withdrawals = (
  { terms: { payouts } }: Ordering,
  postings: readonly Posting[],
): readonly Sending[] =>
  payouts.flatMap(({ party, rail, destination }) =>
    paidTo(party, postings).map((money) => ({
      stream: `account-${party}`,
      command: {
        type: 'RequestWithdrawal',
        data: { money, rail, destination },
      } satisfies AccountCommand,
    })),
  );

/**
 * What a closing event pays to a party with a standing order leaves at once, one withdrawal per currency; the buyer's refund
 * too. An order that is refused is not tried again: the money stays in the wallet. Only books in doubt leave a dead letter, to be
 * retried once they are right.
 */
export const withdrawWhenEscrowPaysByStandingOrder: Reaction<Closing> = {
  name: 'withdrawWhenEscrowPaysByStandingOrder',
  on: ['FundsReleased', 'FundsRefunded', 'EscrowExpired'],
  each: ({ data: { postings }, envelope: { stream } }, _, reader) =>
    reader.rows('escrows', { escrow: stream.slice('escrow-'.length) }).pipe(
      concatMap((rows) => from(rows)),
      map(({ row }) => row),
      filter(isOrdering),
      take(1),
      concatMap((row) => withdrawals(row, postings)),
    ),
  ends: ['StatusForbids', 'UnknownCurrency', 'RailUnknown', 'TooMany', 'InsufficientFunds'],
};
