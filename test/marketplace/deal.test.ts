import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../..');
const file = join(root, 'examples', 'deal.jsonl');
const directory = mkdtempSync(join(tmpdir(), 'chancery-deal-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const HOUR = 3_600_000;
const commands = readFileSync(file, 'utf8').trimEnd().split('\n');
const instantOf = (line: number) => (JSON.parse(commands[line - 1]!) as { at: number }).at;
const deliveredAt = instantOf(6);
const silenceAt = deliveredAt + 72 * HOUR;

/** Runs `chancery` in a data directory of the test's own; what it prints, as objects. */
const chancery = (data: string, ...args: readonly string[]): readonly unknown[] => {
  const place = ['--json', '--data', join(directory, data)];
  const main = join(root, 'src', 'main.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args, ...place], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`chancery ${args.join(' ')} ended with ${status}: ${stderr}`);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line): unknown => JSON.parse(line));
};

const rows = (data: string, model: string): readonly unknown[] =>
  chancery(data, 'rows', model).map((found) => (found as { row: unknown }).row);

type Balance = { account: string; currency: string; balance: string };
const balanceRows = (data: string) => rows(data, 'balances') as readonly Balance[];
const balances = (data: string) =>
  Object.fromEntries(balanceRows(data).map(({ account, balance }) => [account, balance]));

/** Runs the first `count` lines of the deal; what they were answered, and the summary. */
const ran = (data: string, count: number): readonly unknown[] => {
  const part = join(directory, `${data}.jsonl`);
  writeFileSync(
    part,
    commands
      .slice(0, count)
      .map((line) => `${line}\n`)
      .join(''),
  );
  return chancery(data, 'run', '--at', '--instance', 'deal', part);
};

const paid = (owner: string, amount: string) => ({
  from: 'escrow:E1',
  to: `wallet:${owner}`,
  money: { currency: 'USD', amount },
});

const usd = (amount: string) => [{ currency: 'USD', amount }];

const stateAt = (at: number) => chancery('whole', 'state', 'escrow-E1', '--at', String(at));

describe('a deal of 12,000 with a fee of 2.5 % and an artist who has 60 %, by command line alone', () => {
  let outcomes: readonly unknown[] = [];
  beforeAll(() => {
    outcomes = ran('whole', commands.length);
  });

  test('1: is opened by the buyer and agreed when seller and artist have accepted', () => {
    expect(outcomes.slice(0, 3)).toMatchObject([
      { outcome: 'accepted', events: [{ type: 'EscrowOpened', data: { by: 'buyer' } }] },
      { outcome: 'accepted', events: [{ type: 'TermsAccepted', data: { party: 'seller' } }] },
      {
        outcome: 'accepted',
        events: [{ type: 'TermsAccepted', data: { party: 'artist' } }, { type: 'TermsAgreed' }],
      },
    ]);
  });

  test("2: is Locked once the buyer's hold is placed: the wallet is empty, the escrow has it all", () => {
    expect(ran('funded', 5).slice(3, 5)).toMatchObject([
      { outcome: 'accepted', events: [{ type: 'DepositBooked' }] },
      { outcome: 'accepted', events: [{ type: 'HoldPlaced', data: { amounts: usd('12000') } }] },
    ]);
    expect(chancery('funded', 'state', 'escrow-E1')).toMatchObject([
      { state: { status: 'Locked' } },
    ]);
    expect(balances('funded')).toEqual({
      'world:sandbox': '-12000',
      'wallet:buyer': '0',
      'hold:buyer#1': '0',
      'escrow:E1': '12000',
    });
  });

  test('3: is released by silence 72 h after delivery, to the millisecond: 300, 7020, 4680', () => {
    const released = chancery('whole', 'history', 'escrow-E1').at(-1);
    expect(outcomes[5]).toMatchObject({
      outcome: 'accepted',
      events: [{ type: 'DeliveryMarked' }],
    });
    expect(released).toMatchObject({
      type: 'FundsReleased',
      data: {
        cause: 'silence',
        effectiveAt: silenceAt,
        released: usd('12000'),
        refunded: [],
        postings: [paid('platform', '300'), paid('artist', '7020'), paid('seller', '4680')],
      },
      metadata: { at: silenceAt, actor: 'clock' },
    });
  });

  test("4: at that very instant the buyer's release is already so, and a dispute comes too late", () => {
    expect(instantOf(7)).toBe(silenceAt);
    expect(instantOf(8)).toBe(silenceAt);
    expect(outcomes.slice(6, 8)).toMatchObject([
      { command: 'ReleaseFunds', outcome: 'granted', lapsed: [] },
      {
        command: 'RaiseDispute',
        outcome: 'refused',
        refusal: { type: 'StatusForbids', facts: { status: 'Released', since: silenceAt } },
      },
    ]);
  });

  test("5: the sandbox pays the artist's withdrawal; a second one lacks all of it", () => {
    expect(outcomes.slice(8, 10)).toMatchObject([
      { outcome: 'accepted', events: [{ type: 'WithdrawalRequested' }] },
      {
        outcome: 'refused',
        refusal: { type: 'InsufficientFunds', facts: { missing: usd('7020') } },
      },
    ]);
    expect(balances('whole')).toEqual({
      'world:sandbox': '-4980',
      'wallet:buyer': '0',
      'hold:buyer#1': '0',
      'escrow:E1': '0',
      'wallet:platform': '300',
      'wallet:artist': '0',
      'wallet:seller': '4680',
      'payout:artist!1': '0',
    });
  });

  test('6: its trial balance is zero, and 1 ms before the silence it awaits release', () => {
    const [total, ...others] = rows('whole', 'trialBalance');
    expect(others).toEqual([]);
    expect(total).toMatchObject({ currency: 'USD', difference: '0', belowZero: [] });
    expect(stateAt(silenceAt - 1)).toMatchObject([{ state: { status: 'AwaitingRelease' } }]);
    expect(stateAt(silenceAt)).toMatchObject([{ state: { status: 'Released' } }]);
  });

  test('is answered the same when it is run again, and nothing is sent twice', () => {
    expect(ran('whole', commands.length).at(-1)).toMatchObject({
      commands: 10,
      repeated: 10,
      sent: { reactions: 0, deadlines: 0, effects: 0 },
    });
  });
});

type Entry = {
  stream: string;
  event: string;
  at: number;
  posting: { from: string; to: string; money: { currency: string; amount: string } };
};

/** Minor units of a currency with exponent 2 as a decimal number. */
const decimal = (amount: string): string => {
  const digits = amount.replace('-', '').padStart(3, '0');
  return `${amount.startsWith('-') ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
};

/** Postings as a plain-text journal, as accountants read it. */
const journalOf = (entries: readonly Entry[]): string =>
  entries
    .map(({ stream, event, at, posting: { from, to, money } }) => {
      const amount = `${decimal(money.amount)} ${money.currency}`;
      const date = new Date(at).toISOString().slice(0, 10);
      return `${date} ${event} ${stream}\n    ${from}  -${amount}\n    ${to}  ${amount}\n`;
    })
    .join('\n');

const hledger = (...args: readonly string[]) => spawnSync('hledger', args, { encoding: 'utf8' });

/** Skips with a printed reason. */
const isInstalled = hledger('--version').status === 0;
if (!isInstalled) process.stderr.write('deal.test: skipped: hledger is not installed\n');
const withHledger = isInstalled ? test : test.skip;

withHledger(
  '6: the exported journal of a deal balances in hledger, with the figures of `balances`',
  () => {
    ran('exported', commands.length);
    const journal = join(directory, 'deal.journal');
    writeFileSync(journal, journalOf(rows('exported', 'postings') as readonly Entry[]));
    expect(hledger('-f', journal, 'check')).toMatchObject({ status: 0, stderr: '' });
    const args = ['-f', journal, 'balance', '--flat', '--empty', '--no-total', '-O', 'csv'];
    const lines = hledger(...args)
      .stdout.trimEnd()
      .split('\n')
      .slice(1);
    const figures = lines.map((line) => line.slice(1, -1).split('","'));
    const expected = balanceRows('exported').map(({ account, currency, balance }) => [
      account,
      balance === '0' ? '0' : `${decimal(balance)} ${currency}`,
    ]);
    expect(Object.fromEntries(figures)).toEqual(Object.fromEntries(expected));
  },
);
