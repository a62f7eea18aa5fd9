import { sha256 } from '@noble/hashes/sha2.js';
import * as t from 'io-ts';
import { canonicalBytes, toHex } from '../../../engine/bytes.ts';
import { ActorId, BuiltId, closed, optional, personal, text } from '../../../engine/codec.ts';
import type { Self } from '../../../engine/decider.ts';
import { canonicalJson } from '../../../engine/json.ts';
import { type Amounts, amountsOf, MoneyOrZero } from '../../shared/money.ts';
import { PPM } from '../../shared/ledger.ts';
import { Destination } from '../../shared/payment-rail.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A day in milliseconds: the unit of most bounds of terms. */
export const DAY = 24 * HOUR;

/** Where silence sends what is left: back to the buyer, or on to the payees. */
const Silence = t.keyof({ refund: null, release: null });
/** What rules a dispute whose arbiter does not. */
const NoRuling = t.keyof({ asSilence: null, refund: null, release: null, half: null });

// Numbers and texts of any size: what is out of bounds is a fault of the terms, not of their form.
const milestone = { title: text('a title'), amount: MoneyOrZero };
const Milestone = closed({ ...milestone, deliverWithinMs: t.number }, 'a milestone');
const Share = closed({ party: ActorId, sharePpm: t.number }, 'a share');
const Royalty = t.union([
  closed({ agreementId: BuiltId, version: t.number, hash: text('a hash') }, 'a royalty'),
  t.null,
]);
const Electorate = closed({ electorate: BuiltId }, 'an electorate');
const Arbiter = t.union([
  closed({ actor: ActorId, ruleWithinMs: t.number }, 'an arbiter'),
  Electorate,
]);
// What RequestWithdrawal takes: an order of any other form could never be carried out.
const Payout = closed(
  { party: ActorId, rail: BuiltId, destination: personal(Destination, 'party') },
  'a payout',
);
const Memo = personal(t.union([text('a memo'), t.null]), 'buyer');

/** What an escrow is about, complete: what its parties consent to. */
export const Terms = closed(
  {
    buyer: ActorId,
    seller: ActorId,
    royalty: Royalty,
    milestones: t.readonlyArray(Milestone),
    split: t.readonlyArray(Share),
    arbiter: Arbiter,
    acceptWithinMs: t.number,
    fundWithinMs: t.number,
    reviewMs: t.number,
    releaseAfterMs: t.number,
    onSilence: closed({ locked: Silence, awaitingRelease: Silence }),
    onNoRuling: NoRuling,
    payouts: t.readonlyArray(Payout),
    memo: Memo,
  },
  'terms',
);
export type Terms = t.TypeOf<typeof Terms>;

/** Terms as they are proposed: what has a default may be left out. */
export const TermsDraft = closed(
  {
    buyer: ActorId,
    seller: ActorId,
    royalty: optional(Royalty),
    milestones: t.readonlyArray(
      closed({ ...milestone, deliverWithinMs: optional(t.number) }, 'a milestone'),
    ),
    split: optional(t.readonlyArray(Share)),
    arbiter: t.union([
      closed({ actor: ActorId, ruleWithinMs: optional(t.number) }, 'an arbiter'),
      Electorate,
    ]),
    acceptWithinMs: optional(t.number),
    fundWithinMs: optional(t.number),
    reviewMs: optional(t.number),
    releaseAfterMs: optional(t.number),
    onSilence: optional(closed({ locked: optional(Silence), awaitingRelease: optional(Silence) })),
    onNoRuling: optional(NoRuling),
    payouts: optional(t.readonlyArray(Payout)),
    memo: optional(Memo),
  },
  'terms',
);
export type TermsDraft = t.TypeOf<typeof TermsDraft>;

/** Whom fees go to and how many parts per million of what is released; ppm is an integer of the settings. */
export const Fee = closed({ payee: ActorId, ppm: t.number }, 'a fee');
export type Fee = t.TypeOf<typeof Fee>;

// An absent memo is null, like every other "or null" of this subsystem: an empty one is a memo.
const defaults = {
  royalty: null,
  split: [],
  acceptWithinMs: 7 * DAY,
  fundWithinMs: DAY,
  reviewMs: 3 * DAY,
  releaseAfterMs: 0,
  onNoRuling: 'asSilence',
  payouts: [],
  memo: null,
} as const;

/** The terms that a draft means, with every default filled in. */
export const complete = (draft: TermsDraft): Terms => ({
  ...defaults,
  ...draft,
  milestones: draft.milestones.map((each) => ({ deliverWithinMs: 30 * DAY, ...each })),
  arbiter: 'actor' in draft.arbiter ? { ruleWithinMs: 14 * DAY, ...draft.arbiter } : draft.arbiter,
  onSilence: { locked: 'refund', awaitingRelease: 'release', ...draft.onSilence },
});

/** Whether `id` is the buyer or the seller. */
export const isParty = ({ buyer, seller }: Terms, id: string): boolean =>
  id === buyer || id === seller;

/** Everybody whose consent the terms need. */
export const consenters = ({ buyer, seller, split }: Terms): readonly string[] => [
  buyer,
  seller,
  ...split.map(({ party }) => party),
];

/** Everybody with a share of what is released: the split, then the seller, whose share is the rest. */
export const payees = ({ seller, split }: Terms): Terms['split'] => {
  const given = split.reduce((sum, { sharePpm }) => sum + sharePpm, 0);
  return [...split, { party: seller, sharePpm: Number(PPM) - given }];
};

/** The sum of the first `count` milestones, by default of all, per currency: entries may be zero. */
export const sumsOfMilestones = (
  { milestones }: Terms,
  count = milestones.length,
): ReadonlyMap<string, bigint> => {
  const sums = new Map<string, bigint>();
  for (const { amount } of milestones.slice(0, count)) {
    sums.set(amount.currency, (sums.get(amount.currency) ?? 0n) + BigInt(amount.amount));
  }
  return sums;
};

/** What the buyer is to pay. */
export const totalOf = (terms: Terms): Amounts => amountsOf(sumsOfMilestones(terms));

/** The identity of one version of one escrow's terms: SHA-256, as hex, of `[chancery/terms/1, instance, escrow, version, JSON of terms and fee]`. */
export const termsHash = (
  { instance, id }: Self,
  version: number,
  proposed: { readonly terms: Terms; readonly fee: Fee },
): string => {
  const { terms, fee } = proposed;
  return toHex(
    sha256(
      canonicalBytes('chancery/terms/1', instance, id, version, canonicalJson({ terms, fee })),
    ),
  );
};
