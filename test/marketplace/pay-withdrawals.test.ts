import { payWithdrawals } from '../../src/adapters/rails/pay-withdrawals.ts';
import { sandboxRail } from '../../src/adapters/rails/sandbox-bank/sandbox-rail.ts';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { createEngine } from '../../src/create-engine.ts';
import type { PaymentRail, RailAnswer } from '../../src/domain/shared/payment-rail.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import type { Outcome } from '../../src/engine/outcome.ts';
import type { Actor } from '../../src/engine/decider.ts';
import { E } from '../../src/engine/fp.ts';
import { openWithdrawals } from '../../src/projections/marketplace/holds.ts';
import { balances } from '../../src/projections/marketplace/ledger.ts';
import { subsystems } from '../../src/subsystems.ts';
import { usd } from './support/books.ts';

const railActor = { id: 'sandbox', roles: ['rail'] };
const artist = { id: 'artist', roles: [] };
const paid: RailAnswer = { type: 'Paid', railRef: 'sandbox-artist!1' };
const refused: RailAnswer = { type: 'NotSent', reason: 'refused by the sandbox' };
const HOUR = 3_600_000;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const sandbox = () => {
  const rail = sandboxRail(':memory:');
  closers.push(rail.close);
  return rail;
};

/** A rail that answers as told and remembers what it was asked. */
const scripted = (answers: Partial<Pick<PaymentRail, 'submit' | 'lookUp'>>) => {
  const calls: string[] = [];
  const rail: PaymentRail = {
    name: 'sandbox',
    incoming: async () => [],
    prepare: async () => void calls.push('prepare'),
    submit: async (id) => {
      calls.push('submit');
      return answers.submit?.(id) ?? [];
    },
    lookUp: async (id) => {
      calls.push('lookUp');
      return answers.lookUp?.(id) ?? { type: 'Unknown' };
    },
  };
  return { rail, calls };
};

const market = async (rail: PaymentRail): Promise<Engine> => {
  const engine = await createEngine({
    store: memoryStore(),
    subsystems,
    effects: [payWithdrawals(rail)],
    clock: virtualClock(),
  });
  closers.push(engine.close);
  const data = { rail: 'sandbox', ref: 'P1', owner: 'artist', money: usd(7020)[0], note: null };
  await said(engine, 'deposit-sandbox.P1', { type: 'RecordDeposit', data }, railActor);
  return engine;
};

const said = async (
  engine: Engine,
  stream: string,
  command: { readonly type: string; readonly data: unknown },
  actor: Actor = artist,
): Promise<Outcome> => {
  const answer = await engine.sendTE(stream, command, { actor })();
  if (E.isLeft(answer)) throw new Error(JSON.stringify(answer.left));
  await engine.settle();
  return answer.right;
};

const withdraw = (engine: Engine, destination: string, amount = 7020) =>
  said(engine, 'account-artist', {
    type: 'RequestWithdrawal',
    data: { money: usd(amount)[0], rail: 'sandbox', destination },
  });

const typesOf = async (engine: Engine) =>
  (await engine.history('account-artist')).map(({ type }) => type);
const balanceOf = async (engine: Engine, account: string) =>
  (await engine.query(balances).get(`${account}/USD`))?.balance;

describe('payWithdrawals', () => {
  test.each([
    ['iban-1', 'WithdrawalPaid'],
    ['fault:late', 'WithdrawalPaid'],
    ['fault:lost', 'WithdrawalPaid'],
    ['fault:timeout', 'WithdrawalPaid'],
    ['fault:double', 'WithdrawalPaid'],
    ['fault:refuse', 'WithdrawalFailed'],
  ])('marketplace L6: a payment to %s ends once: %s', async (destination, end) => {
    const engine = await market(sandbox());
    await withdraw(engine, destination);
    await engine.runUntil(HOUR);
    expect(await typesOf(engine)).toEqual(['WithdrawalRequested', end]);
    expect(engine.outbox.list(1)).toEqual([]);
    expect(await balanceOf(engine, 'payout:artist!1')).toBe('0');
    expect(await balanceOf(engine, 'wallet:artist')).toBe(end === 'WithdrawalPaid' ? '0' : '7020');
  });

  test("marketplace L6: leaves other rails' withdrawals alone", async () => {
    const { rail, calls } = scripted({});
    const engine = await market({ ...rail, name: 'other' });
    await withdraw(engine, 'iban-1');
    expect([calls, engine.outbox.list(1)]).toEqual([[], []]);
  });

  test('marketplace L6: speaks in the name of its rail', async () => {
    const engine = await market(sandbox());
    await withdraw(engine, 'iban-1');
    const [, end] = await engine.history('account-artist');
    expect(end).toMatchObject({ type: 'WithdrawalPaid', metadata: { actor: 'sandbox' } });
  });

  test('marketplace L6: an unknown outcome stays open and visible until the rail answers, however late', async () => {
    const answers: { lookUp: PaymentRail['lookUp'] } = {
      lookUp: async () => ({ type: 'Unknown' }),
    };
    const { rail, calls } = scripted({ lookUp: (id) => answers.lookUp(id) });
    const engine = await market(rail);
    await withdraw(engine, 'iban-1');
    await engine.runUntil(48 * HOUR);
    expect(await typesOf(engine)).toEqual(['WithdrawalRequested']);
    expect(await engine.query(openWithdrawals).get('artist!1')).toMatchObject({
      owner: 'artist',
      nextStep: 'rail sandbox answers',
    });
    expect((await engine.status()).outbox).toMatchObject([{ unknown: 1, failed: 0, oldest: 0 }]);
    expect(calls.slice(0, 6)).toEqual([
      'lookUp',
      'prepare',
      'submit',
      'lookUp',
      'lookUp',
      'submit',
    ]);
    answers.lookUp = async () => paid;
    await engine.runUntil(50 * HOUR);
    expect(await typesOf(engine)).toEqual(['WithdrawalRequested', 'WithdrawalPaid']);
  });

  test('marketplace L6: only a definitive NotSent gives the money back; a time-out does not', async () => {
    const { rail } = scripted({
      submit: async () => {
        throw new Error('timeout');
      },
    });
    const engine = await market(rail);
    await withdraw(engine, 'iban-1');
    await engine.runUntil(HOUR);
    expect(await typesOf(engine)).toEqual(['WithdrawalRequested']);
    expect(await balanceOf(engine, 'payout:artist!1')).toBe('7020');
  });

  test.each([
    ['twice', [paid, paid]],
    ['twice, differently', [paid, refused]],
    ['in the wrong order', [{ type: 'Unknown' } as const, paid, refused]],
    ['with two receipts', [paid, { type: 'Paid', railRef: 'sandbox-other' } as const]],
  ])('marketplace L6: a rail that answers %s changes one thing', async (_, answers) => {
    const { rail } = scripted({ submit: async () => answers });
    const engine = await market(rail);
    await withdraw(engine, 'iban-1');
    expect(await typesOf(engine)).toEqual(['WithdrawalRequested', 'WithdrawalPaid']);
    expect(engine.outbox.list(1)).toEqual([]);
  });

  test('marketplace L6: what somebody has ended by hand meanwhile is not sent', async () => {
    const { rail, calls } = scripted({ submit: async () => [paid] });
    const down: PaymentRail = {
      ...rail,
      prepare: async () => {
        throw new Error('down');
      },
    };
    const engine = await market(down);
    await withdraw(engine, 'iban-1');
    const data = { withdrawalId: 'artist!1', reason: 'by hand' };
    await said(engine, 'account-artist', { type: 'FailWithdrawal', data }, railActor);
    await engine.runUntil(HOUR);
    expect(calls).not.toContain('submit');
    expect(engine.outbox.list(1)).toEqual([]);
  });

  test('marketplace L6: an answer about an id that nobody knows changes nothing', async () => {
    const engine = await market(sandbox());
    const data = { withdrawalId: 'artist!9', railRef: 'sandbox-artist!9' };
    const command = { type: 'ConfirmWithdrawal', data };
    expect(await said(engine, 'account-artist', command, railActor)).toEqual({
      outcome: 'refused',
      refusal: { type: 'WithdrawalNotOpen' },
    });
  });

  test('marketplace L6: one payout that cannot be made holds up no other', async () => {
    const bank = sandbox();
    const engine = await market({
      ...bank,
      prepare: (payout) =>
        payout.destination === 'nowhere'
          ? Promise.reject(new Error('no route'))
          : bank.prepare(payout),
    });
    await withdraw(engine, 'nowhere', 20);
    await withdraw(engine, 'iban-1', 30);
    expect(await typesOf(engine)).toEqual([
      'WithdrawalRequested',
      'WithdrawalRequested',
      'WithdrawalPaid',
    ]);
  });
});
