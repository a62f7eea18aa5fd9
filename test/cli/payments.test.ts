import { sandboxRail } from '../../src/adapters/rails/sandbox-bank/sandbox-rail.ts';
import { cli, said, temporary, written } from '../support/cli.ts';
import { freeze } from '../support/command-lines.ts';
import { mkdirSync } from 'node:fs';

const place = temporary();
const usd = (amount: string) => ({ currency: 'USD', amount });

/** Payments come in at the bank of a directory, while nothing else runs there. */
const receive = (data: string, ...refs: readonly (readonly [ref: string, owner?: string])[]) => {
  mkdirSync(data, { recursive: true });
  const bank = sandboxRail(`${data}/sandbox-rail.db`);
  for (const [ref, owner] of refs) {
    bank.receive({ ref, money: usd('500'), ...(owner === undefined ? {} : { owner }) });
  }
  bank.close();
};

const walletsIn = async (data: string) =>
  said(await cli('rows', 'balances', '--where', 'account=wallet:ada', '--data', data, '--json'))
    .map(({ row }) => row)
    .map((row) => (row as { readonly balance: string }).balance);

describe.each([
  ['virtual time', ['--at'], 1_000],
  ['wall time', [], undefined],
] as const)('payments into the bank, under %s', (_, flags, at) => {
  const data = place(`data${at ?? ''}`);
  const json = async (...args: readonly string[]) =>
    said(await cli(...args, '--data', data, '--json'));

  test('marketplace L5, L10: a run books them, and lists those that it cannot; an operator claims one', async () => {
    receive(data, ['P1', 'ada'], ['P2'], ['P3', '']);
    const file = written(place(`lines${at ?? ''}.jsonl`), [freeze('bob', at)]);
    expect((await cli('run', file, ...flags, '--data', data)).code).toBe(0);
    expect(await walletsIn(data)).toEqual(['500']);

    const listed = await cli('payments', '--data', data);
    expect([listed.code, listed.lines[0]]).toEqual([1, 'sandbox P2: USD 500: it names no owner']);
    expect(listed.lines[1]).toContain('sandbox P3: USD 500, for : Malformed');
    const status = await cli('status', '--data', data);
    expect([status.code, status.lines]).toEqual([
      1,
      expect.arrayContaining(['unclaimed         2']),
    ]);

    expect(await json('payments', '--claim', 'P2', '--owner', 'ada')).toEqual([
      { ref: 'P2', owner: 'ada', booked: true },
    ]);
    const again = await cli('payments', '--claim', 'P2', '--owner', 'eve', '--data', data);
    expect([again.code, again.stderr]).toEqual([
      1,
      'chancery: no unclaimed payment has the reference P2; chancery payments lists those there are\n',
    ]);
    expect(await walletsIn(data)).toEqual(['1000']);
    expect(await json('payments')).toMatchObject([{ payment: { ref: 'P3' } }]);
    receive(data, ['P4', 'ada']);
    expect((await cli('payments', '--claim', 'P3', '--owner', 'ada', '--data', data)).code).toBe(0);
    expect(await walletsIn(data)).toEqual(['2000']);
    expect((await cli('payments', '--data', data)).lines).toEqual(['nothing is unclaimed']);
    expect((await cli('status', '--data', data)).code).toBe(0);
  }, 60_000);
});

test('marketplace L10: --claim and --owner go together', async () => {
  const { code, stderr } = await cli('payments', '--claim', 'P2', '--data', place('none'));
  expect([code, stderr]).toEqual([2, 'chancery: --claim REF and --owner ID go together\n']);
});
