import { escrowCommands } from '../../src/commands/marketplace/escrow.ts';
import {
  openBook,
  postingsBetween,
  released,
  settled,
  type Book,
} from '../../src/domain/marketplace/escrow/book.ts';
import { faultsOf } from '../../src/domain/marketplace/escrow/faults.ts';
import { escrowEvents } from '../../src/domain/marketplace/escrow/events.ts';
import { complete, type TermsDraft } from '../../src/domain/marketplace/escrow/terms.ts';
import {
  after,
  asked,
  DAY,
  deal,
  eur,
  last,
  LOCKED,
  locked,
  play,
  settings,
  tried,
  twoPart,
  usd,
} from './escrow.stage.ts';
import { E } from '../../src/engine/fp.ts';

const {
  ExtendDelivery,
  MarkDelivered,

  RefundBuyer,
  ReleaseFunds,
} = escrowCommands.of;
const { FundsLocked, FundsReleased, PartReleased } = escrowEvents.of;

const release = (milestone: number, amount?: number) =>
  ReleaseFunds(amount === undefined ? { milestone } : { milestone, amount: usd(amount) });
/** Who has how much in the end, when a total is released in these parts; the last closes the escrow. */
const shared = (parts: readonly bigint[], ppm: Readonly<Record<string, number>>, feePpm = 0) => {
  const [seller, ...others] = Object.entries(ppm).toReversed();
  const terms = complete(
    deal({
      seller: seller![0],
      split: others.toReversed().map(([party, sharePpm]) => ({ party, sharePpm })),
    }),
  );
  const dealt = { terms, fee: { payee: 'platform', ppm: feePpm } };
  const total = parts.reduce((sum, part) => sum + part, 0n);
  const books: Book[] = [openBook([usd(total)], terms)];
  for (const part of parts.slice(0, -1)) books.push(released(books.at(-1)!, usd(part), dealt));
  books.push(settled(books.at(-1)!, [], dealt));
  return books.map(([entry]) =>
    [entry!.fees, ...entry!.paid.map(({ amount }) => amount)].map(Number),
  );
};

describe('a total that is shared', () => {
  test('marketplace E9: gives 10 units at 45/45/10 % as 5/4/1, in any order of the list', () => {
    expect(shared([10n], { a: 450_000, b: 450_000, c: 100_000 }).at(-1)).toEqual([0, 5, 4, 1]);
    expect(shared([10n], { c: 100_000, b: 450_000, a: 450_000 }).at(-1)).toEqual([0, 1, 4, 5]);
    expect(shared([10n], { b: 450_000, a: 450_000, c: 100_000 }).at(-1)).toEqual([0, 4, 5, 1]);
  });

  test('marketplace E10: ends 360/40 after 100 releases of 4 units at 90/10 %', () => {
    expect(shared(Array<bigint>(100).fill(4n), { a: 900_000, b: 100_000 }).at(-1)).toEqual([
      0, 360, 40,
    ]);
  });

  test('marketplace E10: is 25, 585, 390 of 1,000 at once, and as 333 + 667 first 8, 195, 130', () => {
    const split = { a: 600_000, b: 400_000 };
    expect(shared([1_000n], split, 25_000).at(-1)).toEqual([25, 585, 390]);
    expect(shared([333n, 667n], split, 25_000).slice(1)).toEqual([
      [8, 195, 130],
      [25, 585, 390],
    ]);
  });

  test('marketplace E13: is exact above 2^53', () => {
    const total = (1n << 128n) - 1n;
    const terms = complete(deal());
    const [entry] = settled(openBook([usd(total)], terms), [], { terms, fee: settings.fee });
    const fees = (total * 25_000n) / 1_000_000n;
    expect(entry!.fees).toBe(String(fees));
    expect(entry!.paid.reduce((sum, { amount }) => sum + BigInt(amount), 0n)).toBe(total - fees);
    expect(entry!.held).toBe('0');
  });

  test('marketplace E13: never crosses currencies', () => {
    const terms = complete(
      deal({
        milestones: [
          { title: '', amount: eur(100) },
          { title: '', amount: usd(7) },
        ],
      }),
    );
    const before = openBook([eur(100), usd(7)], terms);
    const [euros, dollars] = settled(before, [eur(100)], { terms, fee: settings.fee });
    expect(euros).toMatchObject({ refunded: '100', released: '0', held: '0', fees: '0' });
    expect(dollars).toMatchObject({ refunded: '0', released: '7', held: '0', fees: '0' });
    expect(postingsBetween(before, [euros!, dollars!], { terms, fee: settings.fee }, 'E1')).toEqual(
      [
        { from: 'escrow:E1', to: 'wallet:buyer', money: eur(100) },
        { from: 'escrow:E1', to: 'wallet:artist', money: usd(4) },
        { from: 'escrow:E1', to: 'wallet:seller', money: usd(3) },
      ],
    );
  });
});

const extend = (until: number) => ExtendDelivery({ until });

describe('an escrow that is locked', () => {
  test('takes the hold of the buyer over exactly the total', () => {
    expect(last(locked())).toEqual(
      FundsLocked({
        holdId: 'buyer#1',
        payer: 'buyer',
        amounts: [usd(12_000)],
        deliverBy: LOCKED + 30 * DAY,
        releasableAt: LOCKED,
        postings: [{ from: 'hold:buyer#1', to: 'escrow:E1', money: usd(12_000) }],
      }),
    );
  });

  test('marketplace E19: pays a part, the fee rounded down on the running total and before the split', () => {
    asked(locked(), [50, 'buyer', release(1, 333)]).then(
      PartReleased({
        milestone: 1,
        released: usd(333),
        postings: [
          { from: 'escrow:E1', to: 'wallet:platform', money: usd(8) },
          { from: 'escrow:E1', to: 'wallet:artist', money: usd(195) },
          { from: 'escrow:E1', to: 'wallet:seller', money: usd(130) },
        ],
      }),
    );
  });

  test('closes the last milestone without an amount, or with all that is left', () => {
    const parted = play(locked(), [50, 'buyer', release(1, 333)]);
    const rest = asked(parted, [60, 'buyer', release(1)]);
    expect(rest.decided).toEqual(asked(parted, [60, 'buyer', release(1, 11_667)]).decided);
    rest.then(
      FundsReleased({
        cause: 'buyer',
        released: [usd(11_667)],
        refunded: [],
        effectiveAt: 60,
        book: [
          {
            currency: 'USD',
            deposited: '12000',
            released: '12000',
            refunded: '0',
            fees: '300',
            held: '0',
            paid: [
              { party: 'artist', amount: '7020' },
              { party: 'seller', amount: '4680' },
            ],
          },
        ],
        postings: [
          { from: 'escrow:E1', to: 'wallet:platform', money: usd(292) },
          { from: 'escrow:E1', to: 'wallet:artist', money: usd(6_825) },
          { from: 'escrow:E1', to: 'wallet:seller', money: usd(4_550) },
        ],
      }),
    );
    asked(parted, [60, 'buyer', release(1, 11_668)]).thenRefuses({
      type: 'AmountTooLarge',
      left: usd(11_667),
    });
    asked(parted, [60, 'buyer', ReleaseFunds({ milestone: 1, amount: eur(1) })]).thenRefuses({
      type: 'AmountTooLarge',
      left: usd(11_667),
    });
    asked(parted, [
      60,
      'buyer',
      ReleaseFunds({ milestone: 1, amount: { currency: 'XXX', amount: '1' } }),
    ]).thenRefuses({
      type: 'UnknownCurrency',
      currency: 'XXX',
    });
  });

  test('marketplace E21: delivers and releases milestones in order, one open at a time', () => {
    asked(locked(twoPart()), [50, 'seller', MarkDelivered({ milestone: 2 })]).thenRefuses({
      type: 'MilestoneNotCurrent',
      current: 1,
    });
    asked(locked(twoPart()), [50, 'buyer', release(2)]).thenRefuses({
      type: 'MilestoneNotCurrent',
      current: 1,
    });
    const second = play(locked(twoPart()), [50, 'buyer', release(1)]);
    expect(last(second)).toMatchObject({
      type: 'MilestoneReleased',
      data: { cause: 'buyer', effectiveAt: 50, deliverBy: 50 + 30 * DAY },
    });
    expect(after(second)).toMatchObject({ status: 'Locked', milestone: 2 });
    expect(after(play(second, [60, 'buyer', release(2)]))).toMatchObject({
      status: 'Released',
      cause: 'buyer',
    });
  });

  test('is extended by the buyer after deliverBy and within 730 days of the lock, a hundred times', () => {
    const bounds = {
      type: 'ExtensionOutOfBounds',
      after: LOCKED + 30 * DAY,
      latest: LOCKED + 730 * DAY,
    } as const;
    for (const until of [bounds.after, bounds.latest + 1])
      asked(locked(), [50, 'buyer', extend(until)]).thenRefuses(bounds);
    expect(after(play(locked(), [50, 'buyer', extend(bounds.latest)]))).toMatchObject({
      deliverBy: bounds.latest,
    });
    const often = Array.from(
      { length: 100 },
      (_, n) => [50, 'buyer', extend(bounds.after + 1 + n)] as const,
    );
    asked(play(locked(), ...often), [50, 'buyer', extend(bounds.latest)]).thenRefuses({
      type: 'TooMany',
      what: 'extensions',
      limit: 100,
    });
  });

  test('pays 1,000 parts, and then all that is left at once', () => {
    const part = PartReleased({ milestone: 1, released: usd(1), postings: [] });
    const many = [...locked(), ...Array<typeof part>(1_000).fill(part)];
    asked(many, [50, 'buyer', release(1, 1)]).thenRefuses({
      type: 'TooMany',
      what: 'part releases',
      limit: 1_000,
    });
    expect(E.isRight(tried(many, [50, 'buyer', release(1, 11_000)]))).toBe(true);
  });

  test('marketplace E23: ends Refunded when the seller gives all of it back', () => {
    const events = play(
      locked(twoPart()),
      [50, 'buyer', release(1)],
      [60, 'seller', RefundBuyer({})],
    );
    expect(last(events)).toMatchObject({
      type: 'FundsRefunded',
      data: {
        cause: 'seller',
        released: [],
        refunded: [usd(6_000)],
        postings: [{ from: 'escrow:E1', to: 'wallet:buyer', money: usd(6_000) }],
      },
    });
    expect(after(events)).toMatchObject({ status: 'Refunded', closedAt: 60 });
  });
});

test('the closing event of any valid terms fits 256 KiB; terms whose closing would not are invalid', () => {
  const codes = Array.from({ length: 8 }, (_, n) => `CURRENCY000${n}`);
  const closing = (letter: string, id: string) => {
    const name = (n: number) => letter.repeat(126) + String(n).padStart(2, '0');
    const amount = String(((1n << 128n) - 1n) / 8n);
    const terms: TermsDraft = deal({
      buyer: name(40),
      seller: name(41),
      arbiter: { actor: 'judge' },
      split: Array.from({ length: 32 }, (_, n) => ({ party: name(n), sharePpm: 31_000 })),
      milestones: codes.flatMap((currency) => [
        { title: '', amount: { currency, amount }, deliverWithinMs: DAY },
      ]),
    });
    const me = { stream: `escrow-${id}`, id, instance: 'test' } as const;
    return { terms, me, fee: { payee: name(42), ppm: 25_000 } };
  };
  const plain = closing('x', 'i'.repeat(240));
  const terms = complete(plain.terms);
  const before = openBook(
    codes.map((currency) => ({ currency, amount: terms.milestones[0]!.amount.amount })),
    terms,
  );
  const book = settled(
    before,
    codes.map((currency) => ({ currency, amount: '1' })),
    { terms, fee: plain.fee },
  );
  const event = {
    book,
    postings: postingsBetween(before, book, { terms, fee: plain.fee }, plain.me.id),
  };
  expect(new TextEncoder().encode(JSON.stringify(event)).length).toBeLessThan(256 * 1024);
  expect(faultsOf(terms, plain.me)).toEqual([]);
  const quoted = closing('"', '"'.repeat(240));
  expect(faultsOf(complete(quoted.terms), quoted.me)).toMatchObject([{ path: 'terms.split' }]);
});
