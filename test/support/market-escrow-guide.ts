import { escrowCommands } from '../../src/commands/marketplace/escrow.ts';
import { leftOf } from '../../src/domain/marketplace/escrow/rules.ts';
import {
  remainsIn,
  type Escrow,
  type FundedEscrow,
  type RunningEscrow,
} from '../../src/domain/marketplace/escrow/state.ts';
import { consenters, totalOf, type TermsDraft } from '../../src/domain/marketplace/escrow/terms.ts';
import type { Amounts, Money } from '../../src/domain/shared/money.ts';
import type { Actor, Command } from '../../src/engine/decider.ts';
import type { Lookup } from '../../src/engine/facts.ts';
import type { In } from '../../src/engine/machine.ts';
import type { Asked, Candidates, Draw, Guide, Scene } from './arbitrary-histories.ts';

const of = escrowCommands.of;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const plain = (id: string): Actor => ({ id, roles: [] });
const system: Actor = { id: 'system', roles: ['system'] };
const asked = (actor: Actor | string, ...commands: readonly Command[]): readonly Asked[] =>
  commands.map((command) => ({
    actor: typeof actor === 'string' ? plain(actor) : actor,
    command,
  }));

/** Who is who in a deal. */
export type Cast = {
  readonly buyer: string;
  readonly seller: string;
  readonly payees: readonly string[];
  readonly arbiter: string;
  /** What milestones cost, and for how long terms may wait for consent and money; few and short where it is not said. */
  readonly units?: readonly number[];
  readonly waits?: readonly number[];
};

const cast: Cast = { buyer: 'ada', seller: 'bob', payees: ['cyd', 'dan'], arbiter: 'judy' };

const XXX: Money = { currency: 'XXX', amount: '1' };

/** Terms with short clocks, few units and every kind of silence. */
const termsFor = (
  {
    buyer,
    seller,
    payees,
    arbiter,
    units = [1, 7, 100, 5_000, 5_000, 5_000],
    waits = [MINUTE, HOUR, DAY, DAY],
  }: Cast,
  draw: Draw,
): TermsDraft => {
  const silence = () => draw.pick(['refund', 'release'] as const);
  const shares = payees.slice(0, draw.below(payees.length + 1));
  const paid = [buyer, seller, ...shares].filter(() => draw.percent(15));
  return {
    buyer,
    seller,
    arbiter: { actor: arbiter, ruleWithinMs: draw.pick([HOUR, DAY]) },
    milestones: Array.from({ length: 1 + draw.below(3) }, (_, index) => ({
      title: `part ${index + 1}`,
      amount: { currency: draw.pick(['USD', 'USD', 'EUR']), amount: String(draw.pick(units)) },
      deliverWithinMs: draw.pick([MINUTE, HOUR, DAY, 30 * DAY]),
    })),
    split: shares.map((party) => ({ party, sharePpm: 1 + draw.below(400_000) })),
    acceptWithinMs: draw.pick(waits),
    fundWithinMs: draw.pick(waits),
    reviewMs: draw.pick([MINUTE, HOUR, DAY, DAY]),
    releaseAfterMs: draw.pick([0, 0, 0, 90 * MINUTE]),
    onSilence: { locked: silence(), awaitingRelease: silence() },
    onNoRuling: draw.pick(['asSilence', 'refund', 'release', 'half'] as const),
    payouts: paid.map((party) => ({
      party,
      rail: 'sandbox',
      destination: draw.pick([
        'there',
        'fault:lost',
        'fault:double',
        'fault:timeout',
        'fault:refuse',
      ]),
    })),
    memo: draw.pick([null, 'memo']),
  };
};

/** Terms with one fault or another. */
const faulty = (terms: TermsDraft, draw: Draw): TermsDraft =>
  draw.pick<TermsDraft>([
    { ...terms, milestones: [] },
    { ...terms, reviewMs: -1 },
    { ...terms, split: [{ party: terms.buyer, sharePpm: 0 }] },
    { ...terms, arbiter: { electorate: 'all' } },
  ]);

const foreign = (terms: TermsDraft): TermsDraft => ({
  ...terms,
  milestones: [{ title: 'in no currency', amount: XXX }],
});

const unopened = (deal: Cast, draw: Draw): Candidates => {
  const terms = termsFor(deal, draw);
  const consents = [
    terms.buyer,
    terms.seller,
    ...(terms.split ?? []).map(({ party }) => party),
  ].map((party) => ({ party, by: `word of ${party}` }));
  return {
    allowed: [
      ...asked(deal.buyer, of.OpenEscrow({ terms })),
      ...asked(deal.seller, of.OpenEscrow({ terms })),
      ...asked(system, of.OpenEscrow({ terms }), of.OpenEscrow({ terms, consents })),
    ],
    refused: [
      ...asked(deal.arbiter, of.OpenEscrow({ terms })),
      ...asked(deal.buyer, of.OpenEscrow({ terms: faulty(terms, draw) })),
      ...asked(deal.buyer, of.OpenEscrow({ terms: foreign(terms) })),
      ...asked(system, of.OpenEscrow({ terms, consents: consents.slice(1) })),
      ...asked('eve', of.ExpireEscrow({}), of.CancelEscrow({})),
    ],
  };
};

const proposed = (state: In<Escrow, 'Proposed'>, deal: Cast, draw: Draw): Candidates => {
  const { terms, version, termsHash, accepted } = state;
  const parties = [terms.buyer, terms.seller];
  const missing = consenters(terms).filter((party) => !accepted.includes(party));
  const accept = of.AcceptTerms({ version, ...(draw.percent(50) ? { termsHash } : {}) });
  const other = draw.percent(30) ? termsFor(deal, draw) : { ...terms, memo: 'another version' };
  return {
    allowed: [
      ...missing.flatMap((party) => [...asked(party, accept), ...asked(party, accept)]),
      ...(draw.percent(30) ? asked(draw.pick(parties), of.AmendTerms({ terms: other })) : []),
      ...(draw.percent(10) ? asked(draw.pick(consenters(terms)), of.CancelEscrow({})) : []),
    ],
    refused: [
      ...asked(draw.pick(parties), of.OpenEscrow({ terms }), of.OpenEscrow({ terms: other })),
      ...asked(
        draw.pick(parties),
        of.AmendTerms({ terms: { ...other, seller: 'eve' } }),
        of.AmendTerms({ terms: faulty(other, draw) }),
        of.AmendTerms({ terms: foreign(other) }),
      ),
      ...asked(draw.pick(parties), of.AcceptTerms({ version: version + 1 })),
      ...asked(draw.pick(parties), of.AcceptTerms({ version, termsHash: 'another' })),
      ...accepted.flatMap((party) => asked(party, accept)),
      ...asked('eve', accept, of.CancelEscrow({}), of.ExpireEscrow({})),
    ],
  };
};

const agreed = ({ terms, version }: In<Escrow, 'Agreed'>, draw: Draw): Candidates => {
  const hold = { holdId: `${terms.buyer}#1`, payer: terms.buyer, amounts: totalOf(terms) };
  return {
    allowed: [
      ...asked(system, of.LockFunds(hold), of.LockFunds(hold)),
      ...(draw.percent(10) ? asked(terms.buyer, of.CancelEscrow({})) : []),
    ],
    refused: [
      ...asked(
        system,
        of.LockFunds({ ...hold, payer: 'eve' }),
        of.LockFunds({ ...hold, amounts: [XXX] }),
      ),
      ...asked(terms.buyer, of.LockFunds(hold)),
      ...asked('eve', of.CancelEscrow({}), of.ExpireEscrow({})),
      ...asked(terms.seller, of.AcceptTerms({ version }), of.AmendTerms({ terms })),
    ],
  };
};

/** A part of each currency that remains, or nothing, or all. */
const refundOf = (state: FundedEscrow, draw: Draw): Amounts => {
  const remaining = remainsIn(state);
  if (draw.percent(15)) return [];
  if (draw.percent(15)) return remaining;
  return remaining.map(({ currency, amount }) => ({
    currency,
    amount: String(1n + (BigInt(draw.below(1_000_000)) % BigInt(amount))),
  }));
};

const tooMuch = (state: FundedEscrow): Amounts => {
  const remaining = remainsIn(state);
  return remaining.map(({ currency, amount }) => ({
    currency,
    amount: String(BigInt(amount) + 1n),
  }));
};

const reasons = ['NonDelivery', 'WrongItem', 'QualityIssue', 'UnauthorizedCharge'] as const;

const settlements = (state: FundedEscrow, draw: Draw): Candidates => {
  const { terms, offers } = state;
  const parties = [terms.buyer, terms.seller];
  const refund = refundOf(state, draw);
  const by = draw.pick(parties);
  const accepts = offers.standing.map(({ offerNo, by: author }) => ({
    author,
    other: author === terms.buyer ? terms.seller : terms.buyer,
    command: of.AcceptSettlement({ offerNo }),
  }));
  return {
    allowed: [
      ...asked(by, of.OfferSettlement({ refund })),
      ...accepts
        .filter(() => draw.percent(30))
        .flatMap(({ other, command }) => asked(other, command)),
    ],
    refused: [
      ...asked(
        by,
        of.OfferSettlement({ refund: tooMuch(state) }),
        of.OfferSettlement({ refund: [XXX] }),
      ),
      ...asked(by, of.AcceptSettlement({ offerNo: offers.count + 1 })),
      ...accepts.flatMap(({ author, command }) => asked(author, command)),
      ...asked('eve', of.OfferSettlement({ refund }), of.AcceptSettlement({ offerNo: 1 })),
    ],
  };
};

const delivery = (state: RunningEscrow, at: number, draw: Draw): readonly Asked[] => {
  if (state.status === 'AwaitingRelease') return [];
  const { buyer, seller } = state.terms;
  const until = state.deliverBy + 1 + draw.below(HOUR);
  const mark = of.MarkDelivered({ milestone: state.milestone });
  return [
    ...asked(seller, mark, mark),
    ...(draw.percent(40) ? asked(buyer, of.ExtendDelivery({ until: Math.max(until, at) })) : []),
  ];
};

const running = (state: RunningEscrow, at: number, draw: Draw): Candidates => {
  const { terms, milestone, book } = state;
  const { buyer, seller } = terms;
  const left = leftOf(terms, milestone, book);
  const unit = { ...left, amount: '1' };
  const amount = { ...left, amount: draw.pick(['1', '2', left.amount]) };
  const more = { ...left, amount: String(BigInt(left.amount) + 1n) };
  const outcome = draw.pick([
    { type: 'RefundBuyer' } as const,
    { type: 'ReleaseSeller' } as const,
    { type: 'PartialRefund', refund: refundOf(state, draw) } as const,
  ]);
  const grounds = draw.percent(30) ? ['bafyproof'] : [];
  const dispute = { reason: draw.pick(reasons), claim: outcome, grounds };
  const settling = settlements(state, draw);
  return {
    allowed: [
      ...delivery(state, at, draw),
      ...asked(
        buyer,
        of.ReleaseFunds({ milestone, amount: unit }),
        of.ReleaseFunds({ milestone, amount }),
      ),
      ...(draw.percent(30) ? asked(buyer, of.ReleaseFunds({ milestone })) : []),
      ...(draw.percent(20) ? asked(seller, of.RefundBuyer({})) : []),
      ...(draw.percent(30) ? asked(buyer, of.RaiseDispute(dispute)) : []),
      ...(draw.percent(30)
        ? asked(seller, of.RaiseDispute({ ...dispute, reason: 'WrongItem' }))
        : []),
      ...settling.allowed,
    ],
    refused: [
      ...settling.refused,
      ...asked(
        buyer,
        of.ReleaseFunds({ milestone: milestone + 1 }),
        of.ReleaseFunds({ milestone, amount: more }),
        of.ReleaseFunds({ milestone, amount: XXX }),
        of.ExtendDelivery({ until: at }),
        of.ExtendDelivery({ until: at + 1_000 * DAY }),
        of.RaiseDispute({ ...dispute, claim: { type: 'PartialRefund', refund: tooMuch(state) } }),
        of.RaiseDispute({ ...dispute, claim: { type: 'PartialRefund', refund: [XXX] } }),
        of.RefundBuyer({}),
      ),
      ...asked(
        seller,
        of.MarkDelivered({ milestone: milestone + 1 }),
        of.RaiseDispute({ ...dispute, reason: 'UnauthorizedCharge' }),
        of.ReleaseFunds({ milestone }),
      ),
      ...asked(system, of.LockFunds({ holdId: state.holdId, payer: buyer, amounts: [] })),
      ...asked(
        'eve',
        of.ExpireEscrow({}),
        of.MarkDelivered({ milestone }),
        of.RaiseDispute(dispute),
      ),
      ...(milestone > 1 ? asked(buyer, of.ReleaseFunds({ milestone: milestone - 1 })) : []),
    ],
  };
};

const arbiterOf = ({ arbiter }: Pick<TermsDraft, 'arbiter'>): string =>
  'actor' in arbiter ? arbiter.actor : 'system';

const disputed = (state: In<Escrow, 'Disputed'>, draw: Draw): Candidates => {
  const { terms, reason, claim, raisedBy } = state;
  const judge = arbiterOf(terms);
  const outcome = draw.pick([
    { type: 'RefundBuyer' } as const,
    { type: 'ReleaseSeller' } as const,
    { type: 'PartialRefund', refund: refundOf(state, draw) } as const,
  ]);
  const settling = settlements(state, draw);
  return {
    allowed: [
      ...settling.allowed,
      ...(draw.percent(40) ? asked(judge, of.SettleDispute({ outcome, grounds: [] })) : []),
      ...(draw.percent(30)
        ? asked(draw.pick([terms.buyer, terms.seller]), of.ConcedeDispute({}))
        : []),
    ],
    refused: [
      ...settling.refused,
      ...asked(
        judge,
        of.SettleDispute({
          outcome: { type: 'PartialRefund', refund: tooMuch(state) },
          grounds: [],
        }),
        of.SettleDispute({ outcome: { type: 'PartialRefund', refund: [XXX] }, grounds: [] }),
        of.ConcedeDispute({}),
      ),
      ...asked(raisedBy, of.RaiseDispute({ reason, claim, grounds: [] })),
      ...asked(system, of.SettleDispute({ outcome, grounds: [] })),
      ...asked('eve', of.ExpireEscrow({}), of.SettleDispute({ outcome, grounds: [] })),
    ],
  };
};

const over = (state: Escrow, deal: Cast, draw: Draw): Candidates => {
  const terms: TermsDraft = 'terms' in state ? state.terms : termsFor(deal, draw);
  const outcome = draw.pick([
    { type: 'RefundBuyer' } as const,
    { type: 'ReleaseSeller' } as const,
    { type: 'PartialRefund', refund: [{ currency: 'USD', amount: '1' }] } as const,
  ]);
  return {
    allowed: [
      ...asked('eve', of.ExpireEscrow({}), of.RefundBuyer({}), of.CancelEscrow({})),
      ...asked(terms.buyer, of.OpenEscrow({ terms }), of.ReleaseFunds({ milestone: 1 })),
      ...asked(arbiterOf(terms), of.SettleDispute({ outcome, grounds: [] })),
    ],
    refused: [
      ...asked(terms.buyer, of.RefundBuyer({}), of.ConcedeDispute({})),
      ...asked(terms.buyer, of.OpenEscrow({ terms: { ...terms, memo: 'another deal' } })),
      ...asked(
        terms.seller,
        of.MarkDelivered({ milestone: 1 }),
        of.OfferSettlement({ refund: [] }),
      ),
    ],
  };
};

/** What may, and what may not, be asked of an escrow of this cast as it stands. */
export const escrowCommandsFor = (
  state: Escrow,
  { at, draw, deal }: { readonly at: number; readonly draw: Draw; readonly deal: Cast },
): Candidates => {
  if (state.status === 'Unopened') return unopened(deal, draw);
  if (state.status === 'Proposed') return proposed(state, deal, draw);
  if (state.status === 'Agreed') return agreed(state, draw);
  if (state.status === 'Locked' || state.status === 'AwaitingRelease') {
    return running(state, at, draw);
  }
  if (state.status === 'Disputed') return disputed(state, draw);
  return over(state, deal, draw);
};

/** An open hold such as the command names, mostly. */
const holdFor = (command: Command, { self, draw }: Scene): unknown => {
  const { holdId, amounts } = command.data as { holdId: string; amounts: Amounts };
  const hold = { holdId, purpose: { stream: self.stream, item: null }, amounts };
  return draw.percent(90) ? hold : undefined;
};

export const escrowGuide: Guide = {
  ids: ['E1'],
  commandsFor: ({ state, at, draw }) =>
    // A history of escrows is made of states of escrows.
    escrowCommandsFor(state as Escrow, { at, draw, deal: cast }),
  answer: (lookup: Lookup, command: Command, scene: Scene) =>
    lookup.kind === 'answer' ? holdFor(command, scene) : undefined,
};
