import type { AccountEvent } from '../../src/domain/marketplace/account/events.ts';
import type { DepositEvent } from '../../src/domain/marketplace/deposit/events.ts';
import type { Book } from '../../src/domain/marketplace/escrow/book.ts';
import type { EscrowEvent } from '../../src/domain/marketplace/escrow/events.ts';
import type { Fee, Terms } from '../../src/domain/marketplace/escrow/terms.ts';
import { violations } from '../../src/domain/shared/account-table.ts';
import type { Posting, Purpose } from '../../src/domain/shared/ledger.ts';
import type { Amounts } from '../../src/domain/shared/money.ts';
import type { Envelope } from '../../src/engine/store.ts';

/** A rule of the marketplace that the log breaks. */
export class Broken extends Error {
  override readonly name = 'Broken';
  constructor(rule: string, what: string, { stream, revision, position, type }: Envelope) {
    super(`${rule}: ${what} (${type}, ${stream}@${revision}, position ${position})`);
  }
}

class Sums extends Map<string, bigint> {
  of(key: string): bigint {
    return this.get(key) ?? 0n;
  }
  add(key: string, by: bigint): void {
    this.set(key, this.of(key) + by);
  }
}

type Hold = { purpose: Purpose; amounts: Amounts; lockedBy?: string; endedBy?: string };
type Deal = {
  terms: Terms;
  fee: Fee;
  deposited: Sums;
  released: Sums;
  refunded: Sums;
  fees: Sums;
  paid: Sums;
  holdId?: string;
  closedBy?: string;
};
type MarketEvent = EscrowEvent | AccountEvent | DepositEvent;

const PPM = 1_000_000n;
const idIn = (stream: string): string => stream.slice(stream.indexOf('-') + 1);

/**
 * The books of a whole market, folded from the log alone, event by event, by rules written down here anew: it shares with what it
 * checks the account table and nothing else. Throws `Broken` at the first event that breaks a rule.
 */
export const marketBooks = () => {
  /** `<account> <currency>` -> units; likewise all that was ever credited to an owner from other streams, and spent. */
  const [balances, credited, spent] = [new Sums(), new Sums(), new Sums()];
  const heads = new Map<string, { revision: number; at: number }>();
  const batches = new Map<string, number>();
  const holds = new Map<string, Hold>();
  const payouts = new Map<string, { endedBy?: string }>();
  const deals = new Map<string, Deal>();
  let position = 0;

  const inOrder = (envelope: Envelope): void => {
    const { stream, revision, metadata } = envelope;
    const { at, actor, sender = actor, commandId } = metadata;
    const head = heads.get(stream) ?? { revision: -1, at: 0 };
    const fail = (rule: string, what: string) => {
      throw new Broken(rule, what, envelope);
    };
    if (revision !== head.revision + 1) fail('engine N8', `follows revision ${head.revision}`);
    if (Number(envelope.position) <= position) fail('engine N8', `follows position ${position}`);
    if (at < head.at) fail('engine N7', `at ${at}, before ${head.at}`);
    const batch = `${stream} ${sender} ${commandId}`;
    const last = batches.get(batch);
    if (last !== undefined && last !== revision - 1)
      fail('engine N2', `a command of ${last} again`);
    batches.set(batch, revision);
    heads.set(stream, { revision, at });
    position = Number(envelope.position);
  };

  const post = (envelope: Envelope, postings: readonly Posting[]): void => {
    const { stream, type } = envelope;
    const broken = violations(type, postings);
    if (broken.length > 0) throw new Broken('L1', JSON.stringify(broken), envelope);
    for (const { from, to, money } of postings) {
      const { currency } = money;
      const units = BigInt(money.amount);
      if (units <= 0n) throw new Broken('L4', `a posting of ${units}`, envelope);
      balances.add(`${from} ${currency}`, -units);
      balances.add(`${to} ${currency}`, units);
      const [payer, payee] = [from, to].map((account) =>
        account.startsWith('wallet:') ? account.slice('wallet:'.length) : undefined,
      );
      if (payer !== undefined && stream !== `account-${payer}`) {
        throw new Broken('E17', `takes from the wallet of ${payer}`, envelope);
      }
      if (payer !== undefined) spent.add(`${payer} ${currency}`, units);
      if (payee === undefined) continue;
      if (stream === `account-${payee}`) spent.add(`${payee} ${currency}`, -units);
      else credited.add(`${payee} ${currency}`, units);
    }
    for (const { from, money } of postings) {
      const balance = balances.of(`${from} ${money.currency}`);
      if (balance < 0n && !from.startsWith('world:')) {
        throw new Broken('E2', `${from} has ${balance} ${money.currency}`, envelope);
      }
    }
  };

  /** What leaves a wallet is covered by what the decision saw of credits, and it saw no more than there were (L2, L4). */
  const covered = (envelope: Envelope, owner: string, seen: Amounts, needed: Amounts): void => {
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

  const held = (envelope: Envelope, holdId: string): Hold => {
    const hold = holds.get(holdId);
    if (hold === undefined) throw new Broken('L3', `there is no hold ${holdId}`, envelope);
    return hold;
  };

  const ended = (envelope: Envelope, thing: { endedBy?: string }, rule: string): void => {
    const { endedBy } = thing;
    if (endedBy !== undefined) throw new Broken(rule, `it was ended by ${endedBy}`, envelope);
    thing.endedBy = envelope.type;
  };

  const sameAmounts = (a: Amounts, b: Amounts) => JSON.stringify(a) === JSON.stringify(b);

  const onAccount = (envelope: Envelope, { type, data }: AccountEvent): void => {
    const owner = idIn(envelope.stream);
    if (type === 'HoldPlaced') {
      const { holdId, purpose, amounts, creditedSeen } = data;
      const rival = [...holds.values()].find(
        (hold) =>
          JSON.stringify(hold.purpose) === JSON.stringify(purpose) && hold.endedBy === undefined,
      );
      if (rival !== undefined) throw new Broken('L3', 'a second open hold', envelope);
      covered(envelope, owner, creditedSeen, amounts);
      holds.set(holdId, { purpose, amounts });
    }
    if (type === 'HoldTaken' || type === 'HoldReturned') {
      const hold = held(envelope, data.holdId);
      ended(envelope, hold, 'L3');
      const isTaken = hold.lockedBy !== undefined;
      if (isTaken !== (type === 'HoldTaken')) throw new Broken('L3', 'another truth', envelope);
      const deal = deals.get(idIn(hold.purpose.stream));
      const isDecided = deal?.holdId !== undefined || deal?.closedBy !== undefined;
      if (!isDecided) throw new Broken('L3', 'its escrow has not decided', envelope);
    }
    if (type === 'WithdrawalRequested') {
      covered(envelope, owner, data.creditedSeen, [data.money]);
      payouts.set(data.withdrawalId, {});
    }
    if (type === 'WithdrawalPaid' || type === 'WithdrawalFailed') {
      const payout = payouts.get(data.withdrawalId);
      if (payout === undefined) throw new Broken('L6', 'nobody asked for it', envelope);
      ended(envelope, payout, 'L6');
    }
  };

  const lock = (
    envelope: Envelope,
    deal: Deal,
    data: { holdId: string; amounts: Amounts },
  ): void => {
    const hold = held(envelope, data.holdId);
    const fits =
      hold.lockedBy === undefined &&
      hold.endedBy === undefined &&
      hold.purpose.stream === envelope.stream &&
      sameAmounts(hold.amounts, data.amounts);
    if (!fits) throw new Broken('L3', `locks ${JSON.stringify(hold)}`, envelope);
    if (deal.holdId !== undefined) throw new Broken('L3', 'locks twice', envelope);
    hold.lockedBy = envelope.stream;
    deal.holdId = data.holdId;
    for (const { currency, amount } of data.amounts) deal.deposited.add(currency, BigInt(amount));
  };

  const pay = (envelope: Envelope, deal: Deal, postings: readonly Posting[]): void => {
    const { buyer } = deal.terms;
    for (const { from, to, money } of postings) {
      if (from !== `escrow:${idIn(envelope.stream)}`) throw new Broken('L1', from, envelope);
      const [party, units] = [to.slice('wallet:'.length), BigInt(money.amount)];
      if (party === buyer) deal.refunded.add(money.currency, units);
      else if (party === deal.fee.payee) deal.fees.add(money.currency, units);
      else deal.paid.add(`${party} ${money.currency}`, units);
    }
  };

  /** Fees and shares of all that was released so far, rounded down; at the close every unit has found its owner (E9, E19). */
  const shared = (envelope: Envelope, deal: Deal, isClosed: boolean): void => {
    const { terms, fee, deposited, released, refunded, fees, paid } = deal;
    const given = terms.split.reduce((sum, { sharePpm }) => sum + sharePpm, 0);
    const shares = [...terms.split, { party: terms.seller, sharePpm: Number(PPM) - given }];
    for (const currency of deposited.keys()) {
      const owed = (released.of(currency) * BigInt(fee.ppm)) / PPM;
      if (fees.of(currency) !== owed) {
        throw new Broken('E19', `fees ${fees.of(currency)} instead of ${owed}`, envelope);
      }
      const net = released.of(currency) - owed;
      let all = 0n;
      for (const { party, sharePpm } of shares) {
        const had = paid.of(`${party} ${currency}`);
        const floor = (net * BigInt(sharePpm)) / PPM;
        const most = isClosed ? floor + 1n : floor;
        if (had < floor || had > most) {
          throw new Broken('E9', `${party} has ${had} instead of ${floor}`, envelope);
        }
        all += had;
      }
      const balance = balances.of(`escrow:${idIn(envelope.stream)} ${currency}`);
      const sum = all + owed + refunded.of(currency) + balance;
      if (sum !== deposited.of(currency)) throw new Broken('E1', `${sum} ${currency}`, envelope);
      if (isClosed && balance !== 0n) throw new Broken('E1', `${balance} stay held`, envelope);
    }
  };

  const inBook = (envelope: Envelope, deal: Deal, book: Book): void => {
    const mine = bookOf(deal, idIn(envelope.stream));
    if (JSON.stringify(mine) !== JSON.stringify(book.map(({ ...entry }) => entryOf(entry)))) {
      throw new Broken('E1', `${JSON.stringify(book)} is not ${JSON.stringify(mine)}`, envelope);
    }
  };

  /** An entry of a book as texts in one order, whatever the order of its keys. */
  const entryOf = ({
    currency,
    deposited,
    released,
    refunded,
    fees,
    paid,
    held: left,
  }: Book[number]) => [
    currency,
    deposited,
    released,
    refunded,
    fees,
    left,
    ...paid.map(({ party, amount }) => `${party} ${amount}`).toSorted(),
  ];

  /** The book of an escrow by this fold. */
  const bookOf = (deal: Deal, id: string) =>
    [...deal.deposited.keys()]
      .toSorted()
      .map((currency) => [
        currency,
        String(deal.deposited.of(currency)),
        String(deal.released.of(currency)),
        String(deal.refunded.of(currency)),
        String(deal.fees.of(currency)),
        String(balances.of(`escrow:${id} ${currency}`)),
        ...[...deal.terms.split.map(({ party }) => party), deal.terms.seller]
          .map((party) => `${party} ${deal.paid.of(`${party} ${currency}`)}`)
          .toSorted(),
      ]);

  const onEscrow = (envelope: Envelope, { type, data }: EscrowEvent): void => {
    const id = idIn(envelope.stream);
    const deal = deals.get(id);
    if (deal?.closedBy !== undefined) throw new Broken('E3', `after ${deal.closedBy}`, envelope);
    const clock = envelope.metadata.actor === 'clock';
    const effectiveAt = 'effectiveAt' in data ? data.effectiveAt : envelope.metadata.at;
    if (clock ? effectiveAt > envelope.metadata.at : effectiveAt !== envelope.metadata.at) {
      throw new Broken('E5', `effective at ${effectiveAt}`, envelope);
    }
    if (type === 'EscrowOpened' || type === 'TermsAmended') {
      const [deposited, released, refunded] = [new Sums(), new Sums(), new Sums()];
      const [fees, paid] = [new Sums(), new Sums()];
      const { terms, fee } = data;
      deals.set(id, { terms, fee, deposited, released, refunded, fees, paid });
      return;
    }
    if (deal === undefined) throw new Broken('E12', 'before it was opened', envelope);
    if (type === 'FundsLocked') lock(envelope, deal, data);
    if (type === 'PartReleased' || type === 'MilestoneReleased') {
      deal.released.add(data.released.currency, BigInt(data.released.amount));
      pay(envelope, deal, data.postings);
      shared(envelope, deal, false);
    }
    if (type === 'FundsReleased' || type === 'FundsRefunded' || type === 'EscrowExpired') {
      for (const { currency, amount } of data.released) deal.released.add(currency, BigInt(amount));
      pay(envelope, deal, data.postings);
      shared(envelope, deal, true);
      inBook(envelope, deal, data.book);
      deal.closedBy = type;
    }
    if (type === 'EscrowCancelled') deal.closedBy = type;
  };

  return {
    balances,
    holds,
    payouts,
    deals,
    entryOf,
    bookOf,
    /** How far the log has been folded. */
    position: () => (position === 0 ? undefined : String(position)),
    apply: (envelope: Envelope): void => {
      inOrder(envelope);
      const category = envelope.stream.slice(0, envelope.stream.indexOf('-'));
      if (category === 'instance') return;
      const event = { type: envelope.type, data: envelope.data } as MarketEvent;
      if (category === 'account') onAccount(envelope, event as AccountEvent);
      post(envelope, 'postings' in event.data ? event.data.postings : []);
      if (category === 'escrow') onEscrow(envelope, event as EscrowEvent);
      if (category === 'deposit' && envelope.revision > 0) {
        throw new Broken('L5', 'booked twice', envelope);
      }
    },
  };
};
export type MarketBooks = ReturnType<typeof marketBooks>;
