import type { Chance } from './chance.ts';
import { RAIL, type Draft } from './generate-common.ts';
import { amountsOf, CURRENCIES, HOUR, purseOf, TOO_BIG, type Money } from './model.ts';

const BUYER = 'ann';
const SELLER = 'bob';

/** Shares of the most payees there can be; sometimes they leave the seller nothing. */
const sharesFrom = (chance: Chance) => {
  const count = chance.pick([1, 7, 31, 32]);
  const payees = Array.from({ length: count }, (_, i) => `payee-${i}#${'"'.repeat(i % 3)}`);
  const even = Math.floor(1_000_000 / count);
  const isAll = chance.percent(30);
  return payees.map((party, i) => {
    const rest = 1_000_000 - even * (count - 1);
    if (isAll) return { party, sharePpm: i === 0 ? rest : even };
    return { party, sharePpm: chance.int(1, even) };
  });
};

/** Milestones that sum to the most there can be, or nearly, in each of their currencies. */
const milestonesFrom = (chance: Chance) => {
  const count = chance.pick([1, 2, 8, 64]);
  const codes = CURRENCIES.slice(0, chance.int(1, CURRENCIES.length));
  const each = Math.ceil(count / codes.length);
  const most = (TOO_BIG - 1n) / BigInt(each);
  return Array.from({ length: count }, (_, i) => ({
    title: '\u{1f600}'.repeat(200),
    amount: {
      currency: codes[i % codes.length]!,
      amount: String(chance.pick([most, most - BigInt(chance.int(0, 999)), 1n, 3n])),
    },
    deliverWithinMs: HOUR,
  }));
};

/** The lines that bring the largest deals to their lock: as many payees, milestones and units as terms may have. */
export const vastDeal = (chance: Chance): readonly Draft[] => {
  const [split, milestones] = [sharesFrom(chance), milestonesFrom(chance)];
  const stream = 'escrow-vast';
  const payouts = [BUYER, SELLER, ...split.map(({ party }) => party)].map((party) => ({
    party,
    rail: 'sandbox',
    destination: 'd'.repeat(chance.int(1, 512)),
  }));
  const terms = {
    buyer: BUYER,
    seller: SELLER,
    milestones,
    split,
    arbiter: { actor: 'judge' },
    reviewMs: HOUR,
    onNoRuling: chance.pick(['half', 'asSilence']),
    payouts: chance.percent(50) ? payouts : [],
  };
  const accept = (actor: string): Draft => ({
    stream,
    command: 'AcceptTerms',
    data: { version: 1 },
    actor,
  });
  const deposit = (money: Money, i: number): Draft => ({
    stream: `deposit-sandbox.vast${i}`,
    command: 'RecordDeposit',
    data: { rail: 'sandbox', ref: `vast${i}`, owner: BUYER, money, note: null },
    actor: RAIL,
  });
  const purpose = { stream, item: null };
  return [
    { stream, command: 'OpenEscrow', data: { terms }, actor: BUYER },
    ...[SELLER, ...split.map(({ party }) => party)].map(accept),
    ...amountsOf(purseOf(milestones.map(({ amount }) => amount))).map(deposit),
    { stream: `account-${BUYER}`, command: 'PlaceHold', data: { purpose }, actor: BUYER },
  ];
};
