import {
  accountEvents,
  Reason,
  type AccountEvent,
} from '../../../domain/marketplace/account/events.ts';
import { moves, OPEN_WITHDRAWALS, walletOf } from '../../../domain/marketplace/account/rules.ts';
import type { Account, Withdrawal } from '../../../domain/marketplace/account/state.ts';
import {
  ledgerHealth,
  marketplaceSettings,
  type LedgerHealth,
  type MarketplaceSettings,
} from '../../../domain/shared/ledger.ts';
import { Money } from '../../../domain/shared/money.ts';
import { Destination } from '../../../domain/shared/payment-rail.ts';
import { BuiltId, type FieldsOf } from '../../../engine/codec.ts';
import {
  accept,
  ask,
  refuse,
  type Actor,
  type Context,
  type Deliberation,
} from '../../../engine/decider.ts';
import type { RowFact } from '../../../engine/facts.ts';
import {
  notPermitted,
  statusForbids,
  tooMany,
  type CommonRejection,
} from '../../../engine/refusal.ts';
import type { Position } from '../../../engine/store.ts';
import {
  spending,
  unknownCurrency,
  type InsufficientFunds,
  type UnknownCurrency,
} from './funds.ts';

/** Ordering a payment to the world outside, and the rail's word of what became of it. */
export const withdrawalCommands = {
  RequestWithdrawal: { money: Money, rail: BuiltId, destination: Destination },
  ConfirmWithdrawal: { withdrawalId: BuiltId, railRef: BuiltId },
  FailWithdrawal: { withdrawalId: BuiltId, reason: Reason },
};
type RequestWithdrawal = FieldsOf<typeof withdrawalCommands.RequestWithdrawal>;
type ConfirmWithdrawal = FieldsOf<typeof withdrawalCommands.ConfirmWithdrawal>;
type FailWithdrawal = FieldsOf<typeof withdrawalCommands.FailWithdrawal>;

export type WithdrawalRejection =
  | CommonRejection
  | InsufficientFunds
  | UnknownCurrency
  | { readonly type: 'RailUnknown'; readonly rail: string }
  /** The books are stopped or wrong, as far as the log position `asOf` tells: nothing leaves until they are right again. */
  | { readonly type: 'LedgerInDoubt'; readonly asOf: Position }
  | { readonly type: 'WithdrawalNotOpen' };
type Decided = Deliberation<WithdrawalRejection, AccountEvent>;

const { WithdrawalRequested, WithdrawalPaid, WithdrawalFailed } = accountEvents.of;
const notOpen = refuse({ type: 'WithdrawalNotOpen' });

const payoutOf = (withdrawalId: string): string => `payout:${withdrawalId}`;

/** The owner in person, or the system by a standing order. */
const mayWithdraw = ({ actor, self }: Context): boolean =>
  actor.id === self.id || actor.roles.includes('system');

const isRail = ({ roles }: Actor): boolean => roles.includes('rail');

export const requestWithdrawal = (
  data: RequestWithdrawal,
  state: Account,
  context: Context,
): Decided => {
  if (state.status !== 'Open') return statusForbids(state.status);
  if (!mayWithdraw(context)) return notPermitted(context.actor);
  return ask({ settings: marketplaceSettings }, ({ settings }) =>
    permitted(data, state, settings, context.self.id),
  );
};

const permitted = (
  { money, rail, destination }: RequestWithdrawal,
  state: Account,
  settings: MarketplaceSettings,
  owner: string,
): Decided => {
  const unknown = unknownCurrency(settings, [money]);
  if (unknown !== undefined) return unknown;
  if (!settings.rails.includes(rail)) return refuse({ type: 'RailUnknown', rail });
  if (Object.keys(state.withdrawals).length >= OPEN_WITHDRAWALS) {
    return tooMany('payouts', OPEN_WITHDRAWALS);
  }
  return ask({ health: ledgerHealth }, ({ health }): Decided => {
    if (isInDoubt(health)) return refuse({ type: 'LedgerInDoubt', asOf: health.position });
    const withdrawalId = `${owner}!${state.withdrawalsRequested + 1}`;
    const postings = moves(walletOf(owner), payoutOf(withdrawalId), [money]);
    return spending(owner, state, [money], (creditedSeen) =>
      WithdrawalRequested({ withdrawalId, money, rail, destination, creditedSeen, postings }),
    );
  });
};

/** Stopped or behind, or wrong in any currency (marketplace L7). */
const isInDoubt = ({ row, current }: RowFact<LedgerHealth>): boolean =>
  !current || (row !== undefined && row.inDoubt.length > 0);

const openWithdrawal = ({ withdrawals }: Account, withdrawalId: string): Withdrawal | undefined =>
  Object.hasOwn(withdrawals, withdrawalId) ? withdrawals[withdrawalId] : undefined;

export const confirmWithdrawal = (
  { withdrawalId, railRef }: ConfirmWithdrawal,
  state: Account,
  { actor }: Context,
): Decided => {
  if (Object.hasOwn(state.paid, withdrawalId) && state.paid[withdrawalId] === railRef) {
    return accept();
  }
  if (!isRail(actor)) return notPermitted(actor);
  const withdrawal = openWithdrawal(state, withdrawalId);
  if (withdrawal === undefined) return notOpen;
  const postings = moves(payoutOf(withdrawalId), `world:${withdrawal.rail}`, [withdrawal.money]);
  return accept(WithdrawalPaid({ withdrawalId, railRef, railFee: null, postings }));
};

export const failWithdrawal = (
  { withdrawalId, reason }: FailWithdrawal,
  state: Account,
  { actor, self }: Context,
): Decided => {
  if (!isRail(actor)) return notPermitted(actor);
  const withdrawal = openWithdrawal(state, withdrawalId);
  if (withdrawal === undefined) return notOpen;
  const postings = moves(payoutOf(withdrawalId), walletOf(self.id), [withdrawal.money]);
  return accept(WithdrawalFailed({ withdrawalId, reason, postings }));
};
