import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lastValueFrom, toArray } from 'rxjs';
import { payWithdrawals } from '../../src/adapters/rails/pay-withdrawals.ts';
import { sandboxRail, type SandboxRail } from '../../src/adapters/rails/sandbox.ts';
import type { PaymentRail, Payout, RailAnswer } from '../../src/domain/shared/payment-rail.ts';
import { recorded, usd } from './support/books.ts';

const money = usd(7020)[0]!;
const payoutTo = (destination: string): Payout => ({
  withdrawalId: 'artist!1',
  money,
  rail: 'sandbox',
  destination,
});
const paid: RailAnswer = { type: 'Paid', railRef: 'sandbox-artist!1' };
const refused: RailAnswer = { type: 'NotSent', reason: 'refused by the sandbox' };

const confirm = {
  stream: 'account-artist',
  command: {
    type: 'ConfirmWithdrawal',
    data: { withdrawalId: 'artist!1', railRef: 'sandbox-artist!1' },
  },
};
const fail = {
  stream: 'account-artist',
  command: {
    type: 'FailWithdrawal',
    data: { withdrawalId: 'artist!1', reason: 'refused by the sandbox' },
  },
};

const pay = (rail: PaymentRail, payout: Payout) => {
  const event = recorded('account-artist', {
    type: 'WithdrawalRequested' as const,
    data: payout,
  });
  const sent = payWithdrawals(rail).each(event, undefined as never, undefined as never);
  return lastValueFrom(sent.pipe(toArray()));
};

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

describe('payWithdrawals', () => {
  let rail: SandboxRail;
  beforeEach(() => {
    rail = sandboxRail(':memory:');
  });
  afterEach(() => rail.close());

  test.each([
    ['iban-1', [confirm]],
    ['fault:late', [confirm]],
    ['fault:lost', [confirm]],
    ['fault:timeout', [confirm]],
    ['fault:double', [confirm, confirm]],
    ['fault:refuse', [fail]],
  ])('marketplace L6: reports what became of a payment to %s', async (destination, sent) => {
    expect(await pay(rail, payoutTo(destination))).toEqual(sent);
  });

  test("leaves other rails' withdrawals alone", async () => {
    expect(await pay(rail, { ...payoutTo('iban-1'), rail: 'monero' })).toEqual([]);
    expect(await rail.lookUp('artist!1')).toEqual({ type: 'Unknown' });
  });

  test('speaks in the name of its rail, and of each payer in order', () => {
    const { actor, key, ends } = payWithdrawals(rail);
    const event = recorded('account-artist', {
      type: 'WithdrawalRequested' as const,
      data: payoutTo('iban-1'),
    });
    expect({ actor, key: key?.(event), ends }).toEqual({
      actor: { id: 'sandbox', roles: ['rail'] },
      key: 'account-artist',
      ends: ['WithdrawalNotOpen'],
    });
  });

  test('marketplace L6: looks up before it sends again, and never submits twice what is known', async () => {
    const calls: string[] = [];
    const watched: PaymentRail = {
      name: 'sandbox',
      prepare: (payout) => {
        calls.push('prepare');
        return rail.prepare(payout);
      },
      submit: (id) => {
        calls.push('submit');
        return rail.submit(id);
      },
      lookUp: (id) => {
        calls.push('lookUp');
        return rail.lookUp(id);
      },
    };
    await pay(watched, payoutTo('fault:timeout'));
    await pay(watched, payoutTo('fault:timeout'));
    expect(calls).toEqual(['lookUp', 'prepare', 'submit', 'lookUp', 'lookUp']);
  });

  test('marketplace L6: errors while the outcome is unknown, so that it is tried again', async () => {
    const silent: PaymentRail = {
      name: 'sandbox',
      prepare: async () => undefined,
      submit: async () => [],
      lookUp: async () => ({ type: 'Unknown' }),
    };
    await expect(pay(silent, payoutTo('iban-1'))).rejects.toThrow('does not know what became of');
  });
});
