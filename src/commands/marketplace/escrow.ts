import * as t from 'io-ts';
import {
  Cid,
  Consent,
  type EscrowEvent,
  Grounds,
  Ordinal,
} from '../../domain/marketplace/escrow/events.ts';
import { lapse } from '../../domain/marketplace/escrow/lapse.ts';
import { Outcome, Reason } from '../../domain/marketplace/escrow/outcome.ts';
import { type Escrow, evolveEscrow, initialEscrow } from '../../domain/marketplace/escrow/state.ts';
import { TermsDraft } from '../../domain/marketplace/escrow/terms.ts';
import { Amounts, Money } from '../../domain/shared/money.ts';
import { Instant } from '../../engine/clock.ts';
import { ActorId, BuiltId, listOf, optional, text } from '../../engine/codec.ts';
import { byCommand, type Decider } from '../../engine/decider.ts';
import type { About } from '../../engine/subsystem.ts';
import { type MessageOf, vocabulary } from '../../engine/vocabulary.ts';
import { acceptTerms, amendTerms, cancelEscrow, openEscrow } from './escrow/agreement.ts';
import type { Refusal } from './escrow/answer.ts';
import {
  expireEscrow,
  extendDelivery,
  lockFunds,
  markDelivered,
  refundBuyer,
  releaseFunds,
} from './escrow/delivery.ts';
import {
  acceptSettlement,
  concedeDispute,
  offerSettlement,
  raiseDispute,
  settleDispute,
} from './escrow/dispute.ts';

/** All that may be asked of an escrow. */
export const escrowCommands = vocabulary({
  OpenEscrow: { terms: TermsDraft, consents: optional(listOf(Consent)) },
  AmendTerms: { terms: TermsDraft },
  // Any text: a hash that no terms have is superseded like every other.
  AcceptTerms: { version: Ordinal, termsHash: optional(text('a hash')) },
  CancelEscrow: {},
  LockFunds: { holdId: BuiltId, payer: ActorId, amounts: Amounts },
  ExtendDelivery: { until: Instant },
  MarkDelivered: { milestone: Ordinal, proof: optional(t.union([Cid, t.null])) },
  ReleaseFunds: { milestone: Ordinal, amount: optional(Money) },
  RefundBuyer: {},
  OfferSettlement: { refund: Amounts },
  AcceptSettlement: { offerNo: Ordinal },
  ConcedeDispute: {},
  RaiseDispute: { reason: Reason, claim: Outcome, grounds: Grounds },
  SettleDispute: { outcome: Outcome, grounds: Grounds },
  ExpireEscrow: {},
});
export type EscrowCommand = MessageOf<typeof escrowCommands>;

/** Why an escrow says no. `StatusForbids.since` is the deadline that closed it, absent where somebody's word did. */
export type EscrowRejection = Refusal;

/** An escrow decides on the state after all that time alone has caused. */
export const escrow: Decider<EscrowCommand, Escrow, EscrowEvent, EscrowRejection> = {
  version: 1,
  initial: initialEscrow,
  evolve: evolveEscrow,
  lapse,
  decide: byCommand({
    OpenEscrow: openEscrow,
    AmendTerms: amendTerms,
    AcceptTerms: acceptTerms,
    CancelEscrow: cancelEscrow,
    LockFunds: lockFunds,
    ExtendDelivery: extendDelivery,
    MarkDelivered: markDelivered,
    ReleaseFunds: releaseFunds,
    RefundBuyer: refundBuyer,
    OfferSettlement: offerSettlement,
    AcceptSettlement: acceptSettlement,
    ConcedeDispute: concedeDispute,
    RaiseDispute: raiseDispute,
    SettleDispute: settleDispute,
    ExpireEscrow: expireEscrow,
  }),
};

const RUNNING = 'Locked, AwaitingRelease';
const FUNDED = 'Locked, AwaitingRelease, Disputed';

/** What the generated page says of escrows. */
export const escrowAbout: About<EscrowCommand, EscrowRejection> = {
  summary:
    'One deal: it holds the money of a buyer and pays it out by word, by milestone, by silence, by settlement or by ruling.',
  commands: {
    OpenEscrow: {
      who: 'party, system',
      when: 'Unopened',
      refusals: ['EscrowAlreadyOpened', 'UnknownCurrency', 'TermsInvalid'],
    },
    AmendTerms: {
      who: 'party',
      when: 'Proposed',
      refusals: ['UnknownCurrency', 'PartiesFixed', 'TermsInvalid', 'TooMany'],
    },
    AcceptTerms: { who: 'consenter', when: 'Proposed', refusals: ['TermsSuperseded'] },
    CancelEscrow: {
      who: 'party; in Proposed any consenter',
      when: 'Proposed, Agreed',
      refusals: [],
    },
    LockFunds: {
      who: 'system',
      when: 'Agreed, with an open hold of the total for this escrow',
      refusals: ['UnknownCurrency', 'HoldMismatch'],
    },
    ExtendDelivery: {
      who: 'buyer',
      when: 'Locked',
      refusals: ['TooMany', 'ExtensionOutOfBounds'],
    },
    MarkDelivered: { who: 'seller', when: 'Locked', refusals: ['MilestoneNotCurrent'] },
    ReleaseFunds: {
      who: 'buyer',
      when: `${RUNNING}, from releasableAt on`,
      refusals: [
        'ReleaseTooEarly',
        'UnknownCurrency',
        'MilestoneNotCurrent',
        'TooMany',
        'AmountTooLarge',
      ],
    },
    RefundBuyer: { who: 'seller', when: RUNNING, refusals: [] },
    OfferSettlement: {
      who: 'party',
      when: FUNDED,
      refusals: ['UnknownCurrency', 'TooMany', 'RefundExceedsRemaining'],
    },
    AcceptSettlement: { who: 'the other party', when: FUNDED, refusals: ['OfferNotStanding'] },
    ConcedeDispute: { who: 'party', when: 'Disputed', refusals: [] },
    RaiseDispute: {
      who: 'party',
      when: RUNNING,
      refusals: ['UnknownCurrency', 'ReasonReservedToBuyer', 'RefundExceedsRemaining'],
    },
    SettleDispute: {
      who: 'the named arbiter; after a vote the system',
      when: 'Disputed',
      refusals: ['UnknownCurrency', 'RefundExceedsRemaining'],
    },
    ExpireEscrow: { who: 'anyone', when: 'something has lapsed', refusals: ['NothingDue'] },
  },
};
