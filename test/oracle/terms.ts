import { DAY, HOUR, MINUTE, TOO_BIG, totalOf, type Terms } from './model.ts';
import type { Fault } from './same.ts';

const DEFAULTS = {
  royalty: null,
  split: [],
  acceptWithinMs: 7 * DAY,
  fundWithinMs: 24 * HOUR,
  reviewMs: 72 * HOUR,
  releaseAfterMs: 0,
  onNoRuling: 'asSilence',
  payouts: [],
  memo: null,
};

/** The terms as given, with every default filled in. */
export const filled = (given: unknown): Terms => {
  const terms = given as Terms;
  return {
    ...DEFAULTS,
    ...terms,
    milestones: terms.milestones.map((one) => ({ deliverWithinMs: 30 * DAY, ...one })),
    arbiter:
      'electorate' in terms.arbiter ? terms.arbiter : { ruleWithinMs: 14 * DAY, ...terms.arbiter },
    onSilence: { locked: 'refund', awaitingRelease: 'release', ...terms.onSilence },
  };
};

const isWithin = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;

/** All that is out of bounds in terms of the right form. */
export const faultsOf = (terms: Terms): readonly Fault[] => {
  const faults: Fault[] = [];
  const fault = (...paths: string[]): void => void faults.push({ paths, isSure: true });
  const perhaps = (...paths: string[]): void => void faults.push({ paths, isSure: false });
  const { buyer, seller, milestones, split, arbiter, payouts, memo, royalty } = terms;
  if (buyer === seller) fault('seller', 'buyer');
  if (milestones.length < 1 || milestones.length > 64) fault('milestones');
  milestones.forEach(({ title, amount, deliverWithinMs }, i) => {
    if ([...title].length > 200) fault(`milestones[${i}].title`);
    if (amount.amount === '0') fault(`milestones[${i}].amount`);
    if (!isWithin(deliverWithinMs, MINUTE, 365 * DAY)) fault(`milestones[${i}].deliverWithinMs`);
  });
  const totals = totalOf(terms);
  if (totals.size > 8) fault('milestones');
  if ([...totals.values()].some((units) => units >= TOO_BIG)) fault('milestones');
  if (split.length > 32) fault('split');
  split.forEach(({ party, sharePpm }, i) => {
    const path = `split[${i}].party`;
    if (!isWithin(sharePpm, 1, 1_000_000)) fault(`split[${i}].sharePpm`);
    if (split.findIndex((other) => other.party === party) < i) fault(path);
    if (party === buyer || party === seller) fault(path);
    if (party === arbiter.actor) fault(path, 'arbiter.actor');
  });
  if (split.reduce((sum, { sharePpm }) => sum + sharePpm, 0) > 1_000_000) {
    if (split.every(({ sharePpm }) => isWithin(sharePpm, 1, 1_000_000))) fault('split');
    else perhaps('split');
  }
  if ('electorate' in arbiter || royalty !== null) fault('arbiter', 'royalty');
  else if (arbiter.actor === buyer || arbiter.actor === seller) fault('arbiter.actor');
  const windows = [
    ['acceptWithinMs', terms.acceptWithinMs, MINUTE, 30 * DAY],
    ['fundWithinMs', terms.fundWithinMs, MINUTE, 30 * DAY],
    ['reviewMs', terms.reviewMs, MINUTE, 90 * DAY],
    ['releaseAfterMs', terms.releaseAfterMs, 0, 365 * DAY],
    ['arbiter.ruleWithinMs', arbiter.ruleWithinMs, HOUR, 90 * DAY],
  ] as const;
  for (const [path, value, least, most] of windows) {
    if (value !== undefined && !isWithin(value, least, most)) fault(path);
  }
  const work = milestones.reduce((sum, one) => sum + one.deliverWithinMs + terms.reviewMs, 0);
  if (Math.max(work, terms.releaseAfterMs) + (arbiter.ruleWithinMs ?? 0) > 730 * DAY) {
    (faults.length === 0 ? fault : perhaps)('milestones', 'reviewMs', 'releaseAfterMs', 'arbiter');
  }
  if (payouts.length > 34) fault('payouts');
  payouts.forEach(({ party }, i) => {
    const isPaid = [buyer, seller, ...split.map((one) => one.party)].includes(party);
    if (!isPaid) fault(`payouts[${i}].party`);
    if (payouts.findIndex((other) => other.party === party) < i) fault(`payouts[${i}].party`);
  });
  if (memo !== null && [...memo].length > 500) fault('memo');
  return faults;
};
