import { escrowEvents } from '../../../domain/marketplace/escrow/events.ts';
import {
  fallbackOf,
  type Outcome,
  plainly,
  type Reason,
  refundOf,
} from '../../../domain/marketplace/escrow/outcome.ts';
import { closing } from '../../../domain/marketplace/escrow/payout.ts';
import { limits } from '../../../domain/marketplace/escrow/rules.ts';
import {
  type Escrow,
  type FundedEscrow,
  remainsIn,
  type RunningEscrow,
} from '../../../domain/marketplace/escrow/state.ts';
import { isParty, type Terms } from '../../../domain/marketplace/escrow/terms.ts';
import { type Amounts, sameAmounts } from '../../../domain/shared/money.ts';
import { accept, type Actor, type Context, refuse } from '../../../engine/decider.ts';
import { sameJson } from '../../../engine/json.ts';
import { notPermitted, tooMany } from '../../../engine/refusal.ts';
import { affording, type Answer, forbidden, isSystem, knowing, namedIn } from './answer.ts';

const { DisputeRaised, SettlementOffered } = escrowEvents.of;

const isRunning = (state: Escrow): state is RunningEscrow =>
  state.status === 'Locked' || state.status === 'AwaitingRelease';
const isFunded = (state: Escrow): state is FundedEscrow =>
  isRunning(state) || state.status === 'Disputed';

/** A party offers to settle: a refund of nothing or of everything is an offer like any other. */
export const offerSettlement = (
  { refund }: { refund: Amounts },
  state: Escrow,
  { actor }: Context,
): Answer => {
  if (!isFunded(state)) return forbidden(state);
  if (!isParty(state.terms, actor.id)) return notPermitted(actor);
  const { count } = state.offers;
  return knowing(refund, () => {
    if (count >= limits.offers) return tooMany('offers', limits.offers);
    return affording(state, refund, () =>
      accept(SettlementOffered({ offerNo: count + 1, by: actor.id, refund })),
    );
  });
};

/** The other party takes an offer that stands; nobody takes their own (E22). */
export const acceptSettlement = (
  { offerNo }: { offerNo: number },
  state: Escrow,
  { at, actor, self }: Context,
): Answer => {
  if (!isFunded(state)) return forbidden(state);
  if (!isParty(state.terms, actor.id)) return notPermitted(actor);
  const { standing } = state.offers;
  const offer = standing.find((each) => each.offerNo === offerNo);
  if (offer === undefined) {
    return refuse({ type: 'OfferNotStanding', standing: standing.map((each) => each.offerNo) });
  }
  if (offer.by === actor.id) return notPermitted(actor);
  return accept(closing(state, offer.refund, 'settlement', at, self));
};

type Complaint = { reason: Reason; claim: Outcome; grounds: readonly string[] };

/** The same dispute: the same party's, for the same reason, with the same claim. */
const isSameDispute = (state: Escrow, { reason, claim }: Complaint, actor: Actor): boolean =>
  state.status === 'Disputed' &&
  state.raisedBy === actor.id &&
  state.reason === reason &&
  sameJson(state.claim, plainly(claim, remainsIn(state)));

/** What silence would have done in the status that the dispute ends. */
const asSilence = ({ status, terms }: RunningEscrow): 'refund' | 'release' =>
  status === 'Locked' ? terms.onSilence.locked : terms.onSilence.awaitingRelease;

/** A party stops all clocks; what happens if nobody rules is fixed now (E24). */
export const raiseDispute = (
  complaint: Complaint,
  state: Escrow,
  { at, actor }: Context,
): Answer => {
  if (isSameDispute(state, complaint, actor)) return accept();
  if (!isRunning(state)) return forbidden(state);
  const { terms } = state;
  if (!isParty(terms, actor.id)) return notPermitted(actor);
  const { reason, claim, grounds } = complaint;
  return knowing(namedIn(claim), () => {
    if (reason === 'UnauthorizedCharge' && actor.id !== terms.buyer) {
      return refuse({ type: 'ReasonReservedToBuyer' });
    }
    const remaining = remainsIn(state);
    const { arbiter, onNoRuling } = terms;
    const choice = onNoRuling === 'asSilence' ? asSilence(state) : onNoRuling;
    return affording(state, namedIn(claim), () =>
      accept(
        DisputeRaised({
          reason,
          raisedBy: actor.id,
          claim: plainly(claim, remaining),
          remaining,
          fallback: fallbackOf(choice, remaining),
          arbiter,
          ruleBy: 'actor' in arbiter ? at + arbiter.ruleWithinMs : null,
          grounds,
        }),
      ),
    );
  });
};

/** Who concedes gives the other side everything. */
export const concedeDispute = (_: object, state: Escrow, { at, actor, self }: Context): Answer => {
  if (state.status !== 'Disputed') return forbidden(state);
  if (!isParty(state.terms, actor.id)) return notPermitted(actor);
  const refund = actor.id === state.terms.seller ? remainsIn(state) : [];
  return accept(closing(state, refund, 'concession', at, self));
};

/** Whether a ruling with just this refund has closed the escrow: money goes back in the closing event alone. */
const isExecuted = (outcome: Outcome, state: Escrow): boolean => {
  if (!('closedAt' in state) || state.status === 'Cancelled' || state.cause !== 'ruling')
    return false;
  if (outcome.type === 'RefundBuyer') return state.status === 'Refunded';
  const refunded = state.book
    .filter((entry) => entry.refunded !== '0')
    .map(({ currency, refunded: amount }) => ({ currency, amount }));
  return sameAmounts(refunded, namedIn(outcome));
};

/** The named arbiter rules or, after a vote, the system in the electorate's name; never both. */
const mayRule = ({ arbiter }: Terms, actor: Actor): boolean =>
  'actor' in arbiter ? arbiter.actor === actor.id : isSystem(actor);

/** A ruling: its outcome is executed at once. */
export const settleDispute = (
  { outcome }: { outcome: Outcome; grounds: readonly string[] },
  state: Escrow,
  { at, actor, self }: Context,
): Answer => {
  if (isExecuted(outcome, state)) return accept();
  if (state.status !== 'Disputed') return forbidden(state);
  if (!mayRule(state.terms, actor)) return notPermitted(actor);
  return knowing(namedIn(outcome), () =>
    affording(state, namedIn(outcome), () =>
      accept(closing(state, refundOf(outcome, remainsIn(state)), 'ruling', at, self)),
    ),
  );
};
