import type { Posting } from './ledger.ts';

/** The event types whose postings may move money into and out of the accounts of a kind. */
export type AccountRule = {
  readonly filledBy: readonly string[];
  readonly emptiedBy: readonly string[];
};

const CLOSING = ['FundsReleased', 'FundsRefunded', 'EscrowExpired'];
const PAYING = ['PartReleased', 'MilestoneReleased', ...CLOSING];

/** The account table (marketplace L1): what stands before an account's colon -> what moves its money. Areas add rows here. */
export const accountTable: Readonly<Record<string, AccountRule>> = {
  world: { filledBy: ['WithdrawalPaid'], emptiedBy: ['DepositBooked'] },
  wallet: {
    filledBy: ['DepositBooked', ...PAYING, 'HoldSettled', 'HoldReturned', 'WithdrawalFailed'],
    emptiedBy: ['HoldPlaced', 'WithdrawalRequested'],
  },
  hold: { filledBy: ['HoldPlaced'], emptiedBy: ['FundsLocked', 'HoldSettled', 'HoldReturned'] },
  escrow: { filledBy: ['FundsLocked'], emptiedBy: PAYING },
  payout: {
    filledBy: ['WithdrawalRequested'],
    emptiedBy: ['WithdrawalPaid', 'WithdrawalFailed'],
  },
};

/** Every event type that carries postings. */
export const postingEvents: readonly string[] = [
  ...new Set(
    Object.values(accountTable).flatMap(({ filledBy, emptiedBy }) => [...filledBy, ...emptiedBy]),
  ),
];

/** The kind of an account: what stands before its colon. */
export const kindOf = (account: string): string => account.slice(0, account.indexOf(':'));

/** Only the world outside owes: its accounts may be below zero. */
export const mayBeBelowZero = (account: string): boolean => kindOf(account) === 'world';

/** A posting that the account table does not allow: which account, and on which side the event may not touch it. */
export type Violation = {
  readonly account: string;
  readonly eventType: string;
  readonly side: 'fills' | 'empties';
};

const ruleOf = (account: string): AccountRule | undefined => {
  const kind = kindOf(account);
  return Object.hasOwn(accountTable, kind) ? accountTable[kind] : undefined;
};

/** What in an event's postings breaks the account table; empty: nothing (marketplace L1). */
export const violations = (eventType: string, postings: readonly Posting[]): readonly Violation[] =>
  postings.flatMap(({ from, to }) => [
    ...(ruleOf(from)?.emptiedBy.includes(eventType) === true
      ? []
      : [{ account: from, eventType, side: 'empties' as const }]),
    ...(ruleOf(to)?.filledBy.includes(eventType) === true
      ? []
      : [{ account: to, eventType, side: 'fills' as const }]),
  ]);

/** The owner of a wallet, or of money under way from one: holds are `<owner>#<n>`, payouts `<owner>!<n>`. */
export const ownerOf = (account: string): string | undefined => {
  const id = account.slice(account.indexOf(':') + 1);
  const kind = kindOf(account);
  if (kind === 'wallet') return id;
  if (kind === 'hold') return id.slice(0, id.lastIndexOf('#'));
  if (kind === 'payout') return id.slice(0, id.lastIndexOf('!'));
  return undefined;
};
