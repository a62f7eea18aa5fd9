import { rail } from '../cast.ts';
import { malformed, sortedJson } from '../lines.ts';
import type { Market, Script } from '../market.ts';

const deposit = (change: object) => ({
  stream: 'deposit-sandbox.X1',
  command: 'RecordDeposit',
  data: {
    rail: 'sandbox',
    ref: 'X1',
    owner: 'ada.bakes',
    money: { currency: 'USD', amount: '100' },
    note: null,
    ...change,
  },
  actor: rail,
});
const paying = (amount: unknown) => deposit({ money: { currency: 'USD', amount } });
const asking = (command: string, data: object) => ({
  stream: 'escrow-M0001',
  command,
  data,
  actor: 'ada.bakes',
});
const terms = {
  buyer: 'ada.bakes',
  seller: 'bo.bakes',
  milestones: [{ title: 'bread', amount: { currency: 'USD', amount: '5' } }],
  arbiter: { actor: 'cleo.maps' },
};

/** Lines that are JSON but no command: what each says (an instant is added unless it has one), and where it is wrong. */
const misspoken: readonly (readonly [said: object, path: string])[] = [
  [{ command: 'CancelEscrow', data: {}, actor: 'ada.bakes' }, 'stream'],
  [{ stream: 'escrow-M0001', command: 'CancelEscrow', data: {} }, 'actor'],
  [{ ...asking('CancelEscrow', {}), please: true }, 'please'],
  [{ ...asking('CancelEscrow', {}), actor: 'tab\there' }, 'actor'],
  [{ ...asking('CancelEscrow', {}), at: '2026-03-02T08:00:00Z' }, 'at'],
  [{ ...asking('CancelEscrow', {}), at: -1 }, 'at'],
  [{ ...asking('CancelEscrow', {}), at: 1.5 }, 'at'],
  [asking('BurnEscrow', {}), 'command'],
  [{ ...asking('CancelEscrow', {}), stream: 'raffle-7' }, 'stream'],
  [{ ...asking('CancelEscrow', {}), stream: 'escrow' }, 'stream'],
  [asking('CancelEscrow', { why: 'rain' }), 'data.why'],
  [asking('AcceptTerms', { version: 0 }), 'data.version'],
  [
    asking('OfferSettlement', { refund: [{ currency: 'USD', amount: '0' }] }),
    'data.refund[0].amount',
  ],
  [
    asking('OfferSettlement', {
      refund: [
        { currency: 'USD', amount: '1' },
        { currency: 'JPY', amount: '1' },
      ],
    }),
    'data.refund',
  ],
  [asking('SettleDispute', { outcome: { type: 'RefundBoth' }, grounds: [] }), 'data.outcome'],
  [asking('OpenEscrow', { terms: { ...terms, colour: 'red' } }), 'data.terms.colour'],
  [asking('OpenEscrow', { terms: { ...terms, memo: '\ud800' } }), 'data.terms.memo'],
  [paying(1200), 'data.money.amount'],
  [paying('12.50'), 'data.money.amount'],
  [paying('-5'), 'data.money.amount'],
  [paying('1e3'), 'data.money.amount'],
  [paying('007'), 'data.money.amount'],
  [paying(String(2n ** 128n)), 'data.money.amount'],
  [paying('9'.repeat(400)), 'data.money.amount'],
  [deposit({ note: 'a rail has no notes' }), 'data.note'],
  [deposit({ ref: 'X2' }), 'data.ref'],
];

const at = (now: number, said: object): object => ('at' in said ? said : { ...said, at: now });

/** All of them, some hours apart. */
export function* garbled(market: Market): Script {
  for (const [said, path] of market.random.sample(misspoken, misspoken.length)) {
    // JSON.stringify writes a lone surrogate as an escape; sorted keys are written here by hand.
    const text = path === 'data.terms.memo' ? JSON.stringify(at(market.now(), said)) : undefined;
    market.blurt(text ?? sortedJson(at(market.now(), said)), malformed(path));
    yield market.within(60_000, 3_600_000);
  }
  const whole = sortedJson(at(market.now(), asking('ReleaseFunds', { milestone: 1 })));
  market.blurt('good morning', malformed(''));
  market.blurt(whole.slice(0, -7), malformed(''));
  market.blurt('["CancelEscrow"]', malformed(''));
  market.blurt(sortedJson(asking('CancelEscrow', {})), malformed('at'));
  market.blurt(
    Buffer.concat([Buffer.from('{"actor":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]),
    malformed(''),
  );
  yield market.within(60_000, 3_600_000);
  market.blurt(
    whole.replace('"milestone":1', `"milestone":1${'0'.repeat(400)}`),
    malformed('data.milestone'),
  );
}
