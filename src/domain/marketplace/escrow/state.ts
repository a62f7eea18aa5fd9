import type { Instant } from '../../../engine/clock.ts';
import { evolver, machine, type In, type StateOf } from '../../../engine/machine.ts';
import type { Amounts } from '../../shared/money.ts';
import { type Book, openBook, released, remainingOf } from './book.ts';
import type { EscrowEvent } from './events.ts';
import type { Cause, Outcome, Reason } from './outcome.ts';
import { consenters, type Fee, type Terms } from './terms.ts';

const closing = { FundsReleased: 'Released', FundsRefunded: 'Refunded' } as const;

/** The life of an escrow; docs/subsystems/escrow.md draws it from here. */
export const escrowMachine = machine<EscrowEvent>()('Unopened', {
  Unopened: { EscrowOpened: 'Proposed' },
  Proposed: {
    TermsAmended: 'Proposed',
    TermsAccepted: 'Proposed',
    TermsAgreed: 'Agreed',
    EscrowCancelled: 'Cancelled',
  },
  Agreed: { EscrowCancelled: 'Cancelled', FundsLocked: 'Locked' },
  Locked: {
    DeliveryExtended: 'Locked',
    DeliveryMarked: 'AwaitingRelease',
    PartReleased: 'Locked',
    MilestoneReleased: 'Locked',
    SettlementOffered: 'Locked',
    DisputeRaised: 'Disputed',
    ...closing,
    EscrowExpired: 'Expired',
  },
  AwaitingRelease: {
    PartReleased: 'AwaitingRelease',
    MilestoneReleased: 'Locked',
    SettlementOffered: 'AwaitingRelease',
    DisputeRaised: 'Disputed',
    ...closing,
    EscrowExpired: 'Expired',
  },
  Disputed: { SettlementOffered: 'Disputed', ...closing },
  Released: {},
  Refunded: {},
  Expired: {},
  Cancelled: {},
});

/** An offer to settle: `refund` for the buyer, the rest for the payees. */
type Offer = { readonly offerNo: number; readonly by: string; readonly refund: Amounts };
/** How many were ever made, and those that stand: at most one of each party. */
export type Offers = { readonly count: number; readonly standing: readonly Offer[] };

type Proposal = { readonly terms: Terms; readonly fee: Fee; readonly termsHash: string };
type Funded = Proposal & { readonly book: Book; readonly holdId: string };
type Running = Funded & {
  readonly milestone: number;
  readonly releasableAt: Instant;
  readonly offers: Offers;
  readonly partReleases: number;
  readonly extensions: number;
};
type Closed = Funded & { readonly closedAt: Instant; readonly cause: Cause };

/** An escrow in each of its statuses. The fee and the hash belong to the version of the terms beside them. */
export type Escrow = StateOf<
  typeof escrowMachine,
  {
    Unopened: object;
    Proposed: Proposal & { version: number; accepted: readonly string[]; acceptBy: Instant };
    Agreed: Proposal & { version: number; fundBy: Instant };
    Locked: Running & { deliverBy: Instant };
    // When it was delivered is the instant of DeliveryMarked; its payload, and so the fold, does not repeat it.
    AwaitingRelease: Running & { reviewUntil: Instant };
    Disputed: Funded & {
      raisedBy: string;
      reason: Reason;
      claim: Outcome;
      fallback: Outcome;
      ruleBy: Instant | null;
      offers: Offers;
    };
    Released: Closed;
    Refunded: Closed;
    Expired: Closed;
    Cancelled: {
      closedAt: Instant;
      cause: Extract<EscrowEvent, { type: 'EscrowCancelled' }>['data']['cause'];
    };
  }
>;

/** An escrow whose current milestone is under way. */
export type RunningEscrow = In<Escrow, 'Locked' | 'AwaitingRelease'>;
/** An escrow with money in it. */
export type FundedEscrow = RunningEscrow | In<Escrow, 'Disputed'>;

export const initialEscrow: Escrow = { status: 'Unopened' };

type Data<T extends EscrowEvent['type']> = Extract<EscrowEvent, { readonly type: T }>['data'];

/** Whoever proposes has accepted; a system that proposes for others has not. */
const proposed = ({ by, ...proposal }: Data<'EscrowOpened'>): In<Escrow, 'Proposed'> => ({
  status: 'Proposed',
  ...proposal,
  accepted: consenters(proposal.terms).filter((party) => party === by),
});

/** An offer replaces its author's standing one (E22). */
const withOffer = ({ count, standing }: Offers, offer: Offer): Offers => ({
  count: count + 1,
  standing: [...standing.filter(({ by }) => by !== offer.by), offer],
});

/** No offer outlives a change of what remains (E22). */
const withoutOffers = ({ count }: Offers): Offers => ({ count, standing: [] });

const funded = ({ terms, fee, termsHash, book, holdId }: Funded): Funded => ({
  terms,
  fee,
  termsHash,
  book,
  holdId,
});

const running = (state: Running): Running => ({
  ...funded(state),
  milestone: state.milestone,
  releasableAt: state.releasableAt,
  offers: state.offers,
  partReleases: state.partReleases,
  extensions: state.extensions,
});

const closed = (state: Funded, { book, effectiveAt, cause }: Data<'FundsReleased'>): Closed => ({
  ...funded(state),
  book,
  closedAt: effectiveAt,
  cause,
});

export const evolveEscrow = evolver<typeof escrowMachine, Escrow, EscrowEvent>({
  EscrowOpened: (_, data) => proposed(data),
  TermsAmended: (_, data) => proposed(data),
  TermsAccepted: ({ accepted }, { party }) => {
    accepted.push(party);
  },
  TermsAgreed: ({ terms, fee, version, termsHash: hash }, { fundBy }) => ({
    status: 'Agreed',
    terms,
    fee,
    version,
    termsHash: hash,
    fundBy,
  }),
  EscrowCancelled: (_, { cause, effectiveAt }) => ({
    status: 'Cancelled',
    closedAt: effectiveAt,
    cause,
  }),
  FundsLocked: ({ terms, fee, termsHash: hash }, { holdId, amounts, deliverBy, releasableAt }) => ({
    status: 'Locked',
    terms,
    fee,
    termsHash: hash,
    book: openBook(amounts, terms),
    holdId,
    milestone: 1,
    releasableAt,
    offers: { count: 0, standing: [] },
    partReleases: 0,
    extensions: 0,
    deliverBy,
  }),
  DeliveryExtended: (state, { until }) => ({
    ...state,
    deliverBy: until,
    extensions: state.extensions + 1,
  }),
  DeliveryMarked: (state, { reviewUntil }) => ({
    status: 'AwaitingRelease',
    ...running(state),
    reviewUntil,
  }),
  PartReleased: (state, { released: money }) => ({
    ...state,
    book: released(state.book, money, state),
    offers: withoutOffers(state.offers),
    partReleases: state.partReleases + 1,
  }),
  MilestoneReleased: (state, { milestone, released: money, deliverBy }) => ({
    status: 'Locked',
    ...running(state),
    book: released(state.book, money, state),
    milestone: milestone + 1,
    offers: withoutOffers(state.offers),
    deliverBy,
  }),
  SettlementOffered: (state, offer) => ({ ...state, offers: withOffer(state.offers, offer) }),
  DisputeRaised: (state, { raisedBy, reason, claim, fallback, ruleBy }) => ({
    status: 'Disputed',
    ...funded(state),
    raisedBy,
    reason,
    claim,
    fallback,
    ruleBy,
    offers: state.offers,
  }),
  FundsReleased: (state, data) => ({ status: 'Released', ...closed(state, data) }),
  FundsRefunded: (state, data) => ({ status: 'Refunded', ...closed(state, data) }),
  EscrowExpired: (state, data) => ({ status: 'Expired', ...closed(state, data) }),
});

/** What of the deposit is neither released nor refunded. */
export const remainsIn = ({ book }: FundedEscrow): Amounts => remainingOf(book);
