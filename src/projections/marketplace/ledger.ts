import { mayBeBelowZero, ownerOf, postingEvents } from '../../domain/shared/account-table.ts';
import type { LedgerHealth, Posting, TrialBalanceRow } from '../../domain/shared/ledger.ts';
import {
  readModel,
  type AnyProjection,
  type Recorded,
  type Rows,
  type Tables,
} from '../../engine/projection.ts';
import type { DomainEvent } from '../../engine/vocabulary.ts';

/** What an account has in one currency: below zero only in `world:*`. `owner` is whose wallet, hold or payout it is, or null. */
export type Balance = {
  readonly account: string;
  readonly currency: string;
  readonly balance: string;
  readonly owner: string | null;
};

/** A posting with the event that made it, when, and in whose name. */
export type JournalEntry = {
  readonly stream: string;
  readonly revision: number;
  readonly index: number;
  readonly event: string;
  readonly eventId: string;
  readonly at: number;
  readonly actor: string;
  readonly posting: Posting;
};

/** Keyed by `<account>/<currency>`: a currency has no slash. */
export const balances = readModel<Balance>('balances', {
  account: ({ account }) => account,
  owner: ({ owner }) => owner ?? undefined,
  currency: ({ currency }) => currency,
});

/**
 * Keyed by `<stream>/<revision>/<index>`, padded so that keys sort as the postings of a stream follow each other. There are more of
 * these rows than of any other: what their key begins with has no index, nor has what a great share of them have in common.
 */
export const postings = readModel<JournalEntry>('postings', {
  account: ({ posting: { from, to } }) => [from, to],
});

/** Keyed by currency. */
export const trialBalance = readModel<TrialBalanceRow>('trialBalance');

/** One row, under `ledger`: what a withdrawal asks before it lets money out (marketplace L7). */
export const ledgerHealth = readModel<LedgerHealth>('ledgerHealth');

type Booked = DomainEvent<string, { readonly postings: readonly Posting[] }>;

const added = (to: string, amount: bigint): string => (BigInt(to) + amount).toString();

const change = (rows: Rows<Balance>, account: string, currency: string, by: bigint): void => {
  const key = `${account}/${currency}`;
  const row = rows.get(key) ?? { account, currency, balance: '0', owner: ownerOf(account) ?? null };
  rows.set(key, { ...row, balance: added(row.balance, by) });
};

const padded = (number: number, digits: number): string => String(number).padStart(digits, '0');

const journal = (tables: Tables, { type, data, envelope }: Recorded<Booked>): void => {
  const { stream, revision, id, metadata } = envelope;
  data.postings.forEach((posting, index) => {
    tables(postings).set(`${stream}/${padded(revision, 10)}/${padded(index, 4)}`, {
      stream,
      revision,
      index,
      event: type,
      eventId: id,
      at: metadata.at,
      actor: metadata.actor,
      posting,
    });
  });
};

/** Adds an event's postings of one currency to its trial balance, and sees which of their accounts are below zero. */
const weigh = (tables: Tables, currency: string, moved: readonly Posting[]): TrialBalanceRow => {
  const rows = tables(trialBalance);
  const nothing = { currency, debits: '0', credits: '0', difference: '0', belowZero: [] };
  const row = rows.get(currency) ?? nothing;
  const sum = moved.reduce((total, { money }) => total + BigInt(money.amount), 0n);
  const [debits, credits] = [added(row.debits, sum), added(row.credits, sum)];
  const below = new Set(row.belowZero);
  for (const account of new Set(moved.flatMap(({ from, to }) => [from, to]))) {
    const { balance } = tables(balances).get(`${account}/${currency}`) ?? { balance: '0' };
    if (balance.startsWith('-') && !mayBeBelowZero(account)) below.add(account);
    if (!balance.startsWith('-')) below.delete(account);
  }
  const difference = (BigInt(debits) - BigInt(credits)).toString();
  const next = { currency, debits, credits, difference, belowZero: [...below] };
  rows.set(currency, next);
  return next;
};

const judge = (tables: Tables, { currency, difference, belowZero }: TrialBalanceRow): void => {
  const rows = tables(ledgerHealth);
  const row = rows.get('ledger');
  const inDoubt = row?.inDoubt ?? [];
  const isWrong = difference !== '0' || belowZero.length > 0;
  if (row !== undefined && isWrong === inDoubt.includes(currency)) return;
  const others = inDoubt.filter((other) => other !== currency);
  rows.set('ledger', { inDoubt: isWrong ? [...others, currency] : others });
};

/** Books all postings of an event, then looks at what they have made: a balance counts once its event is whole. */
const book = (tables: Tables, recorded: Recorded<Booked>): void => {
  journal(tables, recorded);
  const byCurrency = new Map<string, Posting[]>();
  for (const posting of recorded.data.postings) {
    const { from, to, money } = posting;
    change(tables(balances), from, money.currency, -BigInt(money.amount));
    change(tables(balances), to, money.currency, BigInt(money.amount));
    const moved = byCurrency.get(money.currency) ?? [];
    moved.push(posting);
    byCurrency.set(money.currency, moved);
  }
  for (const [currency, moved] of byCurrency) judge(tables, weigh(tables, currency, moved));
};

/** The books: every posting of every event, what each account has, and whether all of it adds up (marketplace E18, L7). */
export const ledger: AnyProjection = {
  name: 'ledger',
  version: 2,
  models: [balances, postings, trialBalance, ledgerHealth],
  on: Object.fromEntries(postingEvents.map((type) => [type, book])),
};
