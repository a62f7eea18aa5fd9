import { escrow, escrowCommands } from '../../src/commands/marketplace/escrow.ts';
import { stand } from '../../src/domain/marketplace/escrow/stand.ts';
import { E } from '../../src/engine/fp.ts';
import {
  after,
  answered,
  histories,
  NOW,
  statuses,
  agreed,
  asked,
  awaitingRelease,
  complaint,
  DAY,
  deal,
  disputed,
  locked,
  play,
  proposed,
  system,
  twoPart,
  usd,
} from './escrow.stage.ts';

const {
  AcceptSettlement,
  AcceptTerms,

  ConcedeDispute,
  ExpireEscrow,

  LockFunds,
  MarkDelivered,
  OfferSettlement,
  OpenEscrow,
  RaiseDispute,

  ReleaseFunds,
  SettleDispute,
} = escrowCommands.of;

const judge = { id: 'judge', roles: [] };
const other = deal({ memo: 'other terms' });

const lock = (holdId: string) => LockFunds({ holdId, payer: 'buyer', amounts: [usd(12_000)] });

describe('what is already so', () => {
  test('marketplace E14: opening with equal terms, whatever is left out of them, is so to anybody', () => {
    for (const status of statuses.filter((each) => !['Unopened', 'Cancelled'].includes(each))) {
      asked(histories[status], [
        status === 'Expired' ? 61 * DAY : NOW,
        'eve',
        OpenEscrow({ terms: deal({ split: [...deal().split!], royalty: null }) }),
      ]).then();
    }
    asked(histories.Cancelled, [NOW, 'buyer', OpenEscrow({ terms: deal() })]).thenRefuses({
      type: 'StatusForbids',
      status: 'Cancelled',
    });
  });

  test('EscrowAlreadyOpened is said before NotPermitted', () => {
    const state = after(proposed());
    if (state.status !== 'Proposed') throw new Error(state.status);
    asked(proposed(), [NOW, 'eve', OpenEscrow({ terms: other })]).thenRefuses({
      type: 'EscrowAlreadyOpened',
      termsHash: state.termsHash,
    });
  });

  test('marketplace E14: accepting the accepted version is so to who accepted, in Agreed too, and in no later status', () => {
    asked(agreed(), [NOW, 'artist', AcceptTerms({ version: 1 })]).then();
    asked(agreed(), [NOW, 'eve', AcceptTerms({ version: 1 })]).thenRefuses({
      type: 'StatusForbids',
      status: 'Agreed',
    });
    asked(agreed(), [NOW, 'artist', AcceptTerms({ version: 2 })]).thenRefuses({
      type: 'StatusForbids',
      status: 'Agreed',
    });
    asked(locked(), [NOW, 'artist', AcceptTerms({ version: 1 })]).thenRefuses({
      type: 'StatusForbids',
      status: 'Locked',
    });
  });

  test('marketplace E14: locking the same hold is so; any other is forbidden', () => {
    for (const past of [locked(), awaitingRelease(), disputed(), histories.Released]) {
      asked(past, [NOW, system, lock('buyer#1')]).then();
      expect(answered(past, lock('buyer#2'), system)).toBe('StatusForbids');
    }
  });

  test('marketplace E14: marking a delivered and releasing a released milestone are so', () => {
    const second = play(awaitingRelease(twoPart()), [NOW, 'buyer', ReleaseFunds({ milestone: 1 })]);
    asked(second, [NOW, 'eve', MarkDelivered({ milestone: 1 })]).then();
    asked(second, [NOW, 'eve', ReleaseFunds({ milestone: 1 })]).then();
    asked(awaitingRelease(twoPart()), [NOW, 'seller', MarkDelivered({ milestone: 2 })]).thenRefuses(
      { type: 'StatusForbids', status: 'AwaitingRelease' },
    );
    asked(disputed(second, NOW), [NOW, 'buyer', ReleaseFunds({ milestone: 1 })]).thenRefuses({
      type: 'StatusForbids',
      status: 'Disputed',
    });
  });

  test('releasing is so in Released after cause buyer or silence; after any other it is forbidden', () => {
    const release = ReleaseFunds({ milestone: 1 });
    const bySilence = play(awaitingRelease(), [60 * DAY, 'x', ExpireEscrow({})]);
    asked(histories.Released, [NOW, 'eve', release]).then();
    asked(bySilence, [61 * DAY, 'eve', release]).then();
    asked(histories.Released, [NOW, 'eve', ReleaseFunds({ milestone: 2 })]).thenRefuses({
      type: 'StatusForbids',
      status: 'Released',
    });
    const bySettlement = play(histories.Locked, [NOW, 'buyer', AcceptSettlement({ offerNo: 1 })]);
    const byConcession = play(disputed(), [NOW, 'buyer', ConcedeDispute({})]);
    for (const past of [bySettlement, byConcession]) {
      asked(past, [NOW, 'buyer', release]).thenRefuses({
        type: 'StatusForbids',
        status: 'Released',
      });
    }
  });

  test('marketplace E14: the executed outcome is so after a ruling with the same refund, in any spelling', () => {
    const rule = (refund: number) =>
      SettleDispute({
        outcome: { type: 'PartialRefund', refund: refund === 0 ? [] : [usd(refund)] },
        grounds: [],
      });
    const all = SettleDispute({ outcome: { type: 'RefundBuyer' }, grounds: [] });
    const nothing = SettleDispute({ outcome: { type: 'ReleaseSeller' }, grounds: [] });
    const ruled = (refund: number) => play(disputed(), [NOW, 'judge', rule(refund)]);
    for (const [past, same, different] of [
      [ruled(5), rule(5), rule(6)],
      [ruled(0), nothing, all],
      [ruled(12_000), all, rule(1)],
      [ruled(12_000), rule(12_000), nothing],
    ] as const) {
      asked(past, [NOW, 'eve', same]).then();
      expect(answered(past, different, judge)).toBe('StatusForbids');
    }
    const conceded = play(disputed(), [NOW, 'seller', ConcedeDispute({})]);
    expect(answered(conceded, all, judge)).toBe('StatusForbids');
  });

  test('marketplace E14: the same dispute is so to the party who raised it, no other one and nobody else', () => {
    asked(disputed(), [NOW, 'buyer', RaiseDispute(complaint)]).then();
    const forbids = { type: 'StatusForbids', status: 'Disputed' } as const;
    asked(disputed(), [NOW, 'seller', RaiseDispute(complaint)]).thenRefuses(forbids);
    asked(disputed(), [
      NOW,
      'buyer',
      RaiseDispute({ ...complaint, reason: 'WrongItem' }),
    ]).thenRefuses(forbids);
    asked(disputed(), [
      NOW,
      'buyer',
      RaiseDispute({ ...complaint, claim: { type: 'ReleaseSeller' } }),
    ]).thenRefuses(forbids);
  });
});

describe('who may', () => {
  test('raise UnauthorizedCharge is the buyer alone, which is asked before amounts', () => {
    const charge = RaiseDispute({
      reason: 'UnauthorizedCharge',
      claim: { type: 'PartialRefund', refund: [usd(99_999)] },
      grounds: [],
    });
    asked(locked(), [NOW, 'seller', charge]).thenRefuses({ type: 'ReasonReservedToBuyer' });
    asked(locked(), [NOW, 'buyer', charge]).thenRefuses({
      type: 'RefundExceedsRemaining',
      remaining: [usd(12_000)],
    });
  });

  test('refuse too early comes before which milestone and how much', () => {
    const past = locked(twoPart({ releaseAfterMs: DAY }));
    const tooEarly = { type: 'ReleaseTooEarly', releasableAt: 10 + DAY } as const;
    asked(past, [NOW, 'buyer', ReleaseFunds({ milestone: 2 })]).thenRefuses(tooEarly);
    asked(past, [NOW, 'buyer', ReleaseFunds({ milestone: 1, amount: usd(99_999) })]).thenRefuses(
      tooEarly,
    );
  });

  test('marketplace E12: lock is a hold of exactly the buyer and the total, open and for this escrow', () => {
    const amounts = [usd(12_000)];
    const good = { holdId: 'buyer#1', purpose: { stream: 'escrow-E1', item: null }, amounts };
    const state = after(agreed());
    const refusal = E.left({ type: 'HoldMismatch', expected: { payer: 'buyer', amounts } });
    const answer = (hold: unknown, data: { payer?: string; amounts?: typeof amounts } = {}) => {
      const command = LockFunds({ holdId: 'buyer#1', payer: 'buyer', amounts, ...data });
      let deliberation = escrow.decide(command, state, {
        at: NOW,
        actor: system,
        self: { stream: 'escrow-E1', id: 'E1', instance: 'test' },
        lapsed: 0,
      });
      while (deliberation._tag === 'Ask')
        deliberation = deliberation.then({ hold, settings: { currencies: { USD: 2 } } });
      return deliberation;
    };
    expect(answer(good)).toMatchObject({ _tag: 'Right' });
    expect(answer(undefined)).toEqual(refusal);
    expect(answer({ ...good, purpose: { stream: 'escrow-E2', item: null } })).toEqual(refusal);
    expect(answer({ ...good, purpose: { stream: 'escrow-E1', item: 'x' } })).toEqual(refusal);
    expect(answer({ ...good, amounts: [usd(11_999)] })).toEqual(refusal);
    expect(answer(good, { payer: 'eve' })).toEqual(refusal);
    expect(answer(good, { amounts: [usd(1)] })).toEqual(refusal);
  });

  test('money wait: an escrow is Awaited in Agreed, Taken for the hold it locked, Refused for others and once cancelled', () => {
    expect(statuses.map((status) => stand(after(histories[status]), 'buyer#1').type)).toEqual([
      'Pending',
      'Pending',
      'Awaited',
      'Taken',
      'Taken',
      'Taken',
      'Taken',
      'Taken',
      'Taken',
      'Refused',
    ]);
    expect(stand(after(agreed()), undefined)).toEqual({
      type: 'Awaited',
      payer: 'buyer',
      amounts: [usd(12_000)],
    });
    expect(stand(after(locked()), undefined)).toEqual({ type: 'Refused' });
    expect(stand(after(locked()), 'buyer#2')).toEqual({ type: 'Refused' });
  });

  test('currencies that are not configured are unknown wherever they are named', () => {
    const refund = [{ currency: 'XXX', amount: '1' }];
    const outcome = { type: 'PartialRefund', refund } as const;
    const unknown = { type: 'UnknownCurrency', currency: 'XXX' } as const;
    asked(locked(), [NOW, 'buyer', OfferSettlement({ refund })]).thenRefuses(unknown);
    asked(locked(), [NOW, 'seller', RaiseDispute({ ...complaint, claim: outcome })]).thenRefuses(
      unknown,
    );
    asked(disputed(), [NOW, 'judge', SettleDispute({ outcome, grounds: [] })]).thenRefuses(unknown);
  });
});
