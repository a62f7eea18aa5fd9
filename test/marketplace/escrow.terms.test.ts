import { escrow, escrowCommands } from '../../src/commands/marketplace/escrow.ts';
import type { TermsDraft } from '../../src/domain/marketplace/escrow/terms.ts';
import { E } from '../../src/engine/fp.ts';
import { DAY, deal, HOUR, MINUTE, settings, system, tried, usd } from './escrow.stage.ts';

const { OpenEscrow } = escrowCommands.of;

/** The paths of the faults found in terms, in order. */
const faulty = (changes: Partial<TermsDraft>): readonly string[] => {
  const answer = tried([], [0, system, OpenEscrow({ terms: deal(changes) })]);
  if (E.isRight(answer) || answer.left.type !== 'TermsInvalid') return [JSON.stringify(answer)];
  return answer.left.faults.map(({ path }) => path);
};
const shares = (...ppm: readonly number[]) =>
  ppm.map((sharePpm, index) => ({ party: `p${index}`, sharePpm }));
const milestones = (...amounts: readonly string[]) =>
  amounts.map((amount) => ({
    title: '',
    amount: { currency: 'USD', amount },
    deliverWithinMs: DAY,
  }));

const within = (days: number) => ({ title: '', amount: usd(1), deliverWithinMs: days * DAY });

const decode = (terms: unknown) =>
  escrowCommands.decode({ type: 'OpenEscrow', version: 1, data: { terms } });

const withAmount = (amount: unknown) =>
  deal({ milestones: [{ title: '', amount: { currency: 'USD', amount } as never }] });

const plan = (days: number): Partial<TermsDraft> => ({
  milestones: [within(300), within(300), within(days)],
  reviewMs: 10 * DAY,
  arbiter: { actor: 'judge', ruleWithinMs: 20 * DAY },
});

describe('terms', () => {
  test.each<[string, Partial<TermsDraft>, readonly string[]]>([
    ['over the whole by 1', { split: shares(600_000, 400_001) }, ['terms.split']],
    ['a share of zero', { split: shares(0) }, ['terms.split[0].sharePpm']],
    ['a negative share', { split: shares(1, -1) }, ['terms.split[1].sharePpm']],
    ['a fractional share', { split: shares(0.5) }, ['terms.split[0].sharePpm']],
    ['a payee twice', { split: [...shares(1), ...shares(1)] }, ['terms.split[1].party']],
    [
      'several faults',
      { split: [...shares(0, 1_000_001), ...shares(2)] },
      ['terms.split', 'terms.split[0].sharePpm', 'terms.split[1].sharePpm', 'terms.split[2].party'],
    ],
  ])('marketplace E11: are invalid with %s', (_, changes, paths) => {
    expect(faulty(changes)).toEqual(paths);
  });

  test('marketplace E11: may share out exactly 1,000,000 ppm, leaving the seller nothing', () => {
    const terms = deal({ split: shares(600_000, 400_000) });
    expect(E.isRight(tried([], [0, 'buyer', OpenEscrow({ terms })]))).toBe(true);
  });

  test.each<[string, Partial<TermsDraft>, readonly string[]]>([
    ['a buyer who is the seller', { seller: 'buyer' }, ['terms.seller']],
    ['a party as payee', { split: [{ party: 'seller', sharePpm: 1 }] }, ['terms.split[0].party']],
    [
      'the arbiter as payee',
      { split: [{ party: 'judge', sharePpm: 1 }] },
      ['terms.split[0].party', 'terms.arbiter.actor'],
    ],
    ['a party as arbiter', { arbiter: { actor: 'buyer' } }, ['terms.arbiter.actor']],
    ['no milestone', { milestones: [] }, ['terms.milestones']],
    [
      '65 milestones',
      { milestones: milestones(...Array<string>(65).fill('1')) },
      ['terms.milestones'],
    ],
    ['33 payees', { split: shares(...Array<number>(33).fill(1)) }, ['terms.split']],
    [
      '35 payouts, to strangers and twice',
      {
        payouts: Array.from({ length: 35 }, (__, i) => ({
          party: i < 34 ? 'buyer' : 'eve',
          rail: 'r',
          destination: 'd',
        })),
      },
      [
        'terms.payouts',
        ...Array.from({ length: 33 }, (__, i) => `terms.payouts[${i + 1}].party`),
        'terms.payouts[34].party',
      ],
    ],
    ['an amount of zero', { milestones: milestones('0') }, ['terms.milestones[0].amount.amount']],
    [
      'a total of 2^128',
      { milestones: milestones(String((1n << 128n) - 1n), '1') },
      ['terms.milestones'],
    ],
    [
      'a title over 200 characters',
      { milestones: [{ title: '🙂'.repeat(201), amount: usd(1) }] },
      ['terms.milestones[0].title'],
    ],
    ['a memo over 500 characters', { memo: 'm'.repeat(501) }, ['terms.memo']],
    [
      'clocks too short',
      { acceptWithinMs: MINUTE - 1, fundWithinMs: 0, reviewMs: 1.5, releaseAfterMs: -1 },
      ['terms.acceptWithinMs', 'terms.fundWithinMs', 'terms.reviewMs', 'terms.releaseAfterMs'],
    ],
    [
      'clocks too long',
      {
        acceptWithinMs: 30 * DAY + 1,
        fundWithinMs: 31 * DAY,
        reviewMs: 91 * DAY,
        releaseAfterMs: 366 * DAY,
      },
      ['terms.acceptWithinMs', 'terms.fundWithinMs', 'terms.reviewMs', 'terms.releaseAfterMs'],
    ],
    [
      'a delivery of no time',
      { milestones: [{ title: '', amount: usd(1), deliverWithinMs: 0 }] },
      ['terms.milestones[0].deliverWithinMs'],
    ],
    [
      'an arbiter without time',
      { arbiter: { actor: 'judge', ruleWithinMs: HOUR - 1 } },
      ['terms.arbiter.ruleWithinMs'],
    ],
    ['a royalty', { royalty: { agreementId: 'R', version: 1, hash: 'h' } }, ['terms.royalty']],
    ['an electorate', { arbiter: { electorate: 'holders' } }, ['terms.arbiter']],
  ])('are invalid with %s', (_, changes, paths) => {
    expect(faulty(changes)).toEqual(paths);
  });

  test('are invalid with 9 currencies, valid with 8', () => {
    const codes = ['USD', 'EUR', 'JPY', 'KWD', 'BTC', 'XMR', 'ETH', 'AAA', 'BBB'];
    const offer = (count: number) =>
      OpenEscrow({
        terms: deal({
          milestones: codes.slice(0, count).map((currency) => ({
            title: '',
            amount: { currency, amount: '1' },
            deliverWithinMs: DAY,
          })),
        }),
      });
    const facts = {
      settings: { ...settings, currencies: Object.fromEntries(codes.map((code) => [code, 0])) },
    };
    const answer = (count: number) => {
      const deliberation = escrow.decide(offer(count), escrow.initial, {
        at: 0,
        actor: system,
        self: { stream: 'escrow-E1', id: 'E1', instance: 'test' },
        lapsed: 0,
      });
      return deliberation._tag === 'Ask' ? deliberation.then(facts) : deliberation;
    };
    expect(answer(9)).toMatchObject({
      left: { type: 'TermsInvalid', faults: [{ path: 'terms.milestones' }] },
    });
    expect(answer(8)).toMatchObject({ _tag: 'Right' });
  });

  test('plan no life of more than 730 days: all deliveries and reviews, or the time lock, and the ruling', () => {
    expect(faulty(plan(81))).toEqual(['terms.milestones']);
    expect(E.isRight(tried([], [0, 'buyer', OpenEscrow({ terms: deal(plan(80)) })]))).toBe(true);
  });

  test('name every fault at once', () => {
    expect(
      faulty({ seller: 'buyer', milestones: milestones('0'), split: shares(0), reviewMs: 0 }),
    ).toEqual([
      'terms.seller',
      'terms.milestones[0].amount.amount',
      'terms.split[0].sharePpm',
      'terms.reviewMs',
    ]);
  });

  test('are malformed where types are wrong or fields unknown, amounts that are no decimal strings included', () => {
    for (const amount of [1, 1.5, '1e3', '+1', '-1', '01', '', String(1n << 128n)]) {
      expect(decode(withAmount(amount))).toMatchObject({
        left: { type: 'Malformed', path: 'terms.milestones[0].amount.amount' },
      });
    }
    expect(decode(withAmount('0'))).toMatchObject({ _tag: 'Right' });
    expect(decode({ ...deal(), tip: 1 })).toMatchObject({
      left: { type: 'Malformed', path: 'terms.tip' },
    });
    expect(decode({ ...deal(), split: [{ party: 'a', sharePpm: '1' }] })).toMatchObject({
      left: { path: 'terms.split[0].sharePpm' },
    });
    expect(decode({ ...deal(), arbiter: undefined })).toMatchObject({
      left: { type: 'Malformed' },
    });
    for (const buyer of ['', 'x'.repeat(129), 'a\nb']) {
      expect(decode({ ...deal(), buyer })).toMatchObject({
        left: { type: 'Malformed', path: 'terms.buyer' },
      });
    }
  });

  test('are malformed where a standing order is none that a withdrawal could carry out', () => {
    const order = { party: 'seller', rail: 'sandbox', destination: 'there' };
    const answer = (changes: Partial<typeof order>) =>
      decode({ ...deal(), payouts: [{ ...order, ...changes }] });
    for (const destination of ['', 'd'.repeat(513)]) {
      expect(answer({ destination })).toMatchObject({
        left: { type: 'Malformed', path: 'terms.payouts[0].destination' },
      });
    }
    for (const rail of ['', 'r'.repeat(257), 'sand\nbox']) {
      expect(answer({ rail })).toMatchObject({
        left: { type: 'Malformed', path: 'terms.payouts[0].rail' },
      });
    }
    expect(answer({ rail: 'r'.repeat(256), destination: 'd'.repeat(512) })).toMatchObject({
      _tag: 'Right',
    });
  });

  test('compare party ids as bytes: another case or unicode form is another party', () => {
    const terms = deal({
      buyer: 'ren\u00e9',
      seller: 'rene\u0301',
      split: [{ party: 'Seller', sharePpm: 1 }],
    });
    expect(E.isRight(tried([], [0, 'ren\u00e9', OpenEscrow({ terms })]))).toBe(true);
  });
});
