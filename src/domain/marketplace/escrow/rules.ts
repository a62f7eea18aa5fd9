import type { Instant } from '../../../engine/clock.ts';
import type { Money } from '../../shared/money.ts';
import type { Book } from './book.ts';
import { DAY, sumsOfMilestones, type Terms } from './terms.ts';

/** From the lock on, no escrow may be planned or extended to last longer. */
export const LONGEST_LIFE_MS = 730 * DAY;

/** How often what one escrow repeats may happen; the opening is no amendment. */
export const limits = {
  amendments: 100,
  offers: 100,
  extensions: 100,
  partReleases: 1_000,
} as const;

/** A deadline at which silence releases is not before the time lock opens (E20). */
const timeLocked = (at: Instant, silence: 'refund' | 'release', releasableAt: Instant): Instant =>
  silence === 'release' ? Math.max(at, releasableAt) : at;

/** By when a milestone whose clock starts at `from` is to be delivered. */
export const deliverByOf = (
  { milestones, onSilence }: Terms,
  milestone: number,
  from: Instant,
  releasableAt: Instant,
): Instant =>
  timeLocked(from + milestones[milestone - 1]!.deliverWithinMs, onSilence.locked, releasableAt);

/** Until when what was delivered at `from` may be reviewed. */
export const reviewUntilOf = (
  { reviewMs, onSilence }: Terms,
  from: Instant,
  releasableAt: Instant,
): Instant => timeLocked(from + reviewMs, onSilence.awaitingRelease, releasableAt);

/** When the money came in: the time lock counts from there. */
export const lockedAtOf = ({ releaseAfterMs }: Terms, releasableAt: Instant): Instant =>
  releasableAt - releaseAfterMs;

/** What a milestone still owes its payees: milestones are released in order (E21), so all before it are paid. */
export const leftOf = (terms: Terms, milestone: number, book: Book): Money => {
  const { currency } = terms.milestones[milestone - 1]!.amount;
  const due = sumsOfMilestones(terms, milestone).get(currency) ?? 0n;
  const had = book.find((entry) => entry.currency === currency)?.released ?? '0';
  return { currency, amount: (due - BigInt(had)).toString() };
};
