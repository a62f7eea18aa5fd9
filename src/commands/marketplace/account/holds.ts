import {
  accountEvents,
  Consent,
  type AccountEvent,
} from '../../../domain/marketplace/account/events.ts';
import {
  awaitedAmounts,
  heldFor,
  isGiven,
  moves,
  openHoldsLimit,
  settlementOf,
  walletOf,
} from '../../../domain/marketplace/account/rules.ts';
import type { Account, Hold } from '../../../domain/marketplace/account/state.ts';
import {
  marketplaceSettings,
  Purpose,
  standOf,
  type Stand,
} from '../../../domain/shared/ledger.ts';
import { Amounts, sameAmounts } from '../../../domain/shared/money.ts';
import { BuiltId, optional, type FieldsOf } from '../../../engine/codec.ts';
import {
  accept,
  ask,
  refuse,
  type Context,
  type Decision,
  type Deliberation,
} from '../../../engine/decider.ts';
import {
  notPermitted,
  statusForbids,
  tooMany,
  type CommonRejection,
} from '../../../engine/refusal.ts';
import {
  spending,
  unknownCurrency,
  type InsufficientFunds,
  type UnknownCurrency,
} from './funds.ts';

/** Setting money aside, and asking what became of it. */
export const holdCommands = {
  PlaceHold: { purpose: Purpose, amounts: optional(Amounts), consent: optional(Consent) },
  ReviewHold: { holdId: BuiltId },
};
type PlaceHold = FieldsOf<typeof holdCommands.PlaceHold>;
type ReviewHold = FieldsOf<typeof holdCommands.ReviewHold>;

export type HoldRejection =
  | CommonRejection
  | InsufficientFunds
  | UnknownCurrency
  /** The purpose awaits no money, not this money, or not from this owner. */
  | { readonly type: 'NotAwaited' }
  /** The purpose has not decided about the hold; or the account knows no such hold. */
  | { readonly type: 'HoldPending' };
type Decided = Deliberation<HoldRejection, AccountEvent>;

const { HoldPlaced, HoldTaken, HoldSettled, HoldReturned } = accountEvents.of;
const pending = refuse({ type: 'HoldPending' });
const notAwaited = refuse({ type: 'NotAwaited' });

/** The owner in person, or the system with the owner's consent. */
const mayPlace = ({ actor, self }: Context, consent: string | null): boolean =>
  consent === null ? actor.id === self.id : actor.roles.includes('system');

export const placeHold = (data: PlaceHold, state: Account, context: Context): Decided => {
  const { purpose, amounts, consent = null } = data;
  const { actor, self } = context;
  const open = heldFor(state, purpose);
  if (open !== undefined && (amounts === undefined || sameAmounts(open.amounts, amounts))) {
    return accept();
  }
  if (state.status !== 'Open') return statusForbids(state.status);
  if (!mayPlace(context, consent)) return notPermitted(actor);
  return ask(
    { settings: marketplaceSettings, stand: standOf(purpose.stream) },
    ({ settings, stand }): Decided => {
      const unknown = unknownCurrency(settings, amounts ?? []);
      if (unknown !== undefined) return unknown;
      const awaited = awaitedAmounts(stand, self.id, purpose, amounts);
      if (open !== undefined || awaited === undefined) return notAwaited;
      const limit = openHoldsLimit(self.id);
      if (Object.keys(state.holds).length >= limit) return tooMany('holds', limit);
      const holdId = `${self.id}#${state.holdsPlaced + 1}`;
      const postings = moves(walletOf(self.id), `hold:${holdId}`, awaited);
      return spending(self.id, state, awaited, (creditedSeen) =>
        HoldPlaced({ holdId, purpose, amounts: awaited, creditedSeen, consent, postings }),
      );
    },
  );
};

export const reviewHold = ({ holdId }: ReviewHold, state: Account, context: Context): Decided => {
  const { actor, self } = context;
  const hold = Object.hasOwn(state.holds, holdId) ? state.holds[holdId] : undefined;
  if (hold === undefined && isGiven(holdId, `${self.id}#`, state.holdsPlaced)) return accept();
  if (actor.id !== self.id && !actor.roles.includes('system')) return notPermitted(actor);
  if (hold === undefined) return pending;
  return ask({ stand: standOf(hold.purpose.stream, holdId) }, ({ stand }) =>
    following(stand, holdId, hold, walletOf(self.id)),
  );
};

/** What becomes of an open hold, now that its purpose stands so. */
const following = (
  stand: Stand | undefined,
  holdId: string,
  hold: Hold,
  wallet: string,
): Decision<HoldRejection, AccountEvent> => {
  const account = `hold:${holdId}`;
  if (stand?.type === 'Taken') return accept(HoldTaken({ holdId }));
  if (stand?.type === 'Refused') {
    const { left: amounts } = hold;
    return accept(HoldReturned({ holdId, amounts, postings: moves(account, wallet, amounts) }));
  }
  const settlement = stand?.type === 'Settled' ? settlementOf(hold, stand) : undefined;
  if (settlement === undefined) return pending;
  const postings = [
    ...settlement.legs.map(({ to, money }) => ({ from: account, to, money })),
    ...moves(account, wallet, settlement.returned),
  ];
  return accept(HoldSettled({ holdId, ...settlement, postings }));
};
