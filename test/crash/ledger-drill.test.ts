import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { bankProcess } from '../support/bank-process.ts';
import { contents, temporary, written } from '../support/cli.ts';
import { deposit, withdraw } from '../support/command-lines.ts';

const place = temporary();
const script = join(__dirname, '..', 'support', 'drill-process.ts');

const usd = (amount: string) => ({ currency: 'USD', amount });
const terms = {
  buyer: 'bea',
  seller: 'sol',
  milestones: [{ title: 'all of it', amount: usd('9000') }],
  arbiter: { actor: 'jo' },
  payouts: [{ party: 'sol', rail: 'sandbox', destination: 'iban-sol' }],
};
const line = (at: number, stream: string, command: string, data: object, actor: string) => ({
  at,
  stream,
  command,
  data,
  actor,
  id: `line-${at}`,
});

/** A deal from its deposit to two payouts: one by standing order, one by hand. */
const story = [
  deposit('P1', 'bea', 10_000, 1_000),
  line(2_000, 'escrow-E1', 'OpenEscrow', { terms }, 'bea'),
  line(3_000, 'escrow-E1', 'AcceptTerms', { version: 1 }, 'sol'),
  line(4_000, 'account-bea', 'PlaceHold', { purpose: { stream: 'escrow-E1', item: null } }, 'bea'),
  line(5_000, 'escrow-E1', 'MarkDelivered', { milestone: 1 }, 'sol'),
  line(6_000, 'escrow-E1', 'ReleaseFunds', { milestone: 1 }, 'bea'),
  withdraw('bea', 400, 7_000),
];

const payoutsIn = (data: string) => {
  const bank = new Database(join(data, 'bank', 'sandbox-rail.db'), { readonly: true });
  try {
    return bank.prepare('SELECT * FROM payouts ORDER BY 1').all();
  } finally {
    bank.close();
  }
};

const ran = async (data: string, url: string, file: string, moment: string) => {
  const args = [script, data, url, file, moment];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  return signal ?? code;
};

/** Runs the story to its end with a kill right after a moment, where there is one; then all that can be seen of it. */
const told = async (name: string, moment: string) => {
  const data = place(name);
  mkdirSync(data);
  const file = written(place(`${name}.jsonl`), story);
  const bank = await bankProcess(join(data, 'bank'));
  try {
    const ended = moment === '' ? 'not at all' : await ran(data, bank.url, file, moment);
    expect(await ran(data, bank.url, file, '')).toBe(0);
    return { ended, rows: contents(data).rows, payouts: payoutsIn(data) };
  } finally {
    await bank.kill();
  }
};

const MOMENTS = [
  'DepositBooked',
  'HoldPlaced',
  'FundsLocked',
  'FundsReleased',
  'WithdrawalRequested',
  'submit',
  'answer',
  'WithdrawalPaid',
];

describe('a deal whose engine is killed right after a moment and started again', () => {
  let undisturbed: Awaited<ReturnType<typeof told>>;
  beforeAll(async () => {
    undisturbed = await told('undisturbed', '');
    expect(undisturbed.payouts).toHaveLength(2);
    expect(undisturbed.payouts).toMatchObject([{ state: 'paid' }, { state: 'paid' }]);
  }, 60_000);

  test.each(MOMENTS)(
    'marketplace L9: %s: its tables, and those of the bank, equal those of an undisturbed run',
    async (moment) => {
      const { ended, rows, payouts } = await told(moment, moment);
      expect(ended).toBe('SIGKILL');
      expect(rows).toEqual(undisturbed.rows);
      expect(payouts).toEqual(undisturbed.payouts);
    },
    60_000,
  );
});
