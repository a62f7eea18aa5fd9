import { check } from '../../../engine/check.ts';
import { openHolds, openWithdrawals } from '../holds.ts';

const DAY_MS = 86_400_000;

/** A hold that nobody has taken, settled or returned for more than a day (marketplace L10). */
export const overdueHolds = check(openHolds, ({ holdId, owner, placedAt, nextStep }, at) => {
  const ageMs = at - placedAt;
  return ageMs > DAY_MS ? { what: `hold ${holdId}`, owner, ageMs, nextStep } : undefined;
});

/** A withdrawal whose rail has not answered for more than a day (marketplace L10). */
export const overdueWithdrawals = check(
  openWithdrawals,
  ({ withdrawalId, owner, placedAt, nextStep }, at) => {
    const ageMs = at - placedAt;
    return ageMs > DAY_MS
      ? { what: `withdrawal ${withdrawalId}`, owner, ageMs, nextStep }
      : undefined;
  },
);
