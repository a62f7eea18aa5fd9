import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sandboxRail, type SandboxRail } from '../../src/adapters/rails/sandbox.ts';
import type { Payout, RailAnswer } from '../../src/domain/shared/payment-rail.ts';
import { usd } from './support/books.ts';

const money = usd(7020)[0]!;
const payoutTo = (destination: string): Payout => ({
  withdrawalId: 'artist!1',
  money,
  rail: 'sandbox',
  destination,
});
const paid: RailAnswer = { type: 'Paid', railRef: 'sandbox-artist!1' };
const refused: RailAnswer = { type: 'NotSent', reason: 'refused by the sandbox' };

describe('the sandbox', () => {
  let rail: SandboxRail;
  beforeEach(() => {
    rail = sandboxRail(':memory:');
  });
  afterEach(() => rail.close());

  const submitted = async (destination: string) => {
    await rail.prepare(payoutTo(destination));
    return rail.submit('artist!1');
  };

  test('marketplace L6: pays a payout once, however often it is prepared and submitted', async () => {
    expect(await rail.lookUp('artist!1')).toEqual({ type: 'Unknown' });
    await rail.prepare(payoutTo('iban-1'));
    expect(await rail.lookUp('artist!1')).toEqual({ type: 'Unknown' });
    expect(await submitted('iban-1')).toEqual([paid]);
    expect(await submitted('iban-1')).toEqual([paid]);
    expect(await rail.lookUp('artist!1')).toEqual(paid);
  });

  test('marketplace L6: submits nothing that was not prepared', async () => {
    await expect(rail.submit('artist!9')).rejects.toThrow('artist!9 was never prepared');
  });

  test.each([
    ['fault:late', [paid]],
    ['fault:lost', []],
    ['fault:double', [paid, paid]],
    ['fault:refuse', [refused]],
  ])('marketplace L6: answers %s as asked', async (destination, answers) => {
    expect(await submitted(destination)).toEqual(answers);
    expect(await rail.lookUp('artist!1')).toEqual(answers[0] ?? paid);
  });

  test('marketplace L6: has paid where it times out', async () => {
    await expect(submitted('fault:timeout')).rejects.toThrow('did not answer in time');
    expect(await rail.lookUp('artist!1')).toEqual(paid);
  });

  test('marketplace L9: remembers in its own file what it has prepared and paid', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sandbox-'));
    const before = sandboxRail(join(directory, 'bank.db'));
    await before.prepare(payoutTo('iban-1'));
    await before.submit('artist!1');
    before.close();
    const restarted = sandboxRail(join(directory, 'bank.db'));
    expect(await restarted.lookUp('artist!1')).toEqual(paid);
    restarted.close();
    rmSync(directory, { recursive: true });
  });
});
