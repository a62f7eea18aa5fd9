import type { Fault } from '../../../domain/marketplace/escrow/faults.ts';
import type { EscrowEvent } from '../../../domain/marketplace/escrow/events.ts';
import { sinceOf } from '../../../domain/marketplace/escrow/lapse.ts';
import { type Outcome, refundOf } from '../../../domain/marketplace/escrow/outcome.ts';
import {
  type Escrow,
  type FundedEscrow,
  remainsIn,
} from '../../../domain/marketplace/escrow/state.ts';
import { marketplaceSettings, type MarketplaceSettings } from '../../../domain/shared/ledger.ts';
import { type Amounts, covers, type Money } from '../../../domain/shared/money.ts';
import type { Instant } from '../../../engine/clock.ts';
import { type Actor, ask, type Deliberation, refuse } from '../../../engine/decider.ts';
import { type CommonRejection, statusForbids } from '../../../engine/refusal.ts';

/** Why an escrow says no. */
export type Refusal =
  | CommonRejection
  | { readonly type: 'UnknownCurrency'; readonly currency: string }
  | { readonly type: 'TermsInvalid'; readonly faults: readonly Fault[] }
  | { readonly type: 'EscrowAlreadyOpened'; readonly termsHash: string }
  | { readonly type: 'PartiesFixed' }
  | { readonly type: 'TermsSuperseded'; readonly version: number; readonly termsHash: string }
  | {
      readonly type: 'HoldMismatch';
      readonly expected: { readonly payer: string; readonly amounts: Amounts };
    }
  | { readonly type: 'ExtensionOutOfBounds'; readonly after: Instant; readonly latest: Instant }
  | { readonly type: 'MilestoneNotCurrent'; readonly current: number }
  | { readonly type: 'ReleaseTooEarly'; readonly releasableAt: Instant }
  | { readonly type: 'AmountTooLarge'; readonly left: Money }
  | { readonly type: 'RefundExceedsRemaining'; readonly remaining: Amounts }
  /** `standing`: the numbers of the offers that stand, in order. */
  | { readonly type: 'OfferNotStanding'; readonly standing: readonly number[] }
  | { readonly type: 'ReasonReservedToBuyer' }
  | { readonly type: 'NothingDue'; readonly nextAt: Instant | null };

/** What an escrow answers to a command, at once or once it knows the facts it asks for. */
export type Answer = Deliberation<Refusal, EscrowEvent>;

/** The status forbids it; where a deadline closed the escrow, since when. */
export const forbidden = (state: Escrow): Answer => statusForbids(state.status, sinceOf(state));

/** Whether a reaction or a deadline asks: the engine has checked who may claim the role. */
export const isSystem = ({ roles }: Actor): boolean => roles.includes('system');

/** Goes on with the settings where every currency named is configured. */
export const knowing = (
  named: readonly { readonly currency: string }[],
  then: (settings: MarketplaceSettings) => Answer,
): Answer =>
  ask({ settings: marketplaceSettings }, ({ settings }): Answer => {
    const unknown = named.find(({ currency }) => !Object.hasOwn(settings.currencies, currency));
    if (unknown !== undefined) {
      return refuse({ type: 'UnknownCurrency', currency: unknown.currency });
    }
    return then(settings);
  });

/** Goes on where what remains covers the refund. */
export const affording = (state: FundedEscrow, refund: Amounts, then: () => Answer): Answer => {
  const remaining = remainsIn(state);
  return covers(remaining, refund) ? then() : refuse({ type: 'RefundExceedsRemaining', remaining });
};

/** The refund that an outcome names itself: the only amounts in it that may be wrong. */
export const namedIn = (outcome: Outcome): Amounts => refundOf(outcome, []);
