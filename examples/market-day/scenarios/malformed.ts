import { rail } from '../cast.ts';
import { malformed, sortedJson } from '../lines.ts';
import type { Market, Script } from '../market.ts';
import { HOUR, MINUTE } from '../time.ts';

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
  [{ ...asking('CancelEscrow', {}), at: '2026-03-02T08:00:00Z' }, 'at'],
  [asking('BurnEscrow', {}), 'command'],
  [{ ...asking('CancelEscrow', {}), stream: 'raffle-7' }, 'stream'],
  [asking('OfferSettlement', { refund: [{ currency: 'USD', amount: '0' }] }), 'refund[0].amount'],
  [
    asking('OfferSettlement', {
      refund: [
        { currency: 'USD', amount: '1' },
        { currency: 'JPY', amount: '1' },
      ],
    }),
    'refund',
  ],
  [asking('OpenEscrow', { terms: { ...terms, colour: 'red' } }), 'terms.colour'],
  [paying(1200), 'money.amount'],
  [paying('12.50'), 'money.amount'],
  [paying('-5'), 'money.amount'],
  [paying(String(2n ** 128n)), 'money.amount'],
  [deposit({ note: 'a rail has no notes' }), 'note'],
];

const at = (now: number, said: object): object => ('at' in said ? said : { ...said, at: now });

/** All of them, some hours apart. */
export function* garbled(market: Market): Script {
  const { blurt, now, random, within } = market;
  for (const [said, path] of random.sample(misspoken, misspoken.length)) {
    blurt(sortedJson(at(now(), said)), malformed(path));
    yield within(MINUTE, HOUR);
  }
  const release = sortedJson(at(now(), asking('ReleaseFunds', { milestone: 1 })));
  blurt('good morning', malformed(''));
  blurt(release.slice(0, -7), malformed(''));
  blurt(sortedJson(asking('CancelEscrow', {})), malformed('at'));
  // A lead byte of UTF-8 without its continuation.
  blurt(Buffer.from(release.replace('ada', '\u00c3('), 'latin1'), malformed(''));
  yield within(MINUTE, HOUR);
  // JSON that stands for no number and no text.
  blurt(release.replace(':1}', `:1${'0'.repeat(400)}}`), malformed('milestone'));
  const opening = sortedJson(at(now(), asking('OpenEscrow', { terms: { ...terms, memo: 'M' } })));
  blurt(opening.replace('"M"', '"\\ud800"'), malformed('terms.memo'));
}
