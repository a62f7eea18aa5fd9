import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { viewUnclaimed } from '../../src/adapters/rails/unclaimed-payments.ts';
import { bankProcess, type BankProcess } from '../support/bank-process.ts';
import { contents, temporary } from '../support/cli.ts';

const place = temporary();
const script = join(__dirname, '..', 'support', 'receiver-process.ts');

const usd = (amount: string) => ({ currency: 'USD', amount });
/** More than one page: every tenth names nobody. */
const PAYMENTS = Array.from({ length: 120 }, (_, n) => ({
  ref: `P${n}`,
  ...(n % 10 === 9 ? {} : { owner: `owner${n % 3}` }),
  money: usd(String(n + 1)),
}));

const ran = async (data: string, url: string, ...moment: readonly string[]) => {
  const args = [script, data, url, ...moment];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const said: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { ended: signal ?? code, said: said.join('') };
};

/** What came in, received with a kill at a moment where there is one, and then to its end. */
const received = async (bank: BankProcess, name: string, ...moment: readonly string[]) => {
  const data = place(name);
  mkdirSync(data);
  const { ended } = await ran(data, bank.url, ...moment);
  expect(await ran(data, bank.url)).toEqual({ ended: 0, said: '{"failure":null}\n' });
  return { ended, contents: contents(data), list: viewUnclaimed(join(data, 'unclaimed.db')) };
};

describe('a receiver that is killed right at a moment and started again', () => {
  let bank: BankProcess;
  let undisturbed: Awaited<ReturnType<typeof received>>;
  beforeAll(async () => {
    bank = await bankProcess(place('bank'));
    for (const payment of PAYMENTS) await bank.receive(payment);
    undisturbed = await received(bank, 'undisturbed');
    expect(undisturbed.list.payments).toHaveLength(12);
  }, 60_000);
  afterAll(() => bank.kill());

  test.each([
    ['read', '1'],
    ['read', '2'],
    ['DepositBooked', '1'],
    ['DepositBooked', '50'],
    ['DepositBooked', '108'],
    ['kept', '3'],
    ['answered', '1'],
    ['answered', '2'],
    ['noted', '1'],
  ])(
    'marketplace L5: %s, time %s: each payment is booked once or listed once, as in an undisturbed run',
    async (...moment) => {
      const { ended, ...after } = await received(bank, moment.join('-'), ...moment);
      expect(ended).toBe('SIGKILL');
      expect(after.contents.rows).toEqual(undisturbed.contents.rows);
      expect(after.list).toEqual(undisturbed.list);
    },
    60_000,
  );
});
