import { concatMap, from, map, of, type Observable } from 'rxjs';
import type { AccountCommand } from '../../commands/marketplace/account.ts';
import type { EscrowEvent } from '../../domain/marketplace/escrow/events.ts';
import type { Reaction, Reader, Sending } from '../../engine/reaction.ts';
import type { DomainEvent } from '../../engine/vocabulary.ts';

type Deciding = Extract<
  EscrowEvent,
  DomainEvent<
    'FundsLocked' | 'EscrowCancelled' | 'FundsReleased' | 'FundsRefunded' | 'EscrowExpired'
  >
>;

const review = (owner: string, holdId: string): Sending => ({
  stream: `account-${owner}`,
  command: { type: 'ReviewHold', data: { holdId } } satisfies AccountCommand,
});

/** What the reaction reads of an open hold. */
type Held = { readonly owner: string; readonly holdId: string };
const isHeld = (row: unknown): row is Held =>
  typeof row === 'object' && row !== null && 'owner' in row && 'holdId' in row;

/** A review of every hold that is open for a stream: one, unless the stream takes money of many. */
const reviewsFor = (purpose: string, reader: Reader): Observable<Sending> =>
  reader.rows('openHolds', { purpose }).pipe(
    concatMap((rows) => from(rows)),
    map(({ row }) => row),
    concatMap((row) => (isHeld(row) ? of(review(row.owner, row.holdId)) : [])),
  );

/** The escrow has taken a hold, or will take none any more: the account sees what became of its money (marketplace L3). */
export const reviewHoldWhenEscrowDecides: Reaction<Deciding> = {
  name: 'reviewHoldWhenEscrowDecides',
  on: ['FundsLocked', 'EscrowCancelled', 'FundsReleased', 'FundsRefunded', 'EscrowExpired'],
  each: (recorded, _, reader) =>
    recorded.type === 'FundsLocked'
      ? of(review(recorded.data.payer, recorded.data.holdId))
      : reviewsFor(recorded.envelope.stream, reader),
  ends: ['HoldPending'],
};
