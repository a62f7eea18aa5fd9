import { accepted, granted, notPermitted, oneOf, refused, type Answer } from './answer.ts';
import {
  close,
  endMilestone,
  fallbackOf,
  notBefore,
  plainest,
  refundOf,
} from './escrow-closing.ts';
import { forbids, isParty, LONGEST_LIFE, unknownCurrency, type Asked } from './escrow-terms.ts';
import { amountsOf, exceeds, purseOf, remainingOf, type Money, type Outcome } from './model.ts';
import { release } from './shares.ts';
import { canonical } from './world.ts';

const isOpen = ({ escrow }: Asked): boolean =>
  escrow.status === 'Locked' || escrow.status === 'AwaitingRelease';
const holdsMoney = (asked: Asked): boolean => isOpen(asked) || asked.escrow.status === 'Disputed';

export const extendDelivery = ({ escrow, actor, data }: Asked): Answer => {
  if (escrow.status !== 'Locked') return forbids(escrow);
  if (actor.id !== escrow.terms.buyer) return notPermitted(actor.id);
  const until = Number(data['until']);
  const [after, latest] = [escrow.deadline!, escrow.lockedAt + LONGEST_LIFE];
  if (escrow.extensions === 100) return refused('TooMany', { what: 'extensions', limit: 100 });
  if (until <= after || until > latest) return refused('ExtensionOutOfBounds', { after, latest });
  escrow.deadline = until;
  escrow.extensions += 1;
  return accepted({ type: 'DeliveryExtended', data: { until } });
};

export const markDelivered = ({ world, escrow, actor, data }: Asked): Answer => {
  const milestone = Number(data['milestone']);
  const { milestone: current, status } = escrow;
  if (status !== 'Locked' && status !== 'AwaitingRelease') return forbids(escrow);
  if (status === 'AwaitingRelease' && milestone === current) return granted;
  const wrong =
    status === 'AwaitingRelease'
      ? forbids(escrow)
      : actor.id === escrow.terms.seller
        ? refused('MilestoneNotCurrent', { current })
        : notPermitted(actor.id);
  if (milestone < current) {
    return oneOf('E14: a released milestone was delivered, or need not have been', granted, wrong);
  }
  if (milestone > current || status === 'AwaitingRelease') return wrong;
  if (actor.id !== escrow.terms.seller) return notPermitted(actor.id);
  escrow.status = 'AwaitingRelease';
  escrow.since = undefined;
  const { reviewMs, onSilence } = escrow.terms;
  escrow.deadline = notBefore(escrow, onSilence.awaitingRelease, world.clock + reviewMs);
  const proof: unknown = data['proof'] ?? null;
  return accepted({
    type: 'DeliveryMarked',
    data: { milestone, reviewUntil: escrow.deadline, proof },
  });
};

/** What is said of a milestone that has been released; undefined: it has not. */
const alreadyReleased = (asked: Asked, milestone: number): Answer | undefined => {
  const { world, escrow, actor, data } = asked;
  const isWhole = data['amount'] === undefined;
  if (escrow.status === 'Released' && ['buyer', 'silence'].includes(escrow.closing.cause)) {
    if (milestone <= escrow.terms.milestones.length && isWhole) return granted;
    return oneOf('a release of what is released, but for other figures', granted, forbids(escrow));
  }
  if (!isOpen(asked) || milestone >= escrow.milestone) return undefined;
  if (isWhole) return granted;
  const { milestone: current, releasableAt } = escrow;
  const isEarly = world.clock < releasableAt;
  const no = isEarly
    ? refused('ReleaseTooEarly', { releasableAt })
    : refused('MilestoneNotCurrent', { current });
  const wrong = actor.id === escrow.terms.buyer ? no : notPermitted(actor.id);
  return oneOf('a part of a released milestone', granted, wrong);
};

export const releaseFunds = (asked: Asked): Answer => {
  const { world, escrow, actor, data } = asked;
  const milestone = Number(data['milestone']);
  const already = alreadyReleased(asked, milestone);
  if (already !== undefined) return already;
  if (!isOpen(asked)) return forbids(escrow);
  if (actor.id !== escrow.terms.buyer) return notPermitted(actor.id);
  const { milestone: current, releasableAt } = escrow;
  if (world.clock < releasableAt) return refused('ReleaseTooEarly', { releasableAt });
  const amount = data['amount'] as Money | undefined;
  const unknown = amount && unknownCurrency([amount]);
  if (unknown !== undefined) return unknown;
  if (milestone !== current) return refused('MilestoneNotCurrent', { current });
  return releasePart(asked, amount);
};

const releasePart = ({ world, escrow }: Asked, amount: Money | undefined): Answer => {
  const { milestone } = escrow;
  const { currency } = escrow.terms.milestones[milestone - 1]!.amount;
  const left = { currency, amount: String(escrow.left) };
  const units = BigInt((amount ?? left).amount);
  const isAll = units === escrow.left && (amount ?? left).currency === currency;
  if (isAll) return accepted(endMilestone(escrow, 'buyer', world.clock));
  if (escrow.partReleases === 1_000) {
    return refused('TooMany', { what: 'part releases', limit: 1_000 });
  }
  if (units > escrow.left || amount?.currency !== currency) {
    return refused('AmountTooLarge', { left });
  }
  const postings = release(escrow, currency, units, false);
  escrow.left -= units;
  escrow.partReleases += 1;
  escrow.offers.clear();
  return accepted({ type: 'PartReleased', data: { milestone, released: amount, postings } });
};

export const refundBuyer = (asked: Asked): Answer => {
  const { world, escrow, actor } = asked;
  if (escrow.status === 'Refunded') {
    return oneOf('E14 "refunding the Refunded", whatever the cause', granted, forbids(escrow));
  }
  if (!isOpen(asked)) return forbids(escrow);
  if (actor.id !== escrow.terms.seller) return notPermitted(actor.id);
  return accepted(close(escrow, remainingOf(escrow), 'seller', world.clock, false));
};

export const offerSettlement = (asked: Asked): Answer => {
  const { escrow, actor, data } = asked;
  if (!holdsMoney(asked)) return forbids(escrow);
  if (!isParty(escrow, actor.id)) return notPermitted(actor.id);
  const refund = data['refund'] as readonly Money[];
  const unknown = unknownCurrency(refund);
  if (unknown !== undefined) return unknown;
  if (escrow.offerCount === 100) return refused('TooMany', { what: 'offers', limit: 100 });
  const wrong = wrongRefund(asked, refund);
  if (wrong !== undefined) return wrong;
  escrow.offerCount += 1;
  escrow.offers.set(actor.id, { no: escrow.offerCount, refund });
  const offer = { offerNo: escrow.offerCount, by: actor.id, refund };
  return accepted({ type: 'SettlementOffered', data: offer });
};

const wrongRefund = ({ escrow }: Asked, refund: readonly Money[] = []): Answer | undefined => {
  const remaining = remainingOf(escrow);
  const isTooMuch = exceeds(purseOf(refund), remaining);
  return (
    unknownCurrency(refund) ??
    (isTooMuch ? refused('RefundExceedsRemaining', { remaining: amountsOf(remaining) }) : undefined)
  );
};

export const acceptSettlement = (asked: Asked): Answer => {
  const { world, escrow, actor, data } = asked;
  if (!holdsMoney(asked)) return forbids(escrow);
  if (!isParty(escrow, actor.id)) return notPermitted(actor.id);
  const standing = [...escrow.offers].find(([, { no }]) => no === data['offerNo']);
  if (standing === undefined) {
    const numbers = [...escrow.offers.values()].map(({ no }) => no).toSorted((a, b) => a - b);
    return refused('OfferNotStanding', { standing: numbers });
  }
  const [by, { refund }] = standing;
  if (by === actor.id) return notPermitted(actor.id);
  return accepted(close(escrow, purseOf(refund), 'settlement', world.clock, false));
};

export const concedeDispute = ({ world, escrow, actor }: Asked): Answer => {
  if (escrow.status !== 'Disputed') return forbids(escrow);
  if (!isParty(escrow, actor.id)) return notPermitted(actor.id);
  const refund = actor.id === escrow.terms.seller ? remainingOf(escrow) : new Map();
  return accepted(close(escrow, refund, 'concession', world.clock, false));
};

type Complaint = { readonly reason: string; readonly claim: Outcome; readonly grounds: unknown };

/** What is said of a dispute that the same party has raised with the same words; undefined: it has not. */
const alreadyRaised = ({ escrow, actor, data }: Asked): Answer | undefined => {
  const { dispute, status } = escrow;
  const { reason, claim, grounds } = data as Complaint;
  if (status !== 'Disputed' || dispute.by !== actor.id || dispute.reason !== reason) {
    return undefined;
  }
  const same = canonical(plainest(claim, remainingOf(escrow)));
  if (canonical(dispute.claim) !== same) return undefined;
  if (canonical(dispute.grounds) === canonical(grounds)) return granted;
  return oneOf('the same dispute on other grounds', granted, forbids(escrow));
};

const wrongComplaint = (asked: Asked): Answer | undefined => {
  const { escrow, actor, data } = asked;
  const { reason, claim } = data as Complaint;
  const isReserved = reason === 'UnauthorizedCharge' && actor.id !== escrow.terms.buyer;
  return (
    unknownCurrency(claim.refund ?? []) ??
    (isReserved ? refused('ReasonReservedToBuyer') : wrongRefund(asked, claim.refund))
  );
};

export const raiseDispute = (asked: Asked): Answer => {
  const { world, escrow, actor, data } = asked;
  const { status, terms } = escrow;
  const already = alreadyRaised(asked);
  if (already !== undefined) return already;
  if (status !== 'Locked' && status !== 'AwaitingRelease') return forbids(escrow);
  if (!isParty(escrow, actor.id)) return notPermitted(actor.id);
  const wrong = wrongComplaint(asked);
  if (wrong !== undefined) return wrong;
  const { reason, claim: wanted, grounds } = data as Complaint;
  const claim = plainest(wanted, remainingOf(escrow));
  const fallback = fallbackOf(escrow, status);
  const { arbiter } = terms;
  escrow.status = 'Disputed';
  escrow.since = undefined;
  escrow.deadline = world.clock + arbiter.ruleWithinMs;
  escrow.dispute = { by: actor.id, reason, claim, grounds, fallback };
  const remaining = amountsOf(remainingOf(escrow));
  const ruleBy = escrow.deadline;
  const raised = { reason, raisedBy: actor.id, claim, remaining, fallback };
  return accepted({ type: 'DisputeRaised', data: { ...raised, arbiter, ruleBy, grounds } });
};

export const settleDispute = (asked: Asked): Answer => {
  const { world, escrow, actor, data } = asked;
  const outcome = data['outcome'] as Outcome;
  const { closing, status } = escrow;
  if (['Released', 'Refunded'].includes(status) && closing.cause === 'ruling') {
    const refund = amountsOf(refundOf(outcome, closing.remaining));
    const isExecuted = canonical(refund) === canonical(amountsOf(closing.refund));
    return isExecuted ? granted : forbids(escrow);
  }
  if (status !== 'Disputed') return forbids(escrow);
  if (actor.id !== escrow.terms.arbiter.actor) return notPermitted(actor.id);
  const wrong = wrongRefund(asked, outcome.refund);
  if (wrong !== undefined) return wrong;
  const refund = refundOf(outcome, remainingOf(escrow));
  return accepted(close(escrow, refund, 'ruling', world.clock, false));
};

export const expireEscrow = ({ escrow }: Asked): Answer => {
  const isOver = ['Released', 'Refunded', 'Expired', 'Cancelled'].includes(escrow.status);
  return isOver ? granted : refused('NothingDue', { nextAt: escrow.deadline ?? null });
};
