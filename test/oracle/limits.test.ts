import { compare } from './compare.ts';
import type { Draft } from './generate-common.ts';
import { DAY, type Money } from './model.ts';
import { Oracle } from './oracle.ts';
import { runProduct } from './product.ts';

const INSTANCE = 'limits';
const FEE = { payee: 'platform', ppm: 25_000 };
const AT = 1_000;
const STREAM = 'escrow-L';

const usd = (amount: number): Money => ({ currency: 'USD', amount: String(amount) });
const terms = (memo: string) => ({
  buyer: 'buyer',
  seller: 'seller',
  milestones: [
    { title: 'much', amount: usd(1_234_567) },
    { title: 'little', amount: usd(77) },
  ],
  split: ['p', 'q'].map((party) => ({ party, sharePpm: 333_333 })),
  arbiter: { actor: 'judge' },
  memo,
});

const times = (count: number, make: (i: number) => Draft): readonly Draft[] =>
  Array.from({ length: count }, (_, i) => make(i));
const ask = (command: string, data: Draft['data'], actor: unknown = 'buyer'): Draft => ({
  stream: STREAM,
  command,
  data,
  actor,
});
const either = (i: number): string => (i % 2 === 0 ? 'buyer' : 'seller');
const releasing = (milestone: number, amount?: Money): Draft =>
  ask('ReleaseFunds', amount === undefined ? { milestone } : { milestone, amount });

const deposit: Draft = {
  stream: 'deposit-sandbox.1',
  command: 'RecordDeposit',
  data: { rail: 'sandbox', ref: '1', owner: 'buyer', money: usd(1_234_644), note: null },
  actor: { id: 'sandbox', roles: ['rail'] },
};
const hold: Draft = {
  stream: 'account-buyer',
  command: 'PlaceHold',
  data: { purpose: { stream: STREAM, item: null } },
  actor: 'buyer',
};

const drafts: readonly Draft[] = [
  ask('OpenEscrow', { terms: terms('') }),
  ...times(102, (i) => ask('AmendTerms', { terms: terms(`version ${i}`) }, either(i))),
  ask('AmendTerms', { terms: terms('m'.repeat(501)) }),
  ...['buyer', 'seller', 'p', 'q'].map((party) => ask('AcceptTerms', { version: 101 }, party)),
  deposit,
  hold,
  ...times(102, (i) => ask('ExtendDelivery', { until: AT + 30 * DAY + 1 + i })),
  ...times(102, (i) => ask('OfferSettlement', { refund: [usd(i + 1)] }, either(i))),
  ask('OfferSettlement', { refund: [usd(9_999_999)] }),
  ...times(1_002, (i) => releasing(1, usd(1 + (i % 7)))),
  releasing(1, usd(9_999_999)),
  releasing(1, { currency: 'JPY', amount: '1' }),
  releasing(1),
  releasing(2, usd(1)),
  releasing(2, usd(77)),
];

describe('what one escrow repeats', () => {
  test('marketplace TooMany: 100 amendments, offers and extensions and 1,000 part releases, and not one more', async () => {
    const oracle = new Oracle(INSTANCE, FEE);
    const lines = drafts.map((draft) => {
      const text = JSON.stringify({ ...draft, at: AT });
      return { text, ...oracle.play(text) };
    });
    const seen = await runProduct(INSTANCE, FEE, lines.map(({ text }) => text).join('\n'));
    expect(compare(lines, oracle, seen)).toBeUndefined();
    const refusals = lines.flatMap(({ answer }) =>
      answer.outcome === 'refused' && answer.type === 'TooMany' ? [answer.facts['what']] : [],
    );
    expect([...new Set(refusals)]).toEqual(['amendments', 'extensions', 'offers', 'part releases']);
    expect(oracle.world.escrow('L').status).toBe('Released');
  });
});
