import Database from 'better-sqlite3';
import type { Payout, RailAnswer } from '../../../domain/shared/payment-rail.ts';
import { bankPayments, type BankPayments } from './bank-payments.ts';

/** An answer and the payout that it is about: a bank that answers out of order tells of others. */
export type Told = { readonly withdrawalId: string; readonly answer: RailAnswer };

/** How the bank tells of a submission that has had its effect. */
export type Telling =
  | { readonly how: 'at once'; readonly told: readonly Told[] }
  | { readonly how: 'late'; readonly told: readonly Told[] }
  /** Nobody hears of it: the connection breaks, or nothing ever comes. */
  | { readonly how: 'lost' }
  | { readonly how: 'never' };

/** A bank of our own that moves no real money. Everything it does is in its file before it says so. */
export type Bank = BankPayments & {
  readonly prepare: (payout: Payout) => void;
  /** Pays what was prepared, once; throws where nothing was. */
  readonly submit: (withdrawalId: string) => Telling;
  readonly lookUp: (withdrawalId: string) => RailAnswer;
  readonly close: () => void;
};

/** How long an answer takes that is late, in milliseconds of real time. */
export const LATE_MS = 50;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS payouts (
    withdrawal_id TEXT PRIMARY KEY,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    destination TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('prepared', 'paid', 'refused'))
  ) STRICT, WITHOUT ROWID`;

type Row = { readonly destination: string; readonly state: 'prepared' | 'paid' | 'refused' };

const answerTo = (withdrawalId: string, row: Row | undefined): RailAnswer => {
  if (row?.state === 'paid') return { type: 'Paid', railRef: `sandbox-${withdrawalId}` };
  if (row?.state !== 'refused') return { type: 'Unknown' };
  return { type: 'NotSent', reason: 'refused by the sandbox' };
};

/** Destinations `fault:*` make the bank misbehave; the payment is made all the same, but by `fault:refuse`. */
const tellings = (): Readonly<Record<string, (told: Told) => Telling>> => {
  let held: readonly Told[] = [];
  return {
    'fault:late': (told) => ({ how: 'late', told: [told] }),
    'fault:lost': () => ({ how: 'lost' }),
    'fault:double': (told) => ({ how: 'at once', told: [told, told] }),
    'fault:timeout': () => ({ how: 'never' }),
    // Each is told of when the next one comes.
    'fault:reordered': (told) => {
      const before = held;
      held = [told];
      return { how: 'at once', told: before };
    },
  };
};

const statements = (db: Database.Database) => ({
  find: db.prepare<[string], Row>('SELECT destination, state FROM payouts WHERE withdrawal_id = ?'),
  prepare: db.prepare<[string, string, string, string]>(
    `INSERT INTO payouts VALUES (?, ?, ?, ?, 'prepared') ON CONFLICT DO NOTHING`,
  ),
  decide: db.prepare<[string, string]>(
    `UPDATE payouts SET state = ? WHERE withdrawal_id = ? AND state = 'prepared'`,
  ),
});

/** Opens the bank in a SQLite file of its own, or ':memory:'. */
export const openBank = (path: string): Bank => {
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(SCHEMA);
  const { find, prepare, decide } = statements(db);
  const faults = tellings();
  return {
    ...bankPayments(db),
    prepare: ({ withdrawalId, money, destination }) => {
      prepare.run(withdrawalId, money.currency, money.amount, destination);
    },
    submit: (withdrawalId) => {
      const before = find.get(withdrawalId);
      if (before === undefined) throw new Error(`payout ${withdrawalId} was never prepared`);
      const { destination } = before;
      decide.run(destination === 'fault:refuse' ? 'refused' : 'paid', withdrawalId);
      const told = { withdrawalId, answer: answerTo(withdrawalId, find.get(withdrawalId)) };
      const fault = Object.hasOwn(faults, destination) ? faults[destination] : undefined;
      return fault?.(told) ?? { how: 'at once', told: [told] };
    },
    lookUp: (withdrawalId) => answerTo(withdrawalId, find.get(withdrawalId)),
    close: () => db.close(),
  };
};

/** Those of the answers that are about a payout. */
export const about = (withdrawalId: string, told: readonly Told[]): readonly RailAnswer[] =>
  told.filter((each) => each.withdrawalId === withdrawalId).map(({ answer }) => answer);
