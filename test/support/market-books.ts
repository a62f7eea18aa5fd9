import type { AccountEvent } from '../../src/domain/marketplace/account/events.ts';
import type { EscrowEvent } from '../../src/domain/marketplace/escrow/events.ts';
import { violations } from '../../src/domain/shared/account-table.ts';
import type { Posting, Purpose } from '../../src/domain/shared/ledger.ts';
import type { Amounts } from '../../src/domain/shared/money.ts';
import type { Envelope } from '../../src/engine/store.ts';
import type { DomainEvent } from '../../src/engine/vocabulary.ts';
import {
  addAll,
  bookOf,
  Broken,
  conserved,
  dealOf,
  entryOf,
  payOut,
  Sums,
  type Deal,
} from './market-deal-books.ts';

type Hold = {
  readonly purpose: Purpose;
  readonly amounts: Amounts;
  lockedBy?: string;
  endedBy?: string;
};

/** What each type of event means to the books. */
type Entries<Event extends DomainEvent> = {
  readonly [T in Event['type']]?: (
    envelope: Envelope,
    data: Extract<Event, { readonly type: T }>['data'],
  ) => void;
};

const idIn = (stream: string): string => stream.slice(stream.indexOf('-') + 1);
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

const ended = (envelope: Envelope, thing: { endedBy?: string }, rule: string): void => {
  const { endedBy } = thing;
  if (endedBy !== undefined) throw new Broken(rule, `it was ended by ${endedBy}`, envelope);
  thing.endedBy = envelope.type;
};

/** Revisions, positions and instants follow each other, and no command has written twice (N2, N7, N8). */
const order = () => {
  const heads = new Map<string, { readonly revision: number; readonly at: number }>();
  const batches = new Map<string, number>();
  let position = 0;
  const follow = (envelope: Envelope): void => {
    const { stream, revision, metadata } = envelope;
    const { at, actor, sender = actor, commandId } = metadata;
    const head = heads.get(stream) ?? { revision: -1, at: 0 };
    const batch = `${stream} ${sender} ${commandId}`;
    const last = batches.get(batch) ?? revision - 1;
    const wrong: readonly (readonly [boolean, string, string])[] = [
      [revision !== head.revision + 1, 'engine N8', `follows revision ${head.revision}`],
      [Number(envelope.position) <= position, 'engine N8', `follows position ${position}`],
      [at < head.at, 'engine N7', `at ${at}, before ${head.at}`],
      [last !== revision - 1, 'engine N2', `of a command that wrote ${last} before`],
    ];
    for (const [isWrong, rule, what] of wrong) if (isWrong) throw new Broken(rule, what, envelope);
    batches.set(batch, revision);
    heads.set(stream, { revision, at });
    position = Number(envelope.position);
  };
  return { follow, position: () => (position === 0 ? undefined : String(position)) };
};

const ownerOfWallet = (account: string): string | undefined =>
  account.startsWith('wallet:') ? account.slice('wallet:'.length) : undefined;

/** Balances by plain addition, and per owner what ever came from other streams and what the own one has spent (E2, L1, L4). */
const ledger = () => {
  const [balances, credited, spent] = [new Sums(), new Sums(), new Sums()];

  const move = (envelope: Envelope, { from, to, money: { currency, amount } }: Posting): void => {
    const units = BigInt(amount);
    if (units <= 0n) throw new Broken('L4', `a posting of ${units}`, envelope);
    balances.add(`${from} ${currency}`, -units);
    balances.add(`${to} ${currency}`, units);
    const [payer, payee] = [ownerOfWallet(from), ownerOfWallet(to)];
    if (payer !== undefined) {
      if (envelope.stream !== `account-${payer}`) throw new Broken('E17', from, envelope);
      spent.add(`${payer} ${currency}`, units);
    }
    if (payee === undefined) return;
    if (envelope.stream === `account-${payee}`) spent.add(`${payee} ${currency}`, -units);
    else credited.add(`${payee} ${currency}`, units);
  };

  const post = (envelope: Envelope, postings: readonly Posting[]): void => {
    const broken = violations(envelope.type, postings);
    if (broken.length > 0) throw new Broken('L1', JSON.stringify(broken), envelope);
    for (const posting of postings) move(envelope, posting);
    for (const { from, money } of postings) {
      const balance = balances.of(`${from} ${money.currency}`);
      if (balance < 0n && !from.startsWith('world:')) {
        throw new Broken('E2', `${from} has ${balance} ${money.currency}`, envelope);
      }
    }
  };

  /** What leaves a wallet is covered by what the decision saw of credits, and it saw no more than there were (L2, L4). */
  const covered = (envelope: Envelope, seen: Amounts, needed: Amounts): void => {
    const owner = idIn(envelope.stream);
    for (const { currency, amount } of seen) {
      const known = credited.of(`${owner} ${currency}`);
      if (BigInt(amount) > known) throw new Broken('L2', `saw ${amount} of ${known}`, envelope);
    }
    for (const { currency, amount } of needed) {
      const had = BigInt(seen.find((one) => one.currency === currency)?.amount ?? '0');
      const gone = spent.of(`${owner} ${currency}`) + BigInt(amount);
      if (gone > had) throw new Broken('L4', `spends ${gone} of ${had} ${currency}`, envelope);
    }
  };
  return { balances, post, covered };
};

/**
 * The books of a whole market, folded from the log alone, event by event, by rules written down here anew: it shares with what it
 * checks the account table and nothing else. Throws `Broken` at the first event that breaks a rule.
 */
export const marketBooks = () => {
  const { follow, position } = order();
  const { balances, post, covered } = ledger();
  const holds = new Map<string, Hold>();
  const payouts = new Map<string, { endedBy?: string }>();
  const deals = new Map<string, Deal>();
  const types = new Set<string>();

  const held = (envelope: Envelope, holdId: string): Hold => {
    const hold = holds.get(holdId);
    if (hold === undefined) throw new Broken('L3', `there is no hold ${holdId}`, envelope);
    return hold;
  };

  /** A hold ends once, taken exactly if its escrow has locked it, and not before the escrow has decided (L3). */
  const holdEnds = (envelope: Envelope, { holdId }: { readonly holdId: string }): void => {
    const hold = held(envelope, holdId);
    ended(envelope, hold, 'L3');
    const isTaken = hold.lockedBy !== undefined;
    if (isTaken !== (envelope.type === 'HoldTaken')) throw new Broken('L3', 'untrue', envelope);
    const deal = deals.get(idIn(hold.purpose.stream));
    const isDecided = deal?.holdId !== undefined || deal?.closedBy !== undefined;
    if (!isDecided) throw new Broken('L3', 'its escrow has not decided', envelope);
  };

  const payoutEnds = (envelope: Envelope, data: { readonly withdrawalId: string }): void => {
    const payout = payouts.get(data.withdrawalId);
    if (payout === undefined) throw new Broken('L6', 'nobody asked for it', envelope);
    ended(envelope, payout, 'L6');
  };

  const onAccount: Entries<AccountEvent> = {
    HoldPlaced: (envelope, { holdId, purpose, amounts, creditedSeen }) => {
      const isOpen = (hold: Hold) => hold.endedBy === undefined && same(hold.purpose, purpose);
      if ([...holds.values()].some(isOpen)) throw new Broken('L3', 'a second one', envelope);
      covered(envelope, creditedSeen, amounts);
      holds.set(holdId, { purpose, amounts });
    },
    HoldTaken: holdEnds,
    HoldReturned: holdEnds,
    WithdrawalRequested: (envelope, { withdrawalId, creditedSeen, money }) => {
      covered(envelope, creditedSeen, [money]);
      payouts.set(withdrawalId, {});
    },
    WithdrawalPaid: payoutEnds,
    WithdrawalFailed: payoutEnds,
  };

  const dealIn = (envelope: Envelope): Deal => {
    const deal = deals.get(idIn(envelope.stream));
    if (deal === undefined) throw new Broken('E12', 'it was never opened', envelope);
    return deal;
  };

  const released = (
    envelope: Envelope,
    data: { readonly released: Amounts[number]; readonly postings: readonly Posting[] },
  ): void => {
    addAll(dealIn(envelope).released, [data.released]);
    payOut(envelope, dealIn(envelope), data.postings);
    conserved(envelope, dealIn(envelope), balances);
  };

  const closed = (
    envelope: Envelope,
    data: Extract<EscrowEvent, { readonly type: 'FundsReleased' }>['data'],
  ): void => {
    const deal = dealIn(envelope);
    deal.closedBy = envelope.type;
    addAll(deal.released, data.released);
    payOut(envelope, deal, data.postings);
    conserved(envelope, deal, balances);
    const mine = bookOf(deal, idIn(envelope.stream), balances);
    if (!same(mine, data.book.map(entryOf))) throw new Broken('E1', JSON.stringify(mine), envelope);
  };

  const proposed = (envelope: Envelope, data: Pick<Deal, 'terms' | 'fee'>): void => {
    deals.set(idIn(envelope.stream), dealOf(data));
  };

  const onEscrow: Entries<EscrowEvent> = {
    EscrowOpened: proposed,
    TermsAmended: proposed,
    EscrowCancelled: (envelope) => {
      dealIn(envelope).closedBy = envelope.type;
    },
    FundsLocked: (envelope, { holdId, amounts }) => {
      const [hold, deal] = [held(envelope, holdId), dealIn(envelope)];
      const isFree = hold.lockedBy === undefined && hold.endedBy === undefined;
      const isMeant = hold.purpose.stream === envelope.stream && same(hold.amounts, amounts);
      if (!isFree || !isMeant) throw new Broken('L3', JSON.stringify(hold), envelope);
      if (deal.holdId !== undefined) throw new Broken('L3', 'it locks a second hold', envelope);
      hold.lockedBy = envelope.stream;
      deal.holdId = holdId;
      addAll(deal.deposited, amounts);
    },
    PartReleased: released,
    MilestoneReleased: released,
    FundsReleased: closed,
    FundsRefunded: closed,
    EscrowExpired: closed,
  };

  /** A closed escrow has no event any more (E3); what the clock has caused counts from its deadline, all else from when it was said (E5). */
  const timely = (envelope: Envelope, data: object): void => {
    const closedBy = deals.get(idIn(envelope.stream))?.closedBy;
    if (closedBy !== undefined) throw new Broken('E3', `after ${closedBy}`, envelope);
    const { at, actor } = envelope.metadata;
    const effectiveAt = 'effectiveAt' in data ? Number(data.effectiveAt) : at;
    const isRight = actor === 'clock' ? effectiveAt <= at : effectiveAt === at;
    if (!isRight) throw new Broken('E5', `effective at ${effectiveAt}`, envelope);
  };

  return {
    balances,
    holds,
    payouts,
    deals,
    /** The types of all events so far. */
    types,
    entryOf,
    bookOf: (id: string) => bookOf(deals.get(id)!, id, balances),
    /** How far the log has been folded. */
    position,
    apply: (envelope: Envelope): void => {
      follow(envelope);
      types.add(envelope.type);
      // Decoded by the engine before it decided on it; here only read.
      const data = envelope.data as { readonly postings?: readonly Posting[] };
      const category = envelope.stream.slice(0, envelope.stream.indexOf('-'));
      const entries: Readonly<Record<string, Entries<DomainEvent>>> = {
        account: onAccount as Entries<DomainEvent>,
        escrow: onEscrow as Entries<DomainEvent>,
      };
      if (category === 'deposit' && envelope.revision > 0)
        throw new Broken('L5', 'twice', envelope);
      if (category === 'escrow') timely(envelope, data);
      // What an account spends is judged before it is spent, what an escrow pays after it is paid.
      if (category !== 'account') post(envelope, data.postings ?? []);
      entries[category]?.[envelope.type]?.(envelope, data);
      if (category === 'account') post(envelope, data.postings ?? []);
    },
  };
};
