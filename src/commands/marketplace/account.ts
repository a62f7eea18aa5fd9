import {
  accountEvents,
  Reason,
  type AccountEvent,
} from '../../domain/marketplace/account/events.ts';
import {
  evolveAccount,
  initialAccount,
  type Account,
} from '../../domain/marketplace/account/state.ts';
import {
  accept,
  byCommand,
  type Context,
  type Decider,
  type Deliberation,
} from '../../engine/decider.ts';
import { notPermitted } from '../../engine/refusal.ts';
import type { About } from '../../engine/subsystem.ts';
import { vocabulary, type MessageOf } from '../../engine/vocabulary.ts';
import { holdCommands, placeHold, reviewHold, type HoldRejection } from './account/holds.ts';
import {
  confirmWithdrawal,
  failWithdrawal,
  requestWithdrawal,
  withdrawalCommands,
  type WithdrawalRejection,
} from './account/withdrawals.ts';

export const accountCommands = vocabulary({
  ...holdCommands,
  ...withdrawalCommands,
  FreezeAccount: { reason: Reason },
  UnfreezeAccount: {},
});
export type AccountCommand = MessageOf<typeof accountCommands>;

export type AccountRejection = HoldRejection | WithdrawalRejection;

const { AccountFrozen, AccountUnfrozen } = accountEvents.of;

/** A treasurer's switch between open and frozen: already so is said to anybody. */
const switched = (
  isSo: boolean,
  { actor }: Context,
  event: AccountEvent,
): Deliberation<AccountRejection, AccountEvent> => {
  if (isSo) return accept();
  if (!actor.roles.includes('treasurer')) return notPermitted(actor);
  return accept(event);
};

/** What leaves an owner's wallet, in all currencies: holds, withdrawals, and whether new ones may begin. */
export const account: Decider<AccountCommand, Account, AccountEvent, AccountRejection> = {
  version: 1,
  initial: initialAccount,
  evolve: evolveAccount,
  decide: byCommand({
    PlaceHold: placeHold,
    ReviewHold: reviewHold,
    RequestWithdrawal: requestWithdrawal,
    ConfirmWithdrawal: confirmWithdrawal,
    FailWithdrawal: failWithdrawal,
    FreezeAccount: ({ reason }, { status }, context) =>
      switched(status === 'Frozen', context, AccountFrozen({ reason })),
    UnfreezeAccount: (_, { status }, context) =>
      switched(status === 'Open', context, AccountUnfrozen({})),
  }),
};

export const accountAbout: About<AccountCommand, AccountRejection> = {
  summary: "An owner's account: it decides what leaves the wallet, on the total that was credited.",
  commands: {
    PlaceHold: {
      who: 'the owner; the system, by consent',
      when: 'Open, and the purpose awaits this money from this owner',
      refusals: ['UnknownCurrency', 'NotAwaited', 'TooMany', 'InsufficientFunds'],
    },
    ReviewHold: {
      who: 'the owner, the system',
      when: 'the hold is open and its purpose has taken, settled or refused it',
      refusals: ['HoldPending'],
    },
    RequestWithdrawal: {
      who: 'the owner; the system, by standing order',
      when: 'Open, and the trial balance is current and zero',
      refusals: ['UnknownCurrency', 'RailUnknown', 'TooMany', 'LedgerInDoubt', 'InsufficientFunds'],
    },
    ConfirmWithdrawal: {
      who: 'rail',
      when: 'the withdrawal is open',
      refusals: ['WithdrawalNotOpen'],
    },
    FailWithdrawal: {
      who: 'rail',
      when: 'the withdrawal is open and surely nothing went out',
      refusals: ['WithdrawalNotOpen'],
    },
    FreezeAccount: { who: 'treasurer', when: 'Open', refusals: [] },
    UnfreezeAccount: { who: 'treasurer', when: 'Frozen', refusals: [] },
  },
};
