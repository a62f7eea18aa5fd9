import { openBook, type Book } from './book.ts';
import type { Actor, Answer } from './lines.ts';
import type { Market } from './market.ts';
import { sumsOf, type Amounts } from './money.ts';
import { complete, drawTerms, type Draft, type Terms, type Wishes } from './terms.ts';

export type Status =
  | 'Unopened'
  | 'Proposed'
  | 'Agreed'
  | 'Locked'
  | 'AwaitingRelease'
  | 'Disputed'
  | 'Released'
  | 'Refunded'
  | 'Expired'
  | 'Cancelled';

/** What a script knows of its deal: as much as it needs to say what must be answered, and who has what in the end. */
export type Deal = {
  readonly market: Market;
  readonly id: string;
  readonly stream: string;
  draft: Draft;
  terms: Terms;
  status: Status;
  version: number;
  accepted: readonly string[];
  /** When the clock that runs now rings. */
  deadline: number;
  lockedAt: number;
  milestone: number;
  holdId: string;
  book: Book;
  offersMade: number;
  /** What goes back to the buyer if nobody rules. */
  fallback: Amounts;
};

export const newDeal = (market: Market, wishes: Wishes = {}): Deal => {
  const draft = drawTerms(market, wishes);
  const terms = complete(draft);
  const id = market.next('M');
  const deal: Deal = {
    market,
    id,
    stream: `escrow-${id}`,
    draft,
    terms,
    status: 'Unopened',
    version: 0,
    accepted: [],
    deadline: 0,
    lockedAt: 0,
    milestone: 1,
    holdId: '',
    book: openBook(terms),
    offersMade: 0,
    fallback: [],
  };
  market.deals.push(deal);
  return deal;
};

/** Somebody says something to the deal that changes nothing here: it is refused, or already so. */
export const ask = (
  { market, stream }: Deal,
  actor: Actor,
  command: string,
  data: object,
  answer: Answer,
  id?: string,
): void => market.say({ stream, command, data, actor, id }, answer);

/** A script that expects another status than its deal has is wrong. */
export const expectStatus = ({ id, status }: Deal, ...allowed: readonly Status[]): void => {
  if (!allowed.includes(status)) throw new Error(`${id} is ${status}, not ${allowed.join(' or ')}`);
};

const ringAt = (deal: Deal, at: number, ring: () => void): void => {
  deal.deadline = at;
  deal.market.setClock(deal.stream, { at, ring });
};

const cancelAt = (deal: Deal, at: number): void =>
  ringAt(deal, at, () => void (deal.status = 'Cancelled'));

/** Terms are on the table; `by` has accepted them. */
export const propose = (deal: Deal, by: string): void => {
  deal.status = 'Proposed';
  deal.version += 1;
  deal.accepted = [by];
  deal.book = openBook(deal.terms);
  cancelAt(deal, deal.market.now() + deal.terms.acceptWithinMs);
};

export const agree = (deal: Deal): void => {
  deal.status = 'Agreed';
  cancelAt(deal, deal.market.now() + deal.terms.fundWithinMs);
};

export const cancel = (deal: Deal): void => {
  deal.status = 'Cancelled';
  deal.market.setClock(deal.stream, undefined);
};

export const lock = (deal: Deal): void => {
  deal.lockedAt = deal.market.now();
  owe(deal, 1);
};

export const releasableAt = ({ lockedAt, terms }: Deal): number => lockedAt + terms.releaseAfterMs;

/** Silence that releases waits for the time lock; silence that refunds does not. */
const silentAt = (deal: Deal, span: number, silence: 'refund' | 'release'): number => {
  const at = deal.market.now() + span;
  return silence === 'release' ? Math.max(at, releasableAt(deal)) : at;
};

const silenceAt = (deal: Deal, at: number, silence: 'refund' | 'release'): void =>
  ringAt(deal, at, () => {
    if (silence === 'release') finishMilestone(deal);
    else close(deal, deal.book.remaining(), 'silence');
  });

/** The seller owes milestone `n`. */
const owe = (deal: Deal, n: number): void => {
  const silence = deal.terms.onSilence.locked;
  deal.status = 'Locked';
  deal.milestone = n;
  silenceAt(deal, silentAt(deal, deal.terms.milestones[n - 1]!.deliverWithinMs, silence), silence);
};

export const extendTo = (deal: Deal, until: number): void =>
  silenceAt(deal, until, deal.terms.onSilence.locked);

export const awaitRelease = (deal: Deal): void => {
  const silence = deal.terms.onSilence.awaitingRelease;
  deal.status = 'AwaitingRelease';
  silenceAt(deal, silentAt(deal, deal.terms.reviewMs, silence), silence);
};

const paid = (deal: Deal, payments: ReturnType<Book['settle']>): void => {
  for (const { to, money } of payments) {
    deal.market.accounts.move(`escrow:${deal.id}`, `wallet:${to}`, money);
  }
};

/** A part of the current milestone is paid. */
export const payPart = (deal: Deal, part: Amounts[number]): void =>
  paid(deal, deal.book.release(part));

/** The current milestone is paid in full: the next one begins, or the deal is done. The event that says so. */
export const finishMilestone = (deal: Deal): string => {
  if (deal.milestone === deal.terms.milestones.length) return close(deal, []);
  payPart(deal, deal.book.left(deal.milestone));
  owe(deal, deal.milestone + 1);
  return 'MilestoneReleased';
};

/** All that is left is paid: `refund` to the buyer, the rest to the payees. The event that says so. */
export const close = (deal: Deal, refund: Amounts, cause?: 'silence'): string => {
  const { market, terms } = deal;
  const left = sumsOf(deal.book.remaining());
  const isAllBack =
    sumsOf(refund).size === left.size &&
    refund.every(({ currency, amount }) => left.get(currency) === BigInt(amount));
  const silent = cause === 'silence' ? 'Expired' : 'Refunded';
  deal.status = isAllBack ? silent : 'Released';
  market.setClock(deal.stream, undefined);
  const payments = deal.book.settle(refund);
  paid(deal, payments);
  for (const { party, rail, destination } of terms.payouts) {
    if (market.accounts.isFrozen(party) || rail !== 'sandbox') continue;
    const theirs = payments.filter(({ to }) => to === party).map(({ money }) => money);
    for (const [currency, amount] of [...sumsOf(theirs)].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
      market.accounts.withdraw(party, { currency, amount: String(amount) }, destination);
    }
  }
  if (!isAllBack) return 'FundsReleased';
  return cause === 'silence' ? 'EscrowExpired' : 'FundsRefunded';
};

/** All clocks stop but one: by `ruleBy` somebody rules, or the fallback does. */
export const quarrel = (deal: Deal): void => {
  const { terms, status, market, book } = deal;
  const silence = status === 'Locked' ? terms.onSilence.locked : terms.onSilence.awaitingRelease;
  const choice = terms.onNoRuling === 'asSilence' ? silence : terms.onNoRuling;
  const remaining = book.remaining();
  const half = remaining.map(({ currency, amount }) => ({
    currency,
    amount: String((BigInt(amount) + 1n) / 2n),
  }));
  deal.fallback = { refund: remaining, release: [], half }[choice];
  deal.status = 'Disputed';
  ringAt(deal, market.now() + terms.arbiter.ruleWithinMs, () => void close(deal, deal.fallback));
};
