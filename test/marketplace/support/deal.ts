import { accountEvents } from '../../../src/domain/marketplace/account/events.ts';
import { depositEvents } from '../../../src/domain/marketplace/deposit/events.ts';
import { escrowEvents } from '../../../src/domain/marketplace/escrow/events.ts';
import { complete } from '../../../src/domain/marketplace/escrow/terms.ts';
import type { Posting } from '../../../src/domain/shared/ledger.ts';
import type { Recorded } from '../../../src/engine/projection.ts';
import { recorded, usd } from './books.ts';

const { DepositBooked } = depositEvents.of;
const { HoldPlaced, HoldTaken, WithdrawalRequested, WithdrawalPaid } = accountEvents.of;
const { EscrowOpened, TermsAgreed, FundsLocked, DeliveryMarked, FundsReleased } = escrowEvents.of;

const dollars = (amount: number) => usd(amount)[0]!;
const move = (from: string, to: string, amount: number): Posting => ({
  from,
  to,
  money: dollars(amount),
});

export const terms = complete({
  buyer: 'buyer',
  seller: 'seller',
  milestones: [{ title: 'all of it', amount: dollars(12000) }],
  split: [{ party: 'artist', sharePpm: 600_000 }],
  arbiter: { actor: 'judge' },
  payouts: [
    { party: 'artist', rail: 'sandbox', destination: 'iban-artist' },
    { party: 'buyer', rail: 'sandbox', destination: 'iban-buyer' },
  ],
});
const fee = { payee: 'platform', ppm: 25_000 };

const entry = (released: number, fees: number, artist: number, seller: number, held: number) => ({
  currency: 'USD',
  deposited: '12000',
  released: String(released),
  refunded: '0',
  fees: String(fees),
  paid: [
    { party: 'artist', amount: String(artist) },
    { party: 'seller', amount: String(seller) },
  ],
  held: String(held),
});

const deposited = recorded(
  'deposit-sandbox.P1',
  DepositBooked({
    rail: 'sandbox',
    ref: 'P1',
    owner: 'buyer',
    money: dollars(12000),
    note: null,
    postings: [move('world:sandbox', 'wallet:buyer', 12000)],
  }),
);
export const opened = recorded(
  'escrow-E1',
  EscrowOpened({ terms, fee, version: 1, termsHash: '0'.repeat(64), by: 'buyer', acceptBy: 100 }),
);
export const agreed = recorded('escrow-E1', TermsAgreed({ consents: [], fundBy: 200 }), {
  revision: 1,
});
export const placed = recorded(
  'account-buyer',
  HoldPlaced({
    holdId: 'buyer#1',
    purpose: { stream: 'escrow-E1', item: null },
    amounts: usd(12000),
    creditedSeen: usd(12000),
    consent: null,
    postings: [move('wallet:buyer', 'hold:buyer#1', 12000)],
  }),
  { at: 5 },
);
export const locked = recorded(
  'escrow-E1',
  FundsLocked({
    holdId: 'buyer#1',
    payer: 'buyer',
    amounts: usd(12000),
    deliverBy: 300,
    releasableAt: 5,
    postings: [move('hold:buyer#1', 'escrow:E1', 12000)],
  }),
  { revision: 2 },
);
export const taken = recorded('account-buyer', HoldTaken({ holdId: 'buyer#1' }), { revision: 1 });
export const marked = recorded(
  'escrow-E1',
  DeliveryMarked({ milestone: 1, reviewUntil: 400, proof: null }),
  { revision: 3 },
);
export const released = recorded(
  'escrow-E1',
  FundsReleased({
    cause: 'silence',
    released: usd(12000),
    refunded: [],
    book: [entry(12000, 300, 7020, 4680, 0)],
    effectiveAt: 400,
    postings: [
      move('escrow:E1', 'wallet:platform', 300),
      move('escrow:E1', 'wallet:artist', 7020),
      move('escrow:E1', 'wallet:seller', 4680),
    ],
  }),
  { revision: 4, at: 400, actor: 'clock' },
);
export const requested = recorded(
  'account-artist',
  WithdrawalRequested({
    withdrawalId: 'artist!1',
    money: dollars(7020),
    rail: 'sandbox',
    destination: 'iban-artist',
    creditedSeen: usd(7020),
    postings: [move('wallet:artist', 'payout:artist!1', 7020)],
  }),
  { at: 401 },
);
const paid = recorded(
  'account-artist',
  WithdrawalPaid({
    withdrawalId: 'artist!1',
    railRef: 'sandbox-artist!1',
    railFee: null,
    postings: [move('payout:artist!1', 'world:sandbox', 7020)],
  }),
  { revision: 1 },
);

/** The deal of the specification's first scenario, from the deposit to the artist's withdrawal. */
export const deal: readonly Recorded[] = [
  opened,
  agreed,
  deposited,
  placed,
  locked,
  taken,
  marked,
  released,
  requested,
  paid,
];
