import { DAY, HOUR, MINUTE, TOO_BIG, totalOf, type Terms, type TermsDraft } from './model.ts';
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
export const filled = (terms: TermsDraft): Terms => ({
  ...DEFAULTS,
  ...terms,
  milestones: terms.milestones.map((one) => ({ deliverWithinMs: 30 * DAY, ...one })),
  arbiter:
    terms.arbiter.actor === undefined
      ? (terms.arbiter as Terms['arbiter'])
      : { ruleWithinMs: 14 * DAY, ...terms.arbiter, actor: terms.arbiter.actor },
  onSilence: { locked: 'refund', awaitingRelease: 'release', ...terms.onSilence },
});

const isWithin = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;

/** Characters, not UTF-16 units. */
const lengthOf = (text: string): number => Array.from(text).length;

type Say = (isWrong: boolean, ...paths: readonly string[]) => void;

const milestoneFaults = (terms: Terms, say: Say): void => {
  const { milestones } = terms;
  say(milestones.length < 1 || milestones.length > 64, 'milestones');
  milestones.forEach(({ title, amount, deliverWithinMs }, i) => {
    say(lengthOf(title) > 200, `milestones[${i}].title`);
    say(amount.amount === '0', `milestones[${i}].amount`);
    say(!isWithin(deliverWithinMs, MINUTE, 365 * DAY), `milestones[${i}].deliverWithinMs`);
  });
  const totals = totalOf(terms);
  say(totals.size > 8, 'milestones');
  say(
    [...totals.values()].some((units) => units >= TOO_BIG),
    'milestones',
  );
};

const splitFaults = ({ buyer, seller, split, arbiter }: Terms, say: Say, perhaps: Say): void => {
  say(split.length > 32, 'split');
  split.forEach(({ party, sharePpm }, i) => {
    const path = `split[${i}].party`;
    say(!isWithin(sharePpm, 1, 1_000_000), `split[${i}].sharePpm`);
    say(split.findIndex((other) => other.party === party) < i, path);
    say(party === buyer || party === seller, path);
    say(party === arbiter.actor, path, 'arbiter.actor');
  });
  const isOver = split.reduce((sum, { sharePpm }) => sum + sharePpm, 0) > 1_000_000;
  const areWhole = split.every(({ sharePpm }) => isWithin(sharePpm, 1, 1_000_000));
  (areWhole ? say : perhaps)(isOver, 'split');
};

const arbiterFaults = ({ buyer, seller, arbiter, royalty }: Terms, say: Say): void => {
  const isVote = 'electorate' in arbiter;
  say(isVote || royalty !== null, 'arbiter', 'royalty');
  say(!isVote && [buyer, seller].includes(arbiter.actor), 'arbiter.actor');
  say(!isVote && !isWithin(arbiter.ruleWithinMs, HOUR, 90 * DAY), 'arbiter.ruleWithinMs');
};

const lifeOf = ({ milestones, reviewMs, releaseAfterMs, arbiter }: Terms): number => {
  const work = milestones.reduce((sum, one) => sum + one.deliverWithinMs + reviewMs, 0);
  return Math.max(work, releaseAfterMs) + (arbiter.ruleWithinMs ?? 0);
};

const payoutFaults = ({ buyer, seller, split, payouts }: Terms, say: Say): void => {
  const paid = [buyer, seller, ...split.map(({ party }) => party)];
  say(payouts.length > 34, 'payouts');
  payouts.forEach(({ party }, i) => {
    say(!paid.includes(party), `payouts[${i}].party`);
    say(payouts.findIndex((other) => other.party === party) < i, `payouts[${i}].party`);
  });
};

/** All that is out of bounds in terms of the right form. */
export const faultsOf = (terms: Terms): readonly Fault[] => {
  const faults: Fault[] = [];
  const telling =
    (isSure: boolean): Say =>
    (isWrong, ...paths) => {
      if (isWrong) faults.push({ paths, isSure });
    };
  const [say, perhaps] = [telling(true), telling(false)];
  say(terms.buyer === terms.seller, 'seller', 'buyer');
  milestoneFaults(terms, say);
  splitFaults(terms, say, perhaps);
  arbiterFaults(terms, say);
  say(!isWithin(terms.acceptWithinMs, MINUTE, 30 * DAY), 'acceptWithinMs');
  say(!isWithin(terms.fundWithinMs, MINUTE, 30 * DAY), 'fundWithinMs');
  say(!isWithin(terms.reviewMs, MINUTE, 90 * DAY), 'reviewMs');
  say(!isWithin(terms.releaseAfterMs, 0, 365 * DAY), 'releaseAfterMs');
  payoutFaults(terms, say);
  say(lengthOf(terms.memo ?? '') > 500, 'memo');
  const isLong = lifeOf(terms) > 730 * DAY;
  const where = ['milestones', 'reviewMs', 'releaseAfterMs', 'arbiter'];
  (faults.length === 0 ? say : perhaps)(isLong, ...where);
  return faults;
};
