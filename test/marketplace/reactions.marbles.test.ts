import { TestScheduler } from 'rxjs/testing';
import { escrowEvents } from '../../src/domain/marketplace/escrow/events.ts';
import type { Outcome } from '../../src/engine/outcome.ts';
import type { Reader } from '../../src/engine/reaction.ts';
import { lockEscrowWhenHoldIsPlaced } from '../../src/reactions/marketplace/lock-escrow-when-hold-is-placed.ts';
import { reviewHoldWhenEscrowDecides } from '../../src/reactions/marketplace/review-hold-when-escrow-decides.ts';
import { withdrawWhenEscrowPaysByStandingOrder } from '../../src/reactions/marketplace/withdraw-when-escrow-pays-by-standing-order.ts';
import { recorded, usd } from './support/books.ts';
import { locked, placed, released, terms } from './support/deal.ts';

type Body = Parameters<TestScheduler['run']>[0];
const marbles = (body: Body) => {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run(body);
};
/** None of these reactions waits. */
const time = undefined as never;
const nothing: Reader = {
  rows: () => {
    throw new Error('nothing to read');
  },
};

const lock = {
  stream: 'escrow-E1',
  command: {
    type: 'LockFunds',
    data: { holdId: 'buyer#1', payer: 'buyer', amounts: usd(12000) },
  },
  then: expect.any(Function) as unknown,
};
const review = (owner: string, holdId: string) => ({
  stream: `account-${owner}`,
  command: { type: 'ReviewHold', data: { holdId } },
});
const withdraw = (party: string, amount: number) => ({
  stream: `account-${party}`,
  command: {
    type: 'RequestWithdrawal',
    data: { money: usd(amount)[0], rail: 'sandbox', destination: `iban-${party}` },
  },
});

const held = (owner: string, n: number) => ({
  key: `${owner}#${n}`,
  row: { owner, holdId: `${owner}#${n}` },
});
const reading = (cold: Parameters<Body>[0]['cold']): Reader => ({
  rows: () => cold('-(r|)', { r: [{ key: 'E1', row: { terms } }] }),
});
const refund = (currency: string, amount: string) => ({
  from: 'escrow:E1',
  to: 'wallet:buyer',
  money: { currency, amount },
});

describe('lockEscrowWhenHoldIsPlaced', () => {
  test('offers the money to the escrow', () => {
    expect.hasAssertions();
    marbles(({ expectObservable }) => {
      expectObservable(lockEscrowWhenHoldIsPlaced.each(placed, time, nothing)).toBe('(s|)', {
        s: lock,
      });
    });
  });

  test('leaves holds for other purposes alone', () => {
    const purpose = { stream: 'job-1', item: null };
    const other = { ...placed, data: { ...placed.data, purpose } };
    expect.hasAssertions();
    marbles(({ expectObservable }) => {
      expectObservable(lockEscrowWhenHoldIsPlaced.each(other, time, nothing)).toBe('|');
    });
  });

  test('marketplace L3: only a refused LockFunds is followed by a review at once', () => {
    const outcomes: Outcome[] = [
      { outcome: 'refused', refusal: { type: 'NotPermitted', actor: 'x' } },
      { outcome: 'granted', lapsed: [], repeated: false },
      { outcome: 'accepted', events: [], revision: 0, position: '0', repeated: false },
    ];
    const next: unknown[] = [];
    lockEscrowWhenHoldIsPlaced.each(placed, time, nothing).subscribe(({ then }) => {
      for (const outcome of outcomes) next.push(then?.(outcome));
    });
    expect(next).toEqual([review('buyer', 'buyer#1'), undefined, undefined]);
  });
});

describe('reviewHoldWhenEscrowDecides', () => {
  const cancelled = recorded(
    'escrow-E1',
    escrowEvents.of.EscrowCancelled({ cause: 'notFunded', by: null, effectiveAt: 200 }),
  );

  test('marketplace L3: tells the payer that the money was taken', () => {
    expect.hasAssertions();
    marbles(({ expectObservable }) => {
      expectObservable(reviewHoldWhenEscrowDecides.each(locked, time, nothing)).toBe('(s|)', {
        s: review('buyer', 'buyer#1'),
      });
    });
  });

  test('marketplace L3: sends one review per open hold of a cancelled escrow', () => {
    expect.hasAssertions();
    marbles(({ cold, expectObservable }) => {
      const asked: unknown[] = [];
      const reader: Reader = {
        rows: (...query) => {
          asked.push(query);
          return cold('--(r|)', { r: [held('buyer', 1), held('other', 3)] });
        },
      };
      expectObservable(reviewHoldWhenEscrowDecides.each(cancelled, time, reader)).toBe('--(st|)', {
        s: review('buyer', 'buyer#1'),
        t: review('other', 'other#3'),
      });
      expect(asked).toEqual([['openHolds', { purpose: 'escrow-E1' }]]);
    });
  });

  test('has nothing to do where an escrow closes and no hold is open', () => {
    expect.hasAssertions();
    marbles(({ cold, expectObservable }) => {
      const reader: Reader = { rows: () => cold('-(r|)', { r: [] }) };
      expectObservable(reviewHoldWhenEscrowDecides.each(released, time, reader)).toBe('-|');
    });
  });
});

describe('withdrawWhenEscrowPaysByStandingOrder', () => {
  test('withdraws what a closing event pays a party with a standing order', () => {
    expect.hasAssertions();
    marbles(({ cold, expectObservable }) => {
      const sent = withdrawWhenEscrowPaysByStandingOrder.each(released, time, reading(cold));
      expectObservable(sent).toBe('-(s|)', { s: withdraw('artist', 7020) });
    });
  });

  test("withdraws the buyer's refund too, once per currency", () => {
    const refunded = {
      ...released,
      data: {
        ...released.data,
        postings: [refund('USD', '5'), refund('EUR', '3'), refund('USD', '2')],
      },
    };
    expect.hasAssertions();
    marbles(({ cold, expectObservable }) => {
      const sent = withdrawWhenEscrowPaysByStandingOrder.each(refunded, time, reading(cold));
      const euros = { currency: 'EUR', amount: '3' };
      const { stream, command } = withdraw('buyer', 7);
      expectObservable(sent).toBe('-(st|)', {
        s: { stream, command: { ...command, data: { ...command.data, money: euros } } },
        t: { stream, command },
      });
    });
  });

  test('does not try again what a frozen account refuses', () => {
    expect(withdrawWhenEscrowPaysByStandingOrder.ends).toContain('StatusForbids');
    expect(lockEscrowWhenHoldIsPlaced.ends).toContain('HoldPending');
  });
});
