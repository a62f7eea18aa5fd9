import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { IncomingPayment } from '../../domain/shared/payment-rail.ts';

/** A payment that came in and is not booked, and why. `claimedFor`: an operator has said whose it is, and that is not booked yet. */
export type UnclaimedPayment = {
  readonly rail: string;
  readonly payment: IncomingPayment;
  readonly reason: string;
  readonly claimedFor: string | null;
};

/** A rail that could not be read the last time, and why. */
export type RailTrouble = { readonly rail: string; readonly failure: string };

/** What can be seen of the list by whoever looks. */
export type UnclaimedView = {
  readonly payments: readonly UnclaimedPayment[];
  readonly troubles: readonly RailTrouble[];
};

/** The adapter's own list of payments that nobody could book: a payment that stands in it goes out of it only by being booked. */
export type UnclaimedPayments = {
  /** All that is not booked, in the order in which it came. */
  readonly view: () => UnclaimedView;
  /** For whom an operator has claimed the payment at a position; null: nobody has. */
  readonly claimOf: (rail: string, position: string) => string | null;
  /** Puts a payment into the list, or a new reason to it; `refused`: the claim that was refused, and stands no more. */
  readonly keep: (
    rail: string,
    payment: IncomingPayment,
    reason: string,
    refused: string | null,
  ) => void;
  readonly claim: (rail: string, position: string, owner: string) => void;
  readonly booked: (rail: string, position: string) => void;
  /** Notes why a rail could not be read; undefined: it could. */
  readonly noteTrouble: (rail: string, failure: string | undefined) => void;
  readonly close: () => void;
};

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS troubles (rail TEXT PRIMARY KEY, failure TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS payments (
    kept INTEGER PRIMARY KEY AUTOINCREMENT,
    rail TEXT NOT NULL,
    position TEXT NOT NULL,
    ref TEXT NOT NULL,
    owner TEXT,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    reason TEXT NOT NULL,
    claimed_for TEXT,
    is_booked INTEGER NOT NULL DEFAULT 0,
    UNIQUE (rail, position)
  ) STRICT;`;

type Row = {
  readonly rail: string;
  readonly position: string;
  readonly ref: string;
  readonly owner: string | null;
  readonly currency: string;
  readonly amount: string;
  readonly reason: string;
  readonly claimed_for: string | null;
};

const shown = (row: Row): UnclaimedPayment => {
  const { rail, position, ref, owner, currency, amount, reason, claimed_for: claimedFor } = row;
  return {
    rail,
    payment: { position, ref, owner, money: { currency, amount } },
    reason,
    claimedFor,
  };
};

const viewOf = (db: Database.Database): UnclaimedView => ({
  payments: db
    .prepare<[], Row>('SELECT * FROM payments WHERE is_booked = 0 ORDER BY kept')
    .all()
    .map((row) => shown(row)),
  troubles: db.prepare<[], RailTrouble>('SELECT rail, failure FROM troubles ORDER BY rail').all(),
});

const NOTHING: UnclaimedView = { payments: [], troubles: [] };

/** Looks at the list of a file beside whoever writes it; a file that is not there, or is only just being made, lists nothing. */
export const viewUnclaimed = (path: string): UnclaimedView => {
  if (!existsSync(path)) return NOTHING;
  const db = new Database(path, { readonly: true });
  try {
    const made = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'payments'`).get();
    return made === undefined ? NOTHING : viewOf(db);
  } finally {
    db.close();
  }
};

type Keeping = {
  readonly rail: string;
  readonly position: string;
  readonly ref: string;
  readonly owner: string | null;
  readonly currency: string;
  readonly amount: string;
  readonly reason: string;
  readonly refused: string | null;
};

const statements = (db: Database.Database) => ({
  claimOf: db
    .prepare<[string, string], string | null>(
      'SELECT claimed_for FROM payments WHERE rail = ? AND position = ?',
    )
    .pluck(),
  // A claim that was made meanwhile stands: only the one that was refused goes.
  keep: db.prepare<Keeping>(
    `INSERT INTO payments (rail, position, ref, owner, currency, amount, reason)
     VALUES (@rail, @position, @ref, @owner, @currency, @amount, @reason)
     ON CONFLICT (rail, position) DO UPDATE SET reason = @reason, claimed_for = NULL
     WHERE is_booked = 0 AND claimed_for IS @refused`,
  ),
  claim: db.prepare<[string, string, string]>(
    'UPDATE payments SET claimed_for = ? WHERE rail = ? AND position = ? AND is_booked = 0',
  ),
  booked: db.prepare<[string, string]>(
    'UPDATE payments SET is_booked = 1 WHERE rail = ? AND position = ? AND is_booked = 0',
  ),
  trouble: db.prepare<[string, string]>('INSERT OR REPLACE INTO troubles VALUES (?, ?)'),
  noTrouble: db.prepare<[string]>('DELETE FROM troubles WHERE rail = ?'),
});

const opened = (path: string) => {
  const db = new Database(path);
  db.pragma('synchronous = FULL');
  db.transaction(() => db.exec(SCHEMA)).immediate();
  return { db, run: statements(db) };
};

/** The list in a SQLite file of its own, or ':memory:'; the file is made when there is something to write. */
export const unclaimedPayments = (path: string): UnclaimedPayments => {
  let open: ReturnType<typeof opened> | undefined;
  const forWriting = () => (open ??= opened(path));
  const ifThere = () => (open !== undefined || existsSync(path) ? forWriting() : undefined);
  return {
    view: () => {
      const there = ifThere();
      return there === undefined ? NOTHING : viewOf(there.db);
    },
    claimOf: (rail, position) => ifThere()?.run.claimOf.get(rail, position) ?? null,
    keep: (rail, { position, ref, owner, money }, reason, refused) =>
      void forWriting().run.keep.run({ rail, position, ref, owner, ...money, reason, refused }),
    claim: (rail, position, owner) => void forWriting().run.claim.run(owner, rail, position),
    booked: (rail, position) => void ifThere()?.run.booked.run(rail, position),
    noteTrouble: (rail, failure) => {
      if (failure === undefined) ifThere()?.run.noTrouble.run(rail);
      else forWriting().run.trouble.run(rail, failure);
    },
    close: () => {
      open?.db.close();
      open = undefined;
    },
  };
};
