import { parties, things, unwatched } from './cast.ts';
import type { Market } from './market.ts';
import { money, type Money } from './money.ts';
import { DAY, HOUR } from './time.ts';

type Milestone = {
  readonly title: string;
  readonly amount: Money;
  readonly deliverWithinMs?: number;
};
type Payout = {
  readonly party: string;
  readonly rail: string;
  readonly destination: string;
};
type OnSilence = {
  readonly locked: 'refund' | 'release';
  readonly awaitingRelease: 'refund' | 'release';
};
type Settled = {
  readonly buyer: string;
  readonly seller: string;
  readonly split: readonly { readonly party: string; readonly sharePpm: number }[];
  readonly acceptWithinMs: number;
  readonly fundWithinMs: number;
  readonly reviewMs: number;
  readonly releaseAfterMs: number;
  readonly onNoRuling: 'asSilence' | 'refund' | 'release' | 'half';
  readonly payouts: readonly Payout[];
  readonly memo: string | null;
};

/** Terms as somebody proposes them: what has a default may be left out. */
export type Draft = Pick<Settled, 'buyer' | 'seller'> &
  Partial<Settled> & {
    readonly milestones: readonly Milestone[];
    readonly arbiter: { readonly actor: string; readonly ruleWithinMs?: number };
    readonly onSilence?: Partial<OnSilence>;
  };

/** Terms with every default filled in. */
export type Terms = Settled & {
  readonly milestones: readonly Required<Milestone>[];
  readonly arbiter: { readonly actor: string; readonly ruleWithinMs: number };
  readonly onSilence: OnSilence;
};

export const complete = (draft: Draft): Terms => ({
  split: [],
  acceptWithinMs: 7 * DAY,
  fundWithinMs: 24 * HOUR,
  reviewMs: 72 * HOUR,
  releaseAfterMs: 0,
  onNoRuling: 'asSilence',
  payouts: [],
  memo: null,
  ...draft,
  milestones: draft.milestones.map((each) => ({ deliverWithinMs: 30 * DAY, ...each })),
  arbiter: { ruleWithinMs: 14 * DAY, ...draft.arbiter },
  onSilence: { locked: 'refund', awaitingRelease: 'release', ...draft.onSilence },
});

/** How many of each a deal should have; everything else of it may be said outright. */
export type Wishes = Partial<Draft> & {
  readonly milestoneCount?: number;
  readonly payeeCount?: number;
  /** Milestones in different currencies. */
  readonly isMixed?: boolean;
};

const CURRENCIES = ['USD', 'USD', 'JPY', 'ETH'];

/** A price: cents, yen, or wei down to the last one. */
export const drawMoney = ({ random }: Market, currency: string): Money => {
  if (currency === 'JPY') return money(currency, random.int(300, 90_000));
  if (currency === 'USD') return money(currency, random.int(500, 400_000));
  return money(currency, random.big(10n ** 15n, 3n * 10n ** 18n));
};

/** Shares of about half the price altogether, so that the seller is a payee too. */
const drawSplit = ({ random }: Market, payees: readonly string[]): Draft['split'] =>
  payees.map((party) => ({
    party,
    sharePpm: random.int(1, Math.floor(1_000_000 / (payees.length + 1))),
  }));

const drawMilestones = (market: Market, count: number, isMixed: boolean): Draft['milestones'] => {
  const { random } = market;
  const currency = random.pick(CURRENCIES);
  return Array.from({ length: count }, (_, index) => ({
    title: count === 1 ? random.pick(things) : `${random.pick(things)}, part ${index + 1}`,
    amount: drawMoney(market, isMixed ? CURRENCIES[(index + 1) % CURRENCIES.length]! : currency),
    deliverWithinMs: random.int(2, 9) * DAY,
  }));
};

/** A deal between people who have not met: terms as `wishes` has them, the rest by chance. */
export const drawTerms = (market: Market, wishes: Wishes = {}): Draft => {
  const { milestoneCount = 1, payeeCount = 0, isMixed = false, ...said } = wishes;
  const { random } = market;
  const named = [said.buyer, said.seller];
  const strangers = unwatched.filter((party) => !named.includes(party));
  const [buyer = '', arbiter = '', ...payees] = random.sample(strangers, 2 + payeeCount);
  const sellers = parties.filter((party) => ![buyer, arbiter, ...payees, ...named].includes(party));
  return {
    buyer,
    seller: random.pick(sellers),
    milestones: drawMilestones(market, milestoneCount, isMixed),
    arbiter: random.oneIn(2) ? { actor: arbiter } : { actor: arbiter, ruleWithinMs: 5 * DAY },
    ...(payeeCount > 0 ? { split: drawSplit(market, payees) ?? [] } : {}),
    ...(random.oneIn(4) ? { memo: `for ${buyer}` } : {}),
    ...(random.oneIn(5) ? { reviewMs: random.int(1, 5) * DAY } : {}),
    ...said,
  };
};
