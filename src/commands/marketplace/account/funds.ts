import type { AccountEvent } from '../../../domain/marketplace/account/events.ts';
import { shortfall } from '../../../domain/marketplace/account/rules.ts';
import type { Account } from '../../../domain/marketplace/account/state.ts';
import { creditedOf, isCurrency, type MarketplaceSettings } from '../../../domain/shared/ledger.ts';
import type { Amounts } from '../../../domain/shared/money.ts';
import { accept, ask, refuse, type Ask, type Decision } from '../../../engine/decider.ts';
import type { Position } from '../../../engine/store.ts';

/** The wallet lacks `missing`, as far as credits up to the log position `asOf` tell. */
export type InsufficientFunds = {
  readonly type: 'InsufficientFunds';
  readonly missing: Amounts;
  readonly asOf: Position;
};
export type UnknownCurrency = { readonly type: 'UnknownCurrency'; readonly currency: string };

/** Refuses the first currency that is not configured. */
export const unknownCurrency = (
  settings: MarketplaceSettings,
  amounts: Amounts,
): Decision<UnknownCurrency, never> | undefined => {
  const unknown = amounts.find(({ currency }) => !isCurrency(settings, currency));
  return unknown && refuse({ type: 'UnknownCurrency', currency: unknown.currency });
};

/**
 * Lets money leave the wallet if all that was ever credited, less all that was spent, covers it. Credits only grow and `spent`
 * is decided at this stream's own revision, so a stale total refuses and never overdraws (marketplace L2, L4).
 */
export const spending = (
  owner: string,
  { spent }: Account,
  needed: Amounts,
  event: (creditedSeen: Amounts) => AccountEvent,
): Ask<InsufficientFunds, AccountEvent> =>
  ask(
    { credited: creditedOf(owner) },
    ({ credited: { row, position } }): Decision<InsufficientFunds, AccountEvent> => {
      const creditedSeen = row?.credited ?? [];
      const missing = shortfall(creditedSeen, spent, needed);
      if (missing.length === 0) return accept(event(creditedSeen));
      return refuse({ type: 'InsufficientFunds', missing, asOf: position });
    },
  );
