import type { Chance } from './chance.ts';
import { DAY, HOUR, MINUTE, type Fee, type TermsDraft } from './model.ts';

/** Fees that the settings may name: none, the most, of a payee or a party. */
export const FEES: readonly Fee[] = [
  { payee: 'platform', ppm: 25_000 },
  { payee: 'platform', ppm: 0 },
  { payee: 'pat', ppm: 200_000 },
  { payee: 'ann', ppm: 1 },
  { payee: 'arb', ppm: 33_333 },
];

export const PARTIES = ['ann', 'bob', 'Ann', 'zo\u00eb', 'zoe\u0308', 'any', '__proto__'];
export const PAYEES = ['pat', 'quo', 'constructor', 'platform', 'p-1#2:3'];
export const ARBITERS = ['arb', 'judge'];
export const DESTINATIONS = ['bank', 'fault:refuse', 'fault:lost', 'fault:double', 'fault:timeout'];

const amountFrom = (chance: Chance): string =>
  chance.weighted<() => string>([
    [3, () => String(chance.int(1, 5))],
    [6, () => String(chance.int(6, 5000))],
    [2, () => `${chance.int(1, 9)}000000000000000000${chance.int(0, 9)}`],
    [1, () => String(2n ** 127n - BigInt(chance.int(1, 9)))],
  ])();

const currencyFrom = (chance: Chance): string => chance.pick(['USD', 'USD', 'USD', 'JPY', 'ETH']);

export const moneyFrom = (chance: Chance) => ({
  currency: currencyFrom(chance),
  amount: amountFrom(chance),
});

const splitFrom = (chance: Chance): TermsDraft['split'] & object => {
  const payees = PAYEES.filter(() => chance.percent(25));
  if (chance.percent(30)) {
    const sharePpm = Math.floor(1_000_000 / (payees.length + chance.int(0, 1)));
    return payees.map((party) => ({ party, sharePpm }));
  }
  let left = 1_000_000;
  return payees.map((party, i) => {
    const isAll = i === payees.length - 1 && chance.percent(10);
    const most = left - (payees.length - 1 - i);
    const wanted = chance.pick([333_333, 1, 100_000, 50_000, chance.int(1, most)]);
    const sharePpm = isAll ? most : Math.min(wanted, most);
    left -= sharePpm;
    return { party, sharePpm };
  });
};

const silenceFrom = (chance: Chance) => {
  const side = () => chance.pick(['refund', 'release']);
  return { onSilence: { locked: side(), awaitingRelease: side() } };
};

/** Mostly valid terms between two of the few parties. */
export const termsFrom = (chance: Chance): TermsDraft => {
  const maybe = <T>(percent: number, field: T): T | object =>
    chance.percent(percent) ? field : {};
  const buyer = chance.pick(PARTIES);
  const seller = chance.pick(PARTIES.filter((party) => party !== buyer));
  const split = splitFrom(chance);
  const count = chance.weighted([
    [5, 1],
    [4, 2],
    [2, 4],
  ]);
  const milestones = Array.from({ length: count }, (_, i) => ({
    title: `part ${i + 1}`,
    amount: moneyFrom(chance),
    ...maybe(70, { deliverWithinMs: chance.pick([MINUTE, HOUR, HOUR, DAY]) }),
  }));
  const payouts = [buyer, seller, ...split.map(({ party }) => party)]
    .filter(() => chance.percent(25))
    .map((party) => ({ party, rail: 'sandbox', destination: chance.pick(DESTINATIONS) }));
  const ruling = maybe(60, { ruleWithinMs: chance.pick([HOUR, DAY]) });
  return {
    buyer,
    seller,
    milestones,
    arbiter: { actor: chance.pick(ARBITERS), ...ruling },
    ...maybe(50, { split, payouts }),
    ...maybe(30, { reviewMs: chance.pick([MINUTE, HOUR, DAY]) }),
    ...maybe(20, { acceptWithinMs: chance.pick([MINUTE, HOUR]) }),
    ...maybe(20, { fundWithinMs: chance.pick([MINUTE, HOUR]) }),
    ...maybe(25, { releaseAfterMs: chance.pick([0, 1, HOUR, 2 * DAY]) }),
    ...maybe(40, silenceFrom(chance)),
    ...maybe(50, { onNoRuling: chance.pick(['asSilence', 'refund', 'release', 'half', 'half']) }),
    ...maybe(20, { memo: chance.pick([null, '', 'a note', '\u{1f600}']) }),
  };
};

/** Terms made wrong, or right at a bound, in one place. */
type Spoil = (terms: TermsDraft) => unknown;

const set =
  (field: Record<string, unknown>): Spoil =>
  (terms) => ({ ...terms, payouts: [], ...field });
const share = (sharePpm: unknown): Spoil => set({ split: [{ party: 'pat', sharePpm }] });
const milestone =
  (field: Record<string, unknown>): Spoil =>
  ({ milestones, ...terms }) => ({ ...terms, milestones: [{ ...milestones[0], ...field }] });
const amount = (value: unknown): Spoil => milestone({ amount: { currency: 'USD', amount: value } });
const order = (field: Record<string, unknown>): Spoil => {
  const usual = { rail: 'sandbox', destination: 'bank' };
  return ({ seller, ...terms }) => ({
    ...terms,
    seller,
    payouts: [{ party: seller, ...usual, ...field }],
  });
};

/** A life of 730 days, and `beyond` more. */
const life =
  (beyond: number): Spoil =>
  ({ milestones: [one], ...terms }) => ({
    ...terms,
    releaseAfterMs: 0,
    reviewMs: MINUTE,
    arbiter: { actor: 'arb', ruleWithinMs: HOUR },
    milestones: [365 * DAY, 365 * DAY - HOUR - 2 * MINUTE + beyond].map((deliverWithinMs) => ({
      ...one,
      amount: { currency: 'USD', amount: '9' },
      deliverWithinMs,
    })),
  });

/** Every way in which terms can be wrong that comes to mind. */
export const spoils: readonly Spoil[] = [
  ...[0, 1_000_001, -1, 0.5, -0, 1e21, '1', null, 1_000_000].map(share),
  ...['0', '00', '01', '-1', '+1', '1.0', '1e3', '', ' 1', 1, 1.5, null].map(amount),
  ...[String(2n ** 128n), String(2n ** 128n - 1n), '\u0661'].map(amount),
  ...[
    { deliverWithinMs: 59_999 },
    { deliverWithinMs: 365 * DAY + 1 },
    { deliverWithinMs: 0.5 },
  ].map(milestone),
  milestone({ title: 'x'.repeat(201) }),
  milestone({ title: 'x'.repeat(200) }),
  milestone({ title: 7 }),
  milestone({ title: '\ud800' }),
  milestone({ extra: 1 }),
  milestone({ amount: { currency: 'QQQ', amount: '1' } }),
  milestone({ amount: { currency: 'usd', amount: '1' } }),
  ({ buyer, ...terms }) => ({ ...terms, buyer, seller: buyer }),
  ({ buyer, ...terms }) => ({ ...terms, buyer, split: [{ party: buyer, sharePpm: 5 }] }),
  ({ arbiter, ...terms }) => ({
    ...terms,
    arbiter,
    split: [{ party: arbiter.actor, sharePpm: 5 }],
  }),
  ({ seller, ...terms }) => ({ ...terms, seller, arbiter: { actor: seller } }),
  set({ milestones: [] }),
  ({ milestones, ...terms }) => ({ ...terms, milestones: Array(65).fill(milestones[0]) }),
  ({ milestones: [one], ...terms }) => ({
    ...terms,
    milestones: [one, one].map((each) => ({
      ...each,
      amount: { currency: 'USD', amount: String(2n ** 127n) },
    })),
  }),
  ({ milestones: [one], ...terms }) => ({
    ...terms,
    milestones: [one, one].map((each) => ({ ...each, deliverWithinMs: 365 * DAY })),
  }),
  life(0),
  life(1),
  set({
    split: Array.from({ length: 33 }, (_, i) => ({ party: `s${i}`, sharePpm: 1 })),
    payouts: [],
  }),
  set({ split: [1, 2].map(() => ({ party: 'pat', sharePpm: 7 })), payouts: [] }),
  set({ split: ['pat', 'quo'].map((party) => ({ party, sharePpm: 500_001 })), payouts: [] }),
  ...[59_999, MINUTE, 30 * DAY, 30 * DAY + 1, 1.5].map((fundWithinMs) => set({ fundWithinMs })),
  ...[59_999, 90 * DAY, 90 * DAY + 1].map((reviewMs) => set({ reviewMs })),
  ...[-1, 365 * DAY + 1].map((releaseAfterMs) => set({ releaseAfterMs })),
  ...[0, HOUR - 1, 90 * DAY + 1].map((ms) => set({ arbiter: { actor: 'arb', ruleWithinMs: ms } })),
  ({ buyer, ...terms }) => ({
    ...terms,
    buyer,
    payouts: [1, 2].map(() => ({ party: buyer, rail: 'sandbox', destination: 'bank' })),
  }),
  order({ destination: '' }),
  order({ destination: 'd'.repeat(513) }),
  order({ destination: 'd'.repeat(512) }),
  order({ rail: '' }),
  order({ rail: 'r'.repeat(257) }),
  order({ rail: 'no\nrail' }),
  order({ party: 'nobody' }),
  set({ memo: 'm'.repeat(501) }),
  set({ memo: 'm'.repeat(500) }),
  set({ memo: 'm'.repeat(300_000) }),
  set({ onNoRuling: 'never' }),
  set({ onSilence: { locked: 'release' } }),
  set({ arbiter: null }),
  set({ arbiter: { electorate: 'holders' } }),
  set({ seller: 'n'.repeat(129) }),
  set({ seller: 'n\u0000' }),
  set({ seller: '' }),
  set({ colour: 'red' }),
  set({ seller: undefined }),
];
