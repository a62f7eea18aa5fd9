import { kindOf, ownerOf, postingEvents } from '../../domain/shared/account-table.ts';
import type { CreditedTotal, Posting } from '../../domain/shared/ledger.ts';
import { plus } from '../../domain/shared/money.ts';
import {
  readModel,
  type AnyProjection,
  type Recorded,
  type Tables,
} from '../../engine/projection.ts';
import type { DomainEvent } from '../../engine/vocabulary.ts';

/** Keyed by owner. */
export const creditedTotals = readModel<CreditedTotal>('creditedTotals');

type Booked = DomainEvent<string, { readonly postings: readonly Posting[] }>;

/** What comes back from an owner's own account was never gone: it lowers `spent` there instead. */
const credit = (tables: Tables, { data, envelope }: Recorded<Booked>): void => {
  const rows = tables(creditedTotals);
  for (const { to, money } of data.postings) {
    const owner = kindOf(to) === 'wallet' ? ownerOf(to) : undefined;
    if (owner === undefined || envelope.stream === `account-${owner}`) continue;
    rows.set(owner, { owner, credited: plus(rows.get(owner)?.credited ?? [], [money]) });
  }
};

/** All that was ever credited to each wallet from other streams: it only grows (marketplace L4). */
export const creditedTotalsProjection: AnyProjection = {
  name: 'creditedTotals',
  version: 1,
  models: [creditedTotals],
  on: Object.fromEntries(postingEvents.map((type) => [type, credit])),
};
