import { escrowCommands } from '../../src/commands/marketplace/escrow.ts';
import { due, lapse } from '../../src/domain/marketplace/escrow/lapse.ts';
import { escrowEvents, type EscrowEvent } from '../../src/domain/marketplace/escrow/events.ts';
import type { Escrow } from '../../src/domain/marketplace/escrow/state.ts';
import { E } from '../../src/engine/fp.ts';
import {
  ACCEPTED,
  after,
  agreed,
  asked,
  awaitingRelease,
  complaint,
  DAY,
  deal,
  disputed,
  last,
  lock,
  LOCKED,
  locked,
  MARKED,
  play,
  proposed,
  RAISED,
  self,
  type Step,
  system,
  tried,
  twoPart,
  usd,
} from './escrow.stage.ts';

const {
  AcceptTerms,
  ConcedeDispute,
  ExpireEscrow,
  LockFunds,
  MarkDelivered,
  OfferSettlement,
  AcceptSettlement,
  RaiseDispute,
  ReleaseFunds,
  RefundBuyer,
  SettleDispute,
} = escrowCommands.of;
const { EscrowCancelled, MilestoneReleased } = escrowEvents.of;

const silentRelease = { locked: 'release', awaitingRelease: 'release' } as const;
const release = ReleaseFunds({ milestone: 1 });

/** A deadline: the history before it, the instant, a command that it ends the time for, and the status that it brings. */
type Edge = {
  readonly name: string;
  readonly past: readonly EscrowEvent[];
  readonly deadline: number;
  readonly by: Step[1];
  readonly command: Step[2];
  readonly becomes: Escrow['status'];
};
const onlySeller = deal({ split: [] });
const edgesOfTime: readonly Edge[] = [
  {
    name: 'acceptBy',
    past: proposed(onlySeller),
    deadline: 7 * DAY,
    by: 'seller',
    command: AcceptTerms({ version: 1 }),
    becomes: 'Cancelled',
  },
  {
    name: 'fundBy',
    past: agreed(),
    deadline: ACCEPTED + DAY,
    by: system,
    command: LockFunds({ holdId: 'buyer#1', payer: 'buyer', amounts: [usd(12_000)] }),
    becomes: 'Cancelled',
  },
  {
    name: 'deliverBy',
    past: locked(),
    deadline: LOCKED + 30 * DAY,
    by: 'seller',
    command: MarkDelivered({ milestone: 1 }),
    becomes: 'Expired',
  },
  {
    name: 'reviewUntil',
    past: awaitingRelease(),
    deadline: MARKED + 3 * DAY,
    by: 'buyer',
    command: RaiseDispute(complaint),
    becomes: 'Released',
  },
  {
    name: 'ruleBy',
    past: disputed(),
    deadline: RAISED + 14 * DAY,
    by: 'judge',
    command: SettleDispute({ outcome: { type: 'ReleaseSeller' }, grounds: [] }),
    becomes: 'Refunded',
  },
];

describe.each(edgesOfTime)('the deadline $name', ({ past, deadline, by, command, becomes }) => {
  const sweep: Step = [deadline, 'anyone', ExpireEscrow({})];
  const forbidden = { type: 'StatusForbids', status: becomes, since: deadline } as const;

  test('marketplace E4: accepts the command until 1 ms before, whether a sweeper tried then or not', () => {
    expect(E.isRight(tried(past, [deadline - 1, by, command]))).toBe(true);
    asked(past, [deadline - 1, 'anyone', ExpireEscrow({})]).thenRefuses({
      type: 'NothingDue',
      nextAt: deadline,
    });
  });

  test.each([0, 1])('marketplace E4: refuses it %i ms later, never swept', (late) => {
    asked(past, [deadline + late, by, command]).thenRefuses(forbidden);
  });

  test.each([0, 1])('marketplace E4: refuses it %i ms later, swept before', (late) => {
    const swept = play(past, sweep);
    asked(swept, [deadline + late, by, command]).thenRefuses(forbidden);
    expect(after(swept)).toMatchObject({ status: becomes, closedAt: deadline });
  });

  test('marketplace E5: is recorded at its own instant, however late it is noticed', () => {
    const events = play(past, [deadline + 400 * DAY, 'anyone', ExpireEscrow({})]);
    expect(events).toEqual(play(past, sweep));
    expect(last(events)).toMatchObject({ data: { effectiveAt: deadline } });
  });

  test('marketplace E14: expiring the closed is already so, and what is due is told', () => {
    expect(due(after(past))).toEqual([
      { at: deadline, command: { type: 'ExpireEscrow', data: {} } },
    ]);
    const swept = play(past, sweep);
    asked(swept, [deadline + 1, 'anyone', ExpireEscrow({})]).then();
    expect(due(after(swept))).toEqual([]);
  });
});

describe('an escrow with a time lock', () => {
  const terms = deal({ releaseAfterMs: 60 * DAY, onSilence: silentRelease });
  const releasableAt = LOCKED + 60 * DAY;

  test('marketplace E20: is not released by the buyer before releasableAt, for all or in part', () => {
    const tooEarly = { type: 'ReleaseTooEarly', releasableAt } as const;
    asked(locked(terms), [releasableAt - 1, 'buyer', release]).thenRefuses(tooEarly);
    asked(locked(terms), [
      releasableAt - 1,
      'buyer',
      ReleaseFunds({ milestone: 1, amount: usd(1) }),
    ]).thenRefuses(tooEarly);
  });

  test.each([-1, 0, 1])('marketplace E4: %i ms from releasableAt one answer holds', (offset) => {
    const later = deal({
      releaseAfterMs: 60 * DAY,
      milestones: [{ title: '', amount: usd(1), deliverWithinMs: 90 * DAY }],
    });
    const swept = tried(locked(later), [releasableAt, 'anyone', ExpireEscrow({})]);
    expect(E.isLeft(swept)).toBe(true);
    expect(E.isRight(tried(locked(later), [releasableAt + offset, 'buyer', release]))).toBe(
      offset >= 0,
    );
  });

  test('marketplace E20: is not released by silence before it either: deliverBy and reviewUntil wait', () => {
    expect(after(locked(terms))).toMatchObject({ deliverBy: releasableAt });
    expect(after(awaitingRelease(terms))).toMatchObject({ reviewUntil: releasableAt });
    const refunding = deal({ releaseAfterMs: 60 * DAY, onSilence: { awaitingRelease: 'refund' } });
    expect(after(locked(refunding))).toMatchObject({ deliverBy: LOCKED + 30 * DAY });
    expect(after(awaitingRelease(refunding))).toMatchObject({ reviewUntil: MARKED + 3 * DAY });
  });

  test('marketplace E7: locked: release is a time lock: the seller is paid when it opens', () => {
    expect(last(play(locked(terms), [releasableAt, 'x', ExpireEscrow({})]))).toMatchObject({
      type: 'FundsReleased',
      data: { cause: 'silence', effectiveAt: releasableAt },
    });
  });

  test('marketplace E20: lets settlement, concession and ruling release before it', () => {
    const offered = play(locked(terms), [40, 'seller', OfferSettlement({ refund: [] })]);
    const settled = play(offered, [41, 'buyer', AcceptSettlement({ offerNo: 1 })]);
    const conceded = play(disputed(locked(terms)), [41, 'buyer', ConcedeDispute({})]);
    const ruling = SettleDispute({ outcome: { type: 'ReleaseSeller' }, grounds: [] });
    const ruled = play(disputed(locked(terms)), [41, 'judge', ruling]);
    const causes = [settled, conceded, ruled].map((events) => last(events));
    expect(causes).toMatchObject(
      ['settlement', 'concession', 'ruling'].map((cause) => ({
        type: 'FundsReleased',
        data: { cause },
      })),
    );
  });

  test('marketplace E20: lets the fallback act at ruleBy even before it', () => {
    const events = play(disputed(locked(terms)), [RAISED + 14 * DAY, 'x', ExpireEscrow({})]);
    expect(last(events)).toMatchObject({
      type: 'FundsReleased',
      data: { cause: 'noRuling', effectiveAt: RAISED + 14 * DAY },
    });
  });
});

describe('silence', () => {
  test('marketplace E7: refunds what is locked and releases what is delivered, by default', () => {
    const expired = play(locked(), [LOCKED + 30 * DAY, 'x', ExpireEscrow({})]);
    expect(last(expired)).toMatchObject({
      type: 'EscrowExpired',
      data: { cause: 'silence', refunded: [usd(12_000)], released: [] },
    });
    const released = play(awaitingRelease(), [MARKED + 3 * DAY, 'x', ExpireEscrow({})]);
    expect(last(released)).toMatchObject({
      type: 'FundsReleased',
      data: { cause: 'silence', released: [usd(12_000)], refunded: [] },
    });
  });

  test('marketplace E7: follows the terms where they say otherwise', () => {
    const terms = deal({ onSilence: { locked: 'release', awaitingRelease: 'refund' } });
    expect(last(play(locked(terms), [LOCKED + 30 * DAY, 'x', ExpireEscrow({})]))).toMatchObject({
      type: 'FundsReleased',
    });
    expect(
      last(play(awaitingRelease(terms), [MARKED + 3 * DAY, 'x', ExpireEscrow({})])),
    ).toMatchObject({ type: 'EscrowExpired' });
  });

  test('marketplace E5: starts the next clock at the deadline, and ends when no more is due', () => {
    const terms = twoPart({ onSilence: silentRelease });
    const at = LOCKED + 30 * DAY;
    const events = lapse(after(locked(terms)), at + 30 * DAY, self);
    expect(events.map(({ type }) => type)).toEqual(['MilestoneReleased', 'FundsReleased']);
    expect(events[0]).toMatchObject({
      data: { cause: 'silence', effectiveAt: at, deliverBy: at + 30 * DAY },
    });
    expect(events[1]).toMatchObject({ data: { effectiveAt: at + 30 * DAY } });
    expect(lapse(after(locked(terms)), at + 30 * DAY - 1, self)).toHaveLength(1);
  });

  test('marketplace E5: comes first in the batch of an accepted command and writes nothing with a refused one', () => {
    const terms = twoPart({ onSilence: silentRelease });
    const at = LOCKED + 30 * DAY;
    const batch = asked(locked(terms), [at + 5, 'seller', MarkDelivered({ milestone: 2 })]);
    expect(batch.lapsed).toEqual([
      MilestoneReleased({
        milestone: 1,
        released: usd(6_000),
        cause: 'silence',
        effectiveAt: at,
        deliverBy: at + 30 * DAY,
        postings: [
          { from: 'escrow:E1', to: 'wallet:platform', money: usd(150) },
          { from: 'escrow:E1', to: 'wallet:artist', money: usd(3_510) },
          { from: 'escrow:E1', to: 'wallet:seller', money: usd(2_340) },
        ],
      }),
    ]);
    batch.then(
      ...batch.lapsed,
      escrowEvents.of.DeliveryMarked({ milestone: 2, reviewUntil: at + 5 + 3 * DAY, proof: null }),
    );
    asked(locked(terms), [at + 5, 'buyer', release]).then(...batch.lapsed);
    expect(tried(locked(terms), [at + 5, 'eve', MarkDelivered({ milestone: 2 })])).toMatchObject({
      _tag: 'Left',
    });
  });

  test('marketplace E14: what it has done is already so to the buyer at that very instant', () => {
    asked(awaitingRelease(), [MARKED + 3 * DAY, 'buyer', release]).then(
      ...lapse(after(awaitingRelease()), MARKED + 3 * DAY, self),
    );
  });

  test('has nothing to say before there are terms and after all is closed', () => {
    asked([], [9, 'x', ExpireEscrow({})]).thenRefuses({ type: 'NothingDue', nextAt: null });
    const cancelled = play(proposed(), [7 * DAY, 'x', ExpireEscrow({})]);
    expect(last(cancelled)).toEqual(
      EscrowCancelled({ cause: 'notAccepted', by: null, effectiveAt: 7 * DAY }),
    );
    expect(last(play(agreed(), [9 * DAY, 'x', ExpireEscrow({})]))).toEqual(
      EscrowCancelled({ cause: 'notFunded', by: null, effectiveAt: ACCEPTED + DAY }),
    );
  });
});

describe('a dispute', () => {
  test('marketplace E6: stops the clocks at deadline - 1 ms; at the deadline it is too late', () => {
    const deadline = MARKED + 3 * DAY;
    const inTime = disputed(awaitingRelease(), deadline - 1);
    expect(lapse(after(inTime), deadline + 13 * DAY, self)).toEqual([]);
    asked(awaitingRelease(), [deadline, 'buyer', RaiseDispute(complaint)]).thenRefuses({
      type: 'StatusForbids',
      status: 'Released',
      since: deadline,
    });
  });

  test.each([
    ['asSilence', locked, { type: 'RefundBuyer' }],
    ['asSilence', awaitingRelease, { type: 'ReleaseSeller' }],
    ['refund', awaitingRelease, { type: 'RefundBuyer' }],
    ['release', locked, { type: 'ReleaseSeller' }],
    ['half', locked, { type: 'PartialRefund', refund: [usd(6_001)] }],
  ] as const)(
    'marketplace E24: records the fallback %s as an outcome when it is raised',
    (onNoRuling, to, fallback) => {
      const terms = deal({ onNoRuling, milestones: [{ title: '', amount: usd(12_001) }] });
      expect(last(disputed(to(terms)))).toMatchObject({
        data: { fallback, ruleBy: RAISED + 14 * DAY },
      });
    },
  );

  test('marketplace E24: falls back at ruleBy; a full refund by it ends Refunded, not Expired', () => {
    const events = play(disputed(), [RAISED + 20 * DAY, 'x', ExpireEscrow({})]);
    expect(last(events)).toMatchObject({
      type: 'FundsRefunded',
      data: { cause: 'noRuling', effectiveAt: RAISED + 14 * DAY },
    });
    expect(after(events)).toMatchObject({ status: 'Refunded' });
  });

  test('marketplace E6: ends only by closing the escrow', () => {
    const exits = [
      ConcedeDispute({}),
      SettleDispute({ outcome: { type: 'RefundBuyer' }, grounds: [] }),
    ];
    const by = ['seller', 'judge'];
    for (const [index, command] of exits.entries()) {
      expect(after(play(disputed(), [RAISED + 1, by[index]!, command]))).toHaveProperty(
        'closedAt',
        RAISED + 1,
      );
    }
    asked(disputed(), [RAISED + 1, 'seller', RefundBuyer({})]).thenRefuses({
      type: 'StatusForbids',
      status: 'Disputed',
    });
    asked(disputed(), [RAISED + 1, 'buyer', release]).thenRefuses({
      type: 'StatusForbids',
      status: 'Disputed',
    });
  });
});

test('marketplace E4: a lock at fundBy - 1 ms starts the clocks there', () => {
  const at = ACCEPTED + DAY - 1;
  expect(after(lock(agreed(), at))).toMatchObject({
    status: 'Locked',
    deliverBy: at + 30 * DAY,
    releasableAt: at,
  });
});

test('a delivery without proof may leave it out or say null', () => {
  const decoded = (data: unknown) =>
    escrowCommands.decode({ type: 'MarkDelivered', version: 1, data });
  expect(E.isRight(decoded({ milestone: 1 }))).toBe(true);
  expect(E.isRight(decoded({ milestone: 1, proof: null }))).toBe(true);
  expect(E.isRight(decoded({ milestone: 1, proof: 7 }))).toBe(false);
});
