import { escrowCommands } from '../../src/commands/marketplace/escrow.ts';
import {
  asked,
  awaitingRelease,
  complaint,
  disputed,
  eur,
  last,
  locked,
  play,
  twoPart,
  usd,
} from './escrow.stage.ts';

const {
  AcceptSettlement,
  ConcedeDispute,

  MarkDelivered,
  OfferSettlement,
  RaiseDispute,

  ReleaseFunds,
  SettleDispute,
} = escrowCommands.of;

const release = (milestone: number, amount?: number) =>
  ReleaseFunds(amount === undefined ? { milestone } : { milestone, amount: usd(amount) });
const ruling = (refund: number) =>
  SettleDispute({
    outcome: { type: 'PartialRefund', refund: refund === 0 ? [] : [usd(refund)] },
    grounds: [],
  });

const offer = (amount: number) => OfferSettlement({ refund: amount === 0 ? [] : [usd(amount)] });

const accept = (offerNo: number) => AcceptSettlement({ offerNo });

const claiming = (refund: readonly { currency: string; amount: string }[]) =>
  RaiseDispute({ ...complaint, claim: { type: 'PartialRefund', refund } });

describe('an offer to settle', () => {
  test('marketplace E22: of nothing and of everything is an offer, and closes as computed (E23)', () => {
    for (const [amount, type] of [
      [0, 'FundsReleased'],
      [12_000, 'FundsRefunded'],
      [1, 'FundsReleased'],
    ] as const) {
      const events = play(locked(), [50, 'seller', offer(amount)], [51, 'buyer', accept(1)]);
      expect(last(events)).toMatchObject({ type, data: { cause: 'settlement' } });
    }
    asked(locked(), [50, 'seller', offer(12_001)]).thenRefuses({
      type: 'RefundExceedsRemaining',
      remaining: [usd(12_000)],
    });
    asked(locked(), [50, 'seller', OfferSettlement({ refund: [eur(1)] })]).thenRefuses({
      type: 'RefundExceedsRemaining',
      remaining: [usd(12_000)],
    });
  });

  test("marketplace E22: stands until its author's next; each party's stands beside the other's", () => {
    const events = play(
      locked(),
      [50, 'seller', offer(1)],
      [51, 'buyer', offer(2)],
      [52, 'seller', offer(3)],
    );
    asked(events, [53, 'buyer', accept(1)]).thenRefuses({
      type: 'OfferNotStanding',
      standing: [2, 3],
    });
    expect(last(play(events, [53, 'seller', accept(2)]))).toMatchObject({
      data: { refunded: [usd(2)] },
    });
  });

  test('marketplace E22: falls when what remains changes', () => {
    const parted = play(locked(), [50, 'seller', offer(1)], [51, 'buyer', release(1, 5)]);
    asked(parted, [52, 'buyer', accept(1)]).thenRefuses({ type: 'OfferNotStanding', standing: [] });
    const next = play(locked(twoPart()), [50, 'seller', offer(1)], [51, 'buyer', release(1)]);
    asked(next, [52, 'buyer', accept(1)]).thenRefuses({ type: 'OfferNotStanding', standing: [] });
    expect(last(play(next, [53, 'buyer', offer(0)]))).toMatchObject({ data: { offerNo: 2 } });
  });

  test('marketplace E22: is accepted by nobody but the other party', () => {
    const events = play(locked(), [50, 'seller', offer(1)]);
    for (const actor of ['seller', 'artist', 'judge', 'eve']) {
      asked(events, [51, actor, accept(1)]).thenRefuses({ type: 'NotPermitted', actor });
    }
  });

  test('survives MarkDelivered and DisputeRaised', () => {
    const events = play(
      locked(),
      [50, 'seller', offer(1)],
      [51, 'seller', MarkDelivered({ milestone: 1 })],
      [52, 'seller', RaiseDispute(complaint)],
    );
    expect(last(play(events, [53, 'buyer', accept(1)]))).toMatchObject({
      data: { cause: 'settlement', refunded: [usd(1)] },
    });
  });

  test('is made a hundred times per escrow, by both parties together', () => {
    const often = Array.from(
      { length: 100 },
      (_, n) => [50, n % 2 === 0 ? 'buyer' : 'seller', offer(n)] as const,
    );
    asked(play(locked(), ...often), [51, 'buyer', offer(12_001)]).thenRefuses({
      type: 'TooMany',
      what: 'offers',
      limit: 100,
    });
  });
});

describe('a ruling', () => {
  test('marketplace E23: of nothing is ReleaseSeller, of all RefundBuyer, of more refused', () => {
    expect(last(play(disputed(), [50, 'judge', ruling(0)]))).toMatchObject({
      type: 'FundsReleased',
      data: { refunded: [] },
    });
    expect(last(play(disputed(), [50, 'judge', ruling(12_000)]))).toMatchObject({
      type: 'FundsRefunded',
      data: { released: [] },
    });
    asked(disputed(), [50, 'judge', ruling(12_001)]).thenRefuses({
      type: 'RefundExceedsRemaining',
      remaining: [usd(12_000)],
    });
  });

  test('marketplace E19: takes no fee from what is refunded', () => {
    expect(last(play(disputed(), [50, 'judge', ruling(2_000)]))).toMatchObject({
      type: 'FundsReleased',
      data: {
        cause: 'ruling',
        released: [usd(10_000)],
        refunded: [usd(2_000)],
        book: [{ fees: '250', refunded: '2000', released: '10000', held: '0' }],
      },
    });
    expect(last(play(disputed(), [50, 'judge', ruling(12_000)]))).toMatchObject({
      data: { book: [{ fees: '0' }] },
    });
  });

  test('is unneeded where a party concedes: the other side gets everything', () => {
    expect(last(play(disputed(), [50, 'seller', ConcedeDispute({})]))).toMatchObject({
      type: 'FundsRefunded',
      data: { cause: 'concession' },
    });
    expect(last(play(disputed(), [50, 'buyer', ConcedeDispute({})]))).toMatchObject({
      type: 'FundsReleased',
      data: { cause: 'concession' },
    });
  });

  test('records a claim in its one spelling, and refuses one of more than remains', () => {
    const claims = [[], [usd(12_000)], [usd(1)]].map((refund) =>
      last(play(awaitingRelease(), [50, 'buyer', claiming(refund)])),
    );
    expect(claims.map(({ data }) => ('claim' in data ? data.claim : undefined))).toEqual([
      { type: 'ReleaseSeller' },
      { type: 'RefundBuyer' },
      { type: 'PartialRefund', refund: [usd(1)] },
    ]);
    asked(locked(), [50, 'buyer', claiming([usd(12_001)])]).thenRefuses({
      type: 'RefundExceedsRemaining',
      remaining: [usd(12_000)],
    });
  });
});
