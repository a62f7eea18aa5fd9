import * as t from 'io-ts';
import { Instant } from '../../../engine/clock.ts';
import { ActorId, BuiltId, closed, text } from '../../../engine/codec.ts';
import { vocabulary, type MessageOf } from '../../../engine/vocabulary.ts';
import { Postings } from '../../shared/ledger.ts';
import { Amounts, Money } from '../../shared/money.ts';
import { Book } from './book.ts';
import { Cause, Outcome, Reason } from './outcome.ts';
import { Fee, Terms } from './terms.ts';

/** A number that counts from 1: of milestones, versions, offers. */
export const Ordinal = t.refinement(
  t.number,
  (n) => Number.isSafeInteger(n) && n >= 1,
  'a whole number from 1',
);

/** The hash of terms as they were shown to whoever consents. */
const TermsHash = text('a hash (64 hexadecimal digits)', (hash) => /^[0-9a-f]{64}$/.test(hash));

/** A content identifier as text; only the fact that it was named is recorded, what it names lies elsewhere. */
export const Cid = text('a CID (1 to 128 letters and digits)', (cid) =>
  /^[A-Za-z0-9]{1,128}$/.test(cid),
);

/** What a party points to: at most 8 CIDs. */
export const Grounds = t.refinement(
  t.readonlyArray(Cid),
  (cids) => cids.length <= 8,
  'grounds (at most 8 CIDs)',
);

/** Whose consent it is, and by what it was given: the party itself, or the record that stands for its word. */
export const Consent = closed({ party: ActorId, by: BuiltId }, 'a consent');
export type Consent = t.TypeOf<typeof Consent>;

const proposal = {
  terms: Terms,
  fee: Fee,
  version: Ordinal,
  termsHash: TermsHash,
  by: ActorId,
  acceptBy: Instant,
};
const release = { milestone: Ordinal, released: Money, postings: Postings };
const closing = {
  cause: Cause,
  released: Amounts,
  refunded: Amounts,
  book: Book,
  effectiveAt: Instant,
  postings: Postings,
};

/** All that can happen to an escrow. Where time alone caused it, `effectiveAt` is the deadline. */
export const escrowEvents = vocabulary({
  EscrowOpened: proposal,
  TermsAmended: proposal,
  TermsAccepted: { party: ActorId, version: Ordinal, termsHash: TermsHash },
  TermsAgreed: { consents: t.readonlyArray(Consent), fundBy: Instant },
  EscrowCancelled: {
    cause: t.keyof({ withdrawn: null, notAccepted: null, notFunded: null }),
    by: t.union([ActorId, t.null]),
    effectiveAt: Instant,
  },
  FundsLocked: {
    holdId: BuiltId,
    payer: ActorId,
    amounts: Amounts,
    deliverBy: Instant,
    releasableAt: Instant,
    postings: Postings,
  },
  DeliveryExtended: { until: Instant },
  DeliveryMarked: { milestone: Ordinal, reviewUntil: Instant, proof: t.union([Cid, t.null]) },
  PartReleased: release,
  MilestoneReleased: {
    ...release,
    cause: t.keyof({ buyer: null, silence: null }),
    effectiveAt: Instant,
    deliverBy: Instant,
  },
  SettlementOffered: { offerNo: Ordinal, by: ActorId, refund: Amounts },
  DisputeRaised: {
    reason: Reason,
    raisedBy: ActorId,
    claim: Outcome,
    remaining: Amounts,
    fallback: Outcome,
    arbiter: Terms.props.arbiter,
    ruleBy: t.union([Instant, t.null]),
    grounds: Grounds,
  },
  FundsReleased: closing,
  FundsRefunded: closing,
  EscrowExpired: { ...closing, cause: t.literal('silence') },
});
export type EscrowEvent = MessageOf<typeof escrowEvents>;
