import type Database from 'better-sqlite3';
import type { IncomingPayment } from '../../../domain/shared/payment-rail.ts';
import type { PaymentOrder } from './wire.ts';

/** Payments into the bank: final as soon as they are there. */
export type BankPayments = {
  /** Takes a payment in, once per reference; throws where the reference stands for another payment. */
  readonly receive: (order: PaymentOrder) => void;
  readonly incoming: (after: string | undefined) => readonly IncomingPayment[];
};

/** How many payments are given at once. */
const PAGE = 100;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS payments (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    ref TEXT NOT NULL UNIQUE,
    owner TEXT,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL
  ) STRICT`;

type Row = {
  readonly place: number;
  readonly ref: string;
  readonly owner: string | null;
  readonly currency: string;
  readonly amount: string;
};

const paymentOf = ({ place, ref, owner, currency, amount }: Row): IncomingPayment => ({
  position: String(place),
  ref,
  owner,
  money: { currency, amount },
});

const placeOf = (position: string): number => {
  if (/^[1-9][0-9]{0,14}$/.test(position)) return Number(position);
  throw new Error('this is no position of the sandbox');
};

/** The payments in the file of a bank. */
export const bankPayments = (db: Database.Database): BankPayments => {
  db.exec(SCHEMA);
  const add = db.prepare<[string, string | null, string, string]>(
    'INSERT INTO payments (ref, owner, currency, amount) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const find = db.prepare<[string], Row>('SELECT * FROM payments WHERE ref = ?');
  const page = db.prepare<[number, number], Row>(
    'SELECT * FROM payments WHERE place > ? ORDER BY place LIMIT ?',
  );
  return {
    receive: ({ ref, owner = null, money: { currency, amount } }) => {
      add.run(ref, owner, currency, amount);
      const kept = find.get(ref);
      if (kept?.owner === owner && kept.currency === currency && kept.amount === amount) return;
      throw new Error(`${ref} is the reference of another payment`);
    },
    incoming: (after) =>
      page.all(after === undefined ? 0 : placeOf(after), PAGE).map((row) => paymentOf(row)),
  };
};
