import type { AccountEvent } from '../../domain/marketplace/account/events.ts';
import type { EscrowEvent } from '../../domain/marketplace/escrow/events.ts';
import type { Purpose } from '../../domain/shared/ledger.ts';
import { amountsOf, minus, sumsOf, type Amounts } from '../../domain/shared/money.ts';
import type { Instant } from '../../engine/clock.ts';
import { readModel, type Projection, type Recorded, type Tables } from '../../engine/projection.ts';
import type { Envelope } from '../../engine/store.ts';
import type { DomainEvent } from '../../engine/vocabulary.ts';

/** Money set aside from a wallet: whose, what for, how much of it is still there, since when, and what must happen next. */
export type OpenHoldRow = {
  readonly holdId: string;
  readonly owner: string;
  readonly purpose: Purpose;
  readonly amounts: Amounts;
  readonly placedAt: Instant;
  readonly nextStep: string;
};

/** Money on its way out: whose, by which rail, how much, since when, and what must happen next. */
export type OpenWithdrawalRow = {
  readonly withdrawalId: string;
  readonly owner: string;
  readonly purpose: { readonly rail: string };
  readonly amounts: Amounts;
  readonly placedAt: Instant;
  readonly nextStep: string;
};

/** Keyed by the hold's id; `purpose` finds the holds for a stream. */
export const openHolds = readModel<OpenHoldRow>('openHolds', {
  owner: ({ owner }) => owner,
  purpose: ({ purpose }) => purpose.stream,
});

/** Keyed by the withdrawal's id. */
export const openWithdrawals = readModel<OpenWithdrawalRow>('openWithdrawals', {
  owner: ({ owner }) => owner,
  rail: ({ purpose }) => purpose.rail,
});

const ACCOUNT = 'account-';
const ownerIn = ({ stream }: Envelope): string => stream.slice(ACCOUNT.length);

const awaiting = ({ stream }: Purpose): string =>
  stream.startsWith('escrow-') ? `LockFunds on ${stream}` : `${stream} decides`;

const settle = (
  tables: Tables,
  { data }: Recorded<Extract<AccountEvent, DomainEvent<'HoldSettled'>>>,
): void => {
  const row = tables(openHolds).get(data.holdId);
  if (row === undefined) return;
  const gone = new Map<string, bigint>();
  for (const { money } of data.legs) {
    gone.set(money.currency, (gone.get(money.currency) ?? 0n) + BigInt(money.amount));
  }
  const amounts = minus(row.amounts, amountsOf(gone));
  tables(openHolds).set(data.holdId, data.final ? undefined : { ...row, amounts });
};

/** Money in flight, visible while it is (marketplace L10). */
export const holds: Projection<AccountEvent | Extract<EscrowEvent, DomainEvent<'FundsLocked'>>> = {
  name: 'holds',
  version: 1,
  models: [openHolds, openWithdrawals],
  on: {
    HoldPlaced: (tables, { data: { holdId, purpose, amounts }, envelope }) =>
      tables(openHolds).set(holdId, {
        holdId,
        owner: ownerIn(envelope),
        purpose,
        amounts,
        placedAt: envelope.metadata.at,
        nextStep: awaiting(purpose),
      }),
    // The escrow has the money now; the row goes once the account has seen it.
    FundsLocked: (tables, { data: { holdId, payer, amounts } }) => {
      const row = tables(openHolds).get(holdId);
      if (row === undefined) return;
      const left = new Map(sumsOf(row.amounts));
      for (const [currency, amount] of sumsOf(amounts)) {
        left.set(currency, (left.get(currency) ?? 0n) - amount);
      }
      const nextStep = `ReviewHold on ${ACCOUNT}${payer}`;
      tables(openHolds).set(holdId, { ...row, amounts: amountsOf(left), nextStep });
    },
    HoldTaken: (tables, { data: { holdId } }) => tables(openHolds).set(holdId, undefined),
    HoldSettled: settle,
    HoldReturned: (tables, { data: { holdId } }) => tables(openHolds).set(holdId, undefined),
    WithdrawalRequested: (tables, { data: { withdrawalId, money, rail }, envelope }) =>
      tables(openWithdrawals).set(withdrawalId, {
        withdrawalId,
        owner: ownerIn(envelope),
        purpose: { rail },
        amounts: [money],
        placedAt: envelope.metadata.at,
        nextStep: `rail ${rail} answers`,
      }),
    WithdrawalPaid: (tables, { data: { withdrawalId } }) =>
      tables(openWithdrawals).set(withdrawalId, undefined),
    WithdrawalFailed: (tables, { data: { withdrawalId } }) =>
      tables(openWithdrawals).set(withdrawalId, undefined),
  },
};
