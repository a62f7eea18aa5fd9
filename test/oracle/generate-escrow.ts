import type { Chance } from './chance.ts';
import { byCode, CID, lacking, maybe, purse, someMoney, type Draft } from './generate-common.ts';
import { depositDraft, holdDraft } from './generate-ledger.ts';
import { ARBITERS, PARTIES, PAYEES, spoils, termsFrom } from './generate-terms.ts';
import { HOUR, remainingOf, totalOf, type Escrow, type Money, type Outcome } from './model.ts';
import type { World } from './world.ts';

const IDS = ['E1', 'E2', 'E3', 'a.b-c#1', '\u00e9'];

const refundFrom = (chance: Chance, escrow: Escrow): readonly Money[] => {
  const near = purse(remainingOf(escrow)).filter(({ amount }) => amount !== '0');
  if (chance.percent(15)) return near.toSorted(byCode);
  const chosen = near.filter(() => chance.percent(60)).map((one) => someMoney(chance, [one]));
  return chosen.toSorted(byCode);
};

const outcomeFrom = (chance: Chance, escrow: Escrow): Outcome =>
  chance.weighted<() => Outcome>([
    [1, () => ({ type: 'RefundBuyer' })],
    [1, () => ({ type: 'ReleaseSeller' })],
    [3, () => ({ type: 'PartialRefund', refund: refundFrom(chance, escrow) })],
    [1, () => escrow.dispute.claim],
  ])();

const isOpened = ({ version }: Escrow): boolean => version > 0;
const buyerOf = (escrow: Escrow): string => (isOpened(escrow) ? escrow.terms.buyer : 'ann');
const sellerOf = (escrow: Escrow): string => (isOpened(escrow) ? escrow.terms.seller : 'bob');
const partyOf = (chance: Chance, escrow: Escrow): string =>
  chance.pick([buyerOf(escrow), sellerOf(escrow)]);
const arbiterOf = (escrow: Escrow): string =>
  isOpened(escrow) ? escrow.terms.arbiter.actor : 'arb';

const somebody = (chance: Chance, escrow: Escrow): string =>
  chance.pick([
    ...PARTIES,
    ...PAYEES,
    ...ARBITERS,
    'nobody',
    buyerOf(escrow),
    sellerOf(escrow),
    arbiterOf(escrow),
  ]);

const near = (chance: Chance, number: number): number =>
  chance.percent(85) ? number : number + chance.pick([-1, 1, 7, -7]);

type Move = Pick<Draft, 'command' | 'data' | 'actor'>;
type Make = (chance: Chance, escrow: Escrow) => Move;

const agreeing: Readonly<Record<string, Make>> = {
  open: (chance) => {
    const terms = termsFrom(chance);
    const spoilt = chance.percent(25) ? chance.pick(spoils)(terms) : terms;
    const actor = chance.pick([terms.buyer, terms.seller]);
    const consents = maybe(chance, 4, { consents: [{ party: 'ann', by: 'ann' }] });
    return { command: 'OpenEscrow', data: { terms: spoilt, ...consents }, actor };
  },
  amend: (chance, escrow) => {
    const fresh = termsFrom(chance);
    const isSame = chance.percent(90) && isOpened(escrow);
    const { buyer, seller } = isSame ? escrow.terms : fresh;
    const next = { ...fresh, payouts: [], buyer, seller };
    const terms = chance.percent(25) ? chance.pick(spoils)(next) : next;
    return { command: 'AmendTerms', data: { terms }, actor: chance.pick([buyer, seller]) };
  },
  reopen: (chance, escrow) => {
    const terms = isOpened(escrow) ? escrow.terms : termsFrom(chance);
    return { command: 'OpenEscrow', data: { terms }, actor: chance.pick([terms.buyer, 'x']) };
  },
  accept: (chance, { terms, version, termsHash, accepted }) => {
    const all =
      version > 0 ? [terms.buyer, terms.seller, ...terms.split.map((one) => one.party)] : [];
    const missing = all.filter((party) => !accepted.has(party));
    const hash = chance.pick([termsHash, termsHash, 'f'.repeat(64), '']);
    const data = {
      version: chance.percent(90) ? Math.max(version, 1) : chance.int(0, 4),
      ...maybe(chance, 30, { termsHash: hash }),
    };
    const likely = missing.length > 0 ? missing : ['x', ...all];
    return { command: 'AcceptTerms', data, actor: chance.pick(likely) };
  },
  cancel: (chance, escrow) => ({
    command: 'CancelEscrow',
    data: {},
    actor: somebody(chance, escrow),
  }),
  lock: (chance, escrow) => {
    const amounts = isOpened(escrow) ? purse(totalOf(escrow.terms)).toSorted(byCode) : [];
    const data = { holdId: escrow.holdId || 'ann#1', payer: buyerOf(escrow), amounts };
    return { command: 'LockFunds', data, actor: chance.pick(['ann', 'nobody']) };
  },
};

const delivering: Readonly<Record<string, Make>> = {
  extend: (chance, escrow) => {
    const due = escrow.deadline ?? 1;
    const from = chance.pick([due, escrow.lockedAt + 730 * 24 * HOUR]);
    const until = Math.max(from + chance.pick([-1, 0, 1, HOUR]), 0);
    return { command: 'ExtendDelivery', data: { until }, actor: buyerOf(escrow) };
  },
  deliver: (chance, escrow) => {
    const proof = maybe(chance, 30, { proof: chance.pick([CID, CID, 'no-cid']) });
    const data = { milestone: near(chance, escrow.milestone), ...proof };
    return { command: 'MarkDelivered', data, actor: sellerOf(escrow) };
  },
  release: (chance, escrow) => {
    const { milestone, left, terms } = escrow;
    const isLocked = left > 0n;
    const currency = isLocked ? terms.milestones[milestone - 1]!.amount.currency : 'USD';
    const rest = isLocked ? [{ currency, amount: String(left) }] : [];
    const amount = maybe(chance, 60, { amount: someMoney(chance, rest) });
    const data = { milestone: near(chance, milestone), ...amount };
    return { command: 'ReleaseFunds', data, actor: buyerOf(escrow) };
  },
  refund: (_, escrow) => ({ command: 'RefundBuyer', data: {}, actor: sellerOf(escrow) }),
  expire: (chance, escrow) => ({
    command: 'ExpireEscrow',
    data: {},
    actor: somebody(chance, escrow),
  }),
};

const quarrelling: Readonly<Record<string, Make>> = {
  offer: (chance, escrow) => ({
    command: 'OfferSettlement',
    data: { refund: refundFrom(chance, escrow) },
    actor: partyOf(chance, escrow),
  }),
  settle: (chance, escrow) => {
    const standing = [...escrow.offers].map(([by, { no }]) => [by, no] as const);
    const [by, offerNo] = chance.pick([
      ...standing,
      ...standing,
      ['', escrow.offerCount + 1] as const,
    ]);
    const other = by === buyerOf(escrow) ? sellerOf(escrow) : buyerOf(escrow);
    const actor = chance.percent(80) ? other : partyOf(chance, escrow);
    return { command: 'AcceptSettlement', data: { offerNo }, actor };
  },
  concede: (chance, escrow) => ({
    command: 'ConcedeDispute',
    data: {},
    actor: partyOf(chance, escrow),
  }),
  dispute: (chance, escrow) => {
    const { by, reason: before, claim, grounds } = escrow.dispute;
    const reason = chance.pick(['NonDelivery', 'WrongItem', 'QualityIssue', 'UnauthorizedCharge']);
    const fresh = { reason, claim: outcomeFrom(chance, escrow), grounds: chance.pick([[], [CID]]) };
    const isAgain = by !== '' && chance.percent(40);
    const data = isAgain ? { reason: before, claim, grounds } : fresh;
    return { command: 'RaiseDispute', data, actor: isAgain ? by : partyOf(chance, escrow) };
  },
  rule: (chance, escrow) => {
    const { refund } = escrow.closing;
    const positive = purse(refund).filter(({ amount }) => amount !== '0');
    const executed = { type: 'PartialRefund', refund: positive.toSorted(byCode) };
    const again = [executed, { type: 'RefundBuyer' }, { type: 'ReleaseSeller' }];
    const isOver = escrow.closing.cause === 'ruling';
    const outcome = isOver ? chance.pick(again) : outcomeFrom(chance, escrow);
    return { command: 'SettleDispute', data: { outcome, grounds: [] }, actor: arbiterOf(escrow) };
  },
};

/** What may be asked of an escrow; the actor is one who may, once there are terms. */
const moves = { ...agreeing, ...delivering, ...quarrelling };

/** What usually comes next in a status, with weights. */
const usual: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Unopened: { open: 20, expire: 1 },
  Proposed: { accept: 20, amend: 4, cancel: 1, reopen: 2 },
  Agreed: { hold: 20, cancel: 1, accept: 2, lock: 1, reopen: 1 },
  Locked: {
    deliver: 6,
    release: 8,
    offer: 4,
    settle: 3,
    dispute: 4,
    extend: 3,
    refund: 1,
    lock: 1,
  },
  AwaitingRelease: { release: 8, deliver: 2, offer: 4, settle: 3, dispute: 5, refund: 1 },
  Disputed: { rule: 4, offer: 5, settle: 3, concede: 1, dispute: 3, release: 1 },
  Released: { release: 2, rule: 4, expire: 1, settle: 1, refund: 1, reopen: 1 },
  Refunded: { refund: 2, rule: 4, expire: 1, release: 1, reopen: 1 },
  Expired: { expire: 1, release: 1, refund: 1, dispute: 1 },
  Cancelled: { cancel: 1, expire: 1, reopen: 1, accept: 1 },
};

const chosen = (chance: Chance, world: World): string => {
  const live = [...world.escrows.values()].filter(({ deadline }) => deadline !== undefined);
  const rich = live.filter(({ holdId }) => holdId !== '');
  const closed = [...world.escrows.values()].filter(({ closing }) => closing.cause !== '');
  const fresh = `N${world.escrows.size}`;
  const among = (some: readonly Escrow[]) => (some.length > 0 ? chance.pick(some).id : fresh);
  return chance.weighted([
    [3, chance.pick(IDS)],
    [live.length < 3 ? 8 : 0, fresh],
    [live.length > 0 ? 20 : 0, among(live)],
    [rich.length > 0 ? 30 : 0, among(rich)],
    [closed.length > 0 ? 5 : 0, among(closed.slice(-2))],
  ]);
};

/** What somebody asks next: mostly of an escrow that is under way, mostly what may be asked of it. */
export const escrowDraft = (chance: Chance, world: World): Draft => {
  const id = chosen(chance, world);
  const escrow = world.escrow(id);
  const weights = Object.entries(usual[escrow.status]!);
  const likely = weights.map(([name, weight]) => [weight, name] as const);
  const name = chance.percent(88) ? chance.weighted(likely) : chance.pick(Object.keys(moves));
  if (name === 'hold') {
    const lacks = lacking(world, escrow.terms);
    if (lacks.length === 0 || chance.percent(15)) return holdDraft(chance, escrow);
    return depositDraft(chance, world, escrow.terms.buyer, chance.pick(lacks));
  }
  const { command, data, actor } = moves[name]!(chance, escrow);
  const other = chance.percent(7) ? somebody(chance, escrow) : actor;
  return { stream: `escrow-${id}`, command, data, actor: other };
};
