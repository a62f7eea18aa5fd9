import Database from 'better-sqlite3';
import type { PaymentRail, Payout, RailAnswer } from '../../domain/shared/payment-rail.ts';

/** A bank of our own that moves no real money, and the connection to its file. */
export type SandboxRail = PaymentRail & { readonly close: () => void };

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS payouts (
    withdrawal_id TEXT PRIMARY KEY,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    destination TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('prepared', 'paid', 'refused'))
  ) STRICT, WITHOUT ROWID`;

type Row = { readonly destination: string; readonly state: 'prepared' | 'paid' | 'refused' };

/** How long an answer takes that is late, in milliseconds of real time. */
const LATE_MS = 50;

const paid = (withdrawalId: string): RailAnswer => ({
  type: 'Paid',
  railRef: `sandbox-${withdrawalId}`,
});
const refused: RailAnswer = { type: 'NotSent', reason: 'refused by the sandbox' };

const answerTo = (withdrawalId: string, row: Row | undefined): RailAnswer => {
  if (row?.state === 'paid') return paid(withdrawalId);
  return row?.state === 'refused' ? refused : { type: 'Unknown' };
};

/** How the sandbox tells of a submission that has had its effect; destinations `fault:*` make it misbehave. */
const tellings: Readonly<Record<string, (answer: RailAnswer) => Promise<readonly RailAnswer[]>>> = {
  'fault:late': (answer) => new Promise((resolve) => setTimeout(resolve, LATE_MS, [answer])),
  'fault:lost': async () => [],
  'fault:double': async (answer) => [answer, answer],
  'fault:timeout': async () => {
    throw new Error('the sandbox did not answer in time');
  },
};

const told = (answer: RailAnswer, { destination }: Row): Promise<readonly RailAnswer[]> => {
  const telling = Object.hasOwn(tellings, destination) ? tellings[destination] : undefined;
  return telling === undefined ? Promise.resolve([answer]) : telling(answer);
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

const opened = (path: string) => {
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.exec(SCHEMA);
  return { db, ...statements(db) };
};

/**
 * The rail `sandbox`: a small bank in a SQLite file of its own (or ':memory:'), opened on first use. It remembers every payout by
 * its withdrawal's id, so submitting one twice pays once. Destinations `fault:late`, `fault:lost`, `fault:double`,
 * `fault:timeout` and `fault:refuse` make that payment misbehave so.
 */
export const sandboxRail = (path: string): SandboxRail => {
  let bank: ReturnType<typeof opened> | undefined;
  const open = () => (bank ??= opened(path));
  return {
    name: 'sandbox',
    prepare: async ({ withdrawalId, money, destination }: Payout) => {
      open().prepare.run(withdrawalId, money.currency, money.amount, destination);
    },
    submit: async (withdrawalId) => {
      const { find, decide } = open();
      const before = find.get(withdrawalId);
      if (before === undefined) throw new Error(`payout ${withdrawalId} was never prepared`);
      decide.run(before.destination === 'fault:refuse' ? 'refused' : 'paid', withdrawalId);
      return told(answerTo(withdrawalId, find.get(withdrawalId)), before);
    },
    lookUp: async (withdrawalId) => answerTo(withdrawalId, open().find.get(withdrawalId)),
    close: () => {
      bank?.db.close();
      bank = undefined;
    },
  };
};
