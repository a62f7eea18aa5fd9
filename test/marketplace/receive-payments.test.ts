import { mkdirSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import {
  receivePayments,
  receivingEngine,
  type Receiving,
} from '../../src/adapters/rails/receive-payments.ts';
import { sandboxRail } from '../../src/adapters/rails/sandbox-bank/sandbox-rail.ts';
import {
  unclaimedPayments,
  viewUnclaimed,
  type UnclaimedPayments,
} from '../../src/adapters/rails/unclaimed-payments.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { createEngine } from '../../src/create-engine.ts';
import type { IncomingPayment, PaymentRail } from '../../src/domain/shared/payment-rail.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import { E } from '../../src/engine/fp.ts';
import { balances } from '../../src/projections/marketplace/ledger.ts';
import { subsystems } from '../../src/subsystems.ts';
import { temporary } from '../support/cli.ts';
import { handClock } from '../support/hand-clock.ts';

const place = temporary();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const usd = (amount: string) => ({ currency: 'USD', amount });
const payment = (n: number, change: Partial<IncomingPayment> = {}): IncomingPayment => ({
  position: String(n),
  ref: `P${n}`,
  owner: 'ada',
  money: usd('5'),
  ...change,
});

type Incoming = PaymentRail['incoming'];
const railOf = (incoming: Incoming) => ({ name: 'sandbox', incoming });

/** A rail that has these payments, and remembers after which positions it was asked. */
const having = (...payments: readonly IncomingPayment[]) => {
  const asked: (string | undefined)[] = [];
  const incoming: Incoming = async (after) => {
    asked.push(after);
    return payments.slice(payments.findIndex(({ position }) => position === after) + 1).slice(0, 2);
  };
  return { ...railOf(incoming), asked };
};

const opened = async (): Promise<Engine> => {
  const engine = await createEngine({ store: memoryStore(), subsystems, clock: virtualClock() });
  closers.push(engine.close);
  return engine;
};

type Given = Partial<Receiving> & Pick<Receiving, 'rail'>;
const receiving = async (given: Given) => {
  const engine = given.engine ?? (await opened());
  const unclaimed = given.unclaimed ?? listIn(':memory:');
  const receiver = receivePayments({ clock: virtualClock(), ...given, engine, unclaimed });
  closers.push(receiver.close);
  return { engine, receiver, unclaimed };
};
const listIn = (path: string): UnclaimedPayments => {
  const list = unclaimedPayments(path);
  closers.push(list.close);
  return list;
};

const walletOf = async (engine: Engine, owner = 'ada') => {
  await engine.settle();
  return (await engine.query(balances).get(`wallet:${owner}/USD`))?.balance ?? '0';
};
const reasons = (unclaimed: UnclaimedPayments) =>
  unclaimed.view().payments.map(({ payment: { ref }, reason }) => [ref, reason]);

describe('payments that come in', () => {
  test('marketplace L5: are booked once each, in the name of the rail, page by page, however often the rail is read', async () => {
    const rail = having(payment(1), payment(2), payment(3));
    const { engine, receiver } = await receiving({ rail });
    await receiver.poll();
    await receiver.poll();
    expect(rail.asked).toEqual([undefined, '2', '3', '3']);
    expect(await walletOf(engine)).toBe('15');
    expect(await engine.history('deposit-sandbox.P1')).toMatchObject([
      { type: 'DepositBooked', metadata: { actor: 'sandbox' } },
    ]);
  });

  test('marketplace L5: are booked once by two pollers at once, and by one that begins anew', async () => {
    const engine = await opened();
    const unclaimed = listIn(':memory:');
    const rail = having(...[1, 2, 3, 4, 5].map((n) => payment(n)), payment(6, { owner: null }));
    const two = [1, 2].map(() => receiving({ rail, engine, unclaimed }));
    await Promise.all((await Promise.all(two)).map(({ receiver }) => receiver.poll()));
    engine.journal('incomingPayments').put('sandbox', { position: '1' });
    await (await receiving({ rail, engine, unclaimed })).receiver.poll();
    expect(await walletOf(engine)).toBe('25');
    expect(reasons(unclaimed)).toEqual([['P6', 'it names no owner']]);
  });

  const refused: readonly (readonly [string, Partial<IncomingPayment>, string])[] = [
    ['no owner', { owner: null }, 'it names no owner'],
    ['an unknown currency', { money: { currency: 'DOGE', amount: '5' } }, 'UnknownCurrency'],
    ['a malformed owner', { owner: 'a\nb' }, 'Malformed {"path":"owner"'],
    ['an amount that is none', { money: usd('5.00') }, 'Malformed {"path":"money.amount"'],
    ['a reference that is none', { ref: '' }, 'Malformed'],
    [
      'the reference of another',
      { ref: 'P1', owner: 'bob' },
      'DepositConflict {"fields":["owner"]}',
    ],
  ];
  test.each(refused)(
    'marketplace L10: with %s stand in the list with the reason, and hold up no other',
    async (_, change, reason) => {
      const rail = having(payment(1), payment(2, change), payment(3));
      const { engine, receiver, unclaimed } = await receiving({ rail });
      await receiver.poll();
      await receiver.poll();
      expect(await walletOf(engine)).toBe('10');
      expect(unclaimed.view().payments).toMatchObject([
        { rail: 'sandbox', payment: payment(2, change), claimedFor: null },
      ]);
      expect(reasons(unclaimed)[0]?.[1]).toContain(reason);
      expect(receiver.failure()).toBeUndefined();
    },
  );

  test('marketplace L5: an unclaimed one is booked for whom an operator names, and never twice', async () => {
    const rail = having(payment(1, { owner: null }));
    const { engine, receiver, unclaimed } = await receiving({ rail });
    await receiver.poll();
    expect(await receiver.claim('1', 'b\nob')).toMatchObject({
      refused: expect.stringContaining('Malformed') as string,
    });
    expect(unclaimed.view().payments).toMatchObject([{ claimedFor: null }]);
    expect(await receiver.claim('1', 'bob')).toEqual({ refused: undefined });
    expect(await receiver.claim('1', 'eve')).toBeUndefined();
    expect(await receiver.claim('9', 'eve')).toBeUndefined();
    engine.journal('incomingPayments').put('sandbox', { position: 'before all' });
    await receiver.poll();
    expect([await walletOf(engine, 'bob'), await walletOf(engine, 'eve')]).toEqual(['5', '0']);
    expect(unclaimed.view().payments).toEqual([]);
  });

  test('marketplace L5: a claim that a crash has left is gone on with', async () => {
    const rail = having(payment(1, { owner: null }));
    const { engine, receiver, unclaimed } = await receiving({ rail });
    await receiver.poll();
    unclaimed.claim('sandbox', '1', 'bob');
    expect(unclaimed.view().payments).toMatchObject([{ claimedFor: 'bob' }]);
    await receiver.poll();
    expect(await walletOf(engine, 'bob')).toBe('5');
    expect(unclaimed.view().payments).toEqual([]);
  });

  test('marketplace L10: the list outlives the process, and is seen by whoever looks', async () => {
    mkdirSync(place('list'));
    const path = place('list', 'unclaimed.db');
    expect(viewUnclaimed(path)).toEqual({ payments: [], troubles: [] });
    const { receiver, unclaimed } = await receiving({
      rail: having(payment(1), payment(2, { owner: null })),
      unclaimed: listIn(path),
    });
    await receiver.poll();
    const seen = viewUnclaimed(path);
    expect(seen.payments).toMatchObject([{ payment: payment(2, { owner: null }) }]);
    unclaimed.close();
    expect(listIn(path).view()).toEqual(seen);
  });
});

describe('a rail that fails', () => {
  const bad: readonly (readonly [string, Incoming, string])[] = [
    ['is down', () => Promise.reject(new Error('no route')), 'no route'],
    [
      'throws at once',
      () => {
        throw new Error('bug');
      },
      'bug',
    ],
    ['answers no list', async () => ({ payments: [] }) as never, 'something else'],
    [
      'answers a payment without its money',
      async () => [{ ...payment(1), money: null }] as never,
      'at [0].money',
    ],
    ['answers the same page for ever', async () => [payment(1)], 'position 1 again'],
    ['never answers', () => new Promise(() => undefined), 'no answer in 20 ms'],
  ];
  test.each(bad)(
    'marketplace L10: because it %s is shown, and read again',
    async (_, incoming, failure) => {
      const rail = { ...railOf(incoming) };
      const current = { incoming };
      rail.incoming = (after, signal) => current.incoming(after, signal);
      const { engine, receiver, unclaimed } = await receiving({ rail, timeoutMs: 20 });
      await receiver.poll();
      expect(receiver.failure()).toContain(failure);
      expect(unclaimed.view().troubles).toMatchObject([{ rail: 'sandbox' }]);
      current.incoming = having(payment(1), payment(2)).incoming;
      await receiver.poll();
      expect(receiver.failure()).toBeUndefined();
      expect(unclaimed.view().troubles).toEqual([]);
      expect(await walletOf(engine)).toBe('10');
    },
  );

  test('marketplace L5: out of order, twice and again from the start changes nothing', async () => {
    const pages = [[payment(2), payment(1)], [payment(2)], [payment(3), payment(3)], []];
    const { engine, receiver } = await receiving({ rail: railOf(async () => pages.shift() ?? []) });
    await receiver.poll();
    await receiver.poll();
    expect(await walletOf(engine)).toBe('15');
  });

  test('marketplace L5: an engine that cannot answer keeps the position where it was', async () => {
    const engine = await opened();
    let isDown = true;
    const down: Engine = {
      ...engine,
      sendTE: (stream, ...rest) =>
        isDown && stream === 'deposit-sandbox.P2'
          ? async () => E.left({ type: 'TooContended', stream, attempts: 1 })
          : engine.sendTE(stream, ...rest),
    };
    const rail = having(payment(1), payment(2), payment(3));
    const { receiver, unclaimed } = await receiving({ rail, engine: down });
    await receiver.poll();
    expect(receiver.failure()).toContain('TooContended');
    expect(engine.journal('incomingPayments').get('sandbox')).toEqual({ position: '1' });
    expect(unclaimed.view().payments).toEqual([]);
    isDown = false;
    await receiver.poll();
    expect(rail.asked.slice(0, 2)).toEqual([undefined, '1']);
    expect(await walletOf(engine)).toBe('15');
  });

  test('marketplace L5: is left by close, in a call that never ends, without a failure', async () => {
    let aborted = false;
    const { promise: called, resolve } = Promise.withResolvers<void>();
    const rail = railOf((_, signal) => {
      signal.addEventListener('abort', () => (aborted = true));
      resolve();
      return new Promise(() => undefined);
    });
    const { receiver, unclaimed } = await receiving({ rail });
    const polled = receiver.poll();
    await called;
    await receiver.close();
    await polled;
    expect([aborted, receiver.failure()]).toEqual([true, undefined]);
    expect(unclaimed.view().troubles).toEqual([]);
  });
});

describe('an engine that receives', () => {
  const sandbox = () => {
    const rail = sandboxRail(':memory:');
    closers.push(rail.close);
    return rail;
  };

  test('marketplace L5: under virtual time reads the rail as it settles, and as the clock is moved, and by no timer', async () => {
    const rail = sandbox();
    const clock = virtualClock();
    const inner = await createEngine({ store: memoryStore(), subsystems, clock });
    const { receiver } = await receiving({ rail, engine: inner, clock });
    const engine = receivingEngine(inner, receiver);
    closers.push(engine.close);
    rail.receive({ ref: 'P1', owner: 'ada', money: usd('5') });
    await turn();
    expect([await inner.history('deposit-sandbox.P1'), clock.nextTimer()]).toEqual([[], undefined]);
    await engine.settle();
    rail.receive({ ref: 'P2', owner: 'ada', money: usd('6') });
    await engine.runUntil(1_000);
    expect(await walletOf(inner)).toBe('11');
    const [event] = await inner.history('deposit-sandbox.P2');
    expect(event?.metadata.at).toBe(0);
  });

  test('marketplace L5: by wall time reads the rail at once and at every interval, until it is closed', async () => {
    const clock = handClock();
    const rail = having();
    const { receiver } = await receiving({ rail, clock, intervalMs: 1_000 });
    const readsAt = async (instant: number): Promise<number> => {
      clock.moveTo(instant);
      await turn();
      return rail.asked.length;
    };
    expect(await readsAt(0)).toBe(1);
    expect(await readsAt(999)).toBe(1);
    expect(await readsAt(1_000)).toBe(2);
    expect(await readsAt(2_000)).toBe(3);
    await receiver.close();
    expect(clock.timers()).toBe(0);
    expect(await readsAt(9_000)).toBe(3);
  });
});
