import { EMPTY, of } from 'rxjs';
import type { AccountCommand } from '../../commands/marketplace/account.ts';
import type { EscrowCommand } from '../../commands/marketplace/escrow.ts';
import type { AccountEvent } from '../../domain/marketplace/account/events.ts';
import type { Reaction } from '../../engine/reaction.ts';
import type { DomainEvent } from '../../engine/vocabulary.ts';

type HoldPlaced = Extract<AccountEvent, DomainEvent<'HoldPlaced'>>;

/**
 * Money held for an escrow is offered to it. Only a refusal is followed by a review of the hold: the event of a grant has a
 * reaction of its own (marketplace L3).
 */
export const lockEscrowWhenHoldIsPlaced: Reaction<HoldPlaced> = {
  name: 'lockEscrowWhenHoldIsPlaced',
  on: ['HoldPlaced'],
  each: ({ data: { holdId, purpose, amounts }, envelope: { stream: account } }) => {
    if (!purpose.stream.startsWith('escrow-')) return EMPTY;
    const payer = account.slice('account-'.length);
    return of({
      stream: purpose.stream,
      command: {
        type: 'LockFunds',
        data: { holdId, payer, amounts },
      } satisfies EscrowCommand,
      then: ({ outcome }) =>
        outcome === 'refused'
          ? {
              stream: account,
              command: { type: 'ReviewHold', data: { holdId } } satisfies AccountCommand,
            }
          : undefined,
    });
  },
  ends: ['StatusForbids', 'HoldMismatch', 'HoldPending'],
};
