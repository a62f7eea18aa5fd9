import type { Self } from '../../../engine/decider.ts';
import { AMOUNT_BOUND } from '../../shared/money.ts';
import { PPM } from '../../shared/ledger.ts';
import { LONGEST_LIFE_MS } from './rules.ts';
import { consenters, DAY, sumsOfMilestones, type Terms } from './terms.ts';

/** Something that terms may not say: where, and why. */
export type Fault = { readonly path: string; readonly why: string };

/** A condition that terms must meet: whether it is violated, where, and why that is a fault. */
type Check = readonly [violated: boolean, path: string, why: string];

const MINUTE = 60_000;
const WHOLE_PPM = Number(PPM);
const EVENT_LIMIT_BYTES = 256 * 1024;

const outside = (path: string, value: number, least: number, most: number): Check => [
  !(Number.isSafeInteger(value) && value >= least && value <= most),
  path,
  `is no whole number from ${least} to ${most}`,
];
const longer = (path: string, value: string, most: number): Check => [
  // Characters are code points: what a person counts, not what UTF-16 needs.
  value.length > most && Array.from(value).length > most,
  path,
  `is longer than ${most} characters`,
];

/** The places at which a key occurs that has occurred before. */
const repeated = (keys: readonly string[]): readonly boolean[] => {
  const seen = new Set<string>();
  return keys.map((key) => seen.size === seen.add(key).size);
};

const aboutParties = ({ buyer, seller, royalty }: Terms): readonly Check[] => [
  [buyer === seller, 'terms.seller', 'is the buyer'],
  [royalty !== null, 'terms.royalty', 'royalty agreements are not available yet'],
];

const aboutMilestones = (terms: Terms): readonly Check[] => {
  const path = 'terms.milestones';
  const { milestones } = terms;
  const totals = sumsOfMilestones(terms);
  return [
    [milestones.length < 1 || milestones.length > 64, path, 'are not 1 to 64'],
    [totals.size > 8, path, 'have more than 8 currencies'],
    [[...totals.values()].some((total) => total >= AMOUNT_BOUND), path, 'sum to 2^128 or more'],
    ...milestones.flatMap(({ title, amount, deliverWithinMs }, index): readonly Check[] => [
      longer(`${path}[${index}].title`, title, 200),
      [amount.amount === '0', `${path}[${index}].amount.amount`, 'is zero'],
      outside(`${path}[${index}].deliverWithinMs`, deliverWithinMs, MINUTE, 365 * DAY),
    ]),
  ];
};

const aboutSplit = ({ split, buyer, seller, arbiter }: Terms): readonly Check[] => {
  const path = 'terms.split';
  const given = split.reduce((sum, { sharePpm }) => sum + sharePpm, 0);
  const again = repeated(split.map(({ party }) => party));
  const barred = [buyer, seller, 'actor' in arbiter ? arbiter.actor : undefined];
  return [
    [split.length > 32, path, 'has more than 32 payees'],
    [given > WHOLE_PPM, path, `sums to more than ${WHOLE_PPM} ppm`],
    ...split.flatMap(({ party, sharePpm }, index): readonly Check[] => [
      [again[index] === true, `${path}[${index}].party`, 'is named before'],
      [barred.includes(party), `${path}[${index}].party`, 'is a party or the arbiter'],
      outside(`${path}[${index}].sharePpm`, sharePpm, 1, WHOLE_PPM),
    ]),
  ];
};

const aboutArbiter = (terms: Terms): readonly Check[] => {
  const path = 'terms.arbiter';
  const { arbiter } = terms;
  if ('electorate' in arbiter) return [[true, path, 'votes are not available yet']];
  return [
    [consenters(terms).includes(arbiter.actor), `${path}.actor`, 'is a party or payee'],
    outside(`${path}.ruleWithinMs`, arbiter.ruleWithinMs, 60 * MINUTE, 90 * DAY),
  ];
};

const aboutClocks = (terms: Terms): readonly Check[] => {
  const { milestones, arbiter, reviewMs, releaseAfterMs } = terms;
  const work = milestones.reduce((sum, { deliverWithinMs }) => sum + deliverWithinMs + reviewMs, 0);
  const ruling = 'actor' in arbiter ? arbiter.ruleWithinMs : 0;
  return [
    outside('terms.acceptWithinMs', terms.acceptWithinMs, MINUTE, 30 * DAY),
    outside('terms.fundWithinMs', terms.fundWithinMs, MINUTE, 30 * DAY),
    outside('terms.reviewMs', reviewMs, MINUTE, 90 * DAY),
    outside('terms.releaseAfterMs', releaseAfterMs, 0, 365 * DAY),
    [
      Math.max(work, releaseAfterMs) + ruling > LONGEST_LIFE_MS,
      'terms.milestones',
      `may take longer than ${LONGEST_LIFE_MS / DAY} days`,
    ],
  ];
};

const aboutPayouts = (terms: Terms): readonly Check[] => {
  const { payouts, memo } = terms;
  const paid = new Set(consenters(terms));
  const again = repeated(payouts.map(({ party }) => party));
  return [
    [payouts.length > 34, 'terms.payouts', 'are more than 34'],
    ...payouts.flatMap(({ party }, index): readonly Check[] => [
      [!paid.has(party), `terms.payouts[${index}].party`, 'is no party or payee'],
      [again[index] === true, `terms.payouts[${index}].party`, 'has a standing order before'],
    ]),
    longer('terms.memo', memo ?? '', 500),
  ];
};

const jsonBytes = (id: string): number => new TextEncoder().encode(JSON.stringify(id)).length;

/**
 * Whether the one event that closes the escrow could be too large to be written, which would keep its money for ever. Per currency
 * and receiver it has a posting and an entry of the book: both ids, amounts, punctuation. Only ids full of quotes reach the bound.
 */
const aboutSize = (terms: Terms, self: Self): readonly Check[] => {
  const receivers = consenters(terms).map(jsonBytes);
  const each = receivers.reduce((sum, bytes) => sum + 2 * bytes + jsonBytes(self.id) + 200, 1024);
  const size = sumsOfMilestones(terms).size * each;
  return [[size > EVENT_LIMIT_BYTES, 'terms.split', 'cannot be paid in one event of 256 KiB']];
};

/** All that is wrong with complete terms; of each fault where it is. */
export const faultsOf = (terms: Terms, self: Self): readonly Fault[] =>
  [
    ...aboutParties(terms),
    ...aboutMilestones(terms),
    ...aboutSplit(terms),
    ...aboutArbiter(terms),
    ...aboutClocks(terms),
    ...aboutPayouts(terms),
    ...aboutSize(terms, self),
  ]
    .filter(([violated]) => violated)
    .map(([, path, why]) => ({ path, why }));
