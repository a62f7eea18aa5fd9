import fc from 'fast-check';
import { accountEvents } from '../../src/domain/marketplace/account/events.ts';
import { accountTable, postingEvents, violations } from '../../src/domain/shared/account-table.ts';
import type { Posting } from '../../src/domain/shared/ledger.ts';
import {
  creditedTotals,
  creditedTotalsProjection,
} from '../../src/projections/marketplace/credited-totals.ts';
import { escrows, escrowsProjection } from '../../src/projections/marketplace/escrow.ts';
import { holds, openHolds, openWithdrawals } from '../../src/projections/marketplace/holds.ts';
import {
  balances,
  ledger,
  ledgerHealth,
  postings,
  trialBalance,
} from '../../src/projections/marketplace/ledger.ts';
import { folding, recorded, recounted, usd } from './support/books.ts';
import {
  agreed,
  deal,
  locked,
  marked,
  opened,
  placed,
  released,
  requested,
  taken,
  terms,
} from './support/deal.ts';

const everything = () => folding(ledger, creditedTotalsProjection, holds, escrowsProjection);

const after = (...events: Parameters<ReturnType<typeof everything>['apply']>[0][]) => {
  const rows = everything();
  for (const event of events) rows.apply(event);
  return rows;
};

const postingsOf = ({ data }: { readonly data: unknown }): readonly Posting[] =>
  typeof data === 'object' && data !== null && 'postings' in data
    ? (data.postings as readonly Posting[])
    : [];

describe('the books of a deal', () => {
  const books = after(...deal);
  const balance = (account: string) => books.get(balances, `${account}/USD`)?.balance;

  test('marketplace E18: end with the figures of the specification', () => {
    expect({
      buyer: balance('wallet:buyer'),
      hold: balance('hold:buyer#1'),
      escrow: balance('escrow:E1'),
      platform: balance('wallet:platform'),
      artist: balance('wallet:artist'),
      seller: balance('wallet:seller'),
      world: balance('world:sandbox'),
    }).toEqual({
      buyer: '0',
      hold: '0',
      escrow: '0',
      platform: '300',
      artist: '0',
      seller: '4680',
      world: '-4980',
    });
    expect(books.get(balances, 'payout:artist!1/USD')).toEqual({
      account: 'payout:artist!1',
      currency: 'USD',
      balance: '0',
      owner: 'artist',
    });
  });

  test('marketplace E18: equal a recount from the log, with a zero trial balance, at every position', () => {
    const rows = everything();
    const seen: Posting[] = [];
    for (const event of deal) {
      rows.apply(event);
      seen.push(...postingsOf(event));
      const told = rows.all(balances).map(([key, row]) => [key, BigInt(row.balance)] as const);
      expect(new Map(told)).toEqual(recounted(seen));
      for (const [, row] of rows.all(trialBalance)) {
        expect(row).toMatchObject({ difference: '0', belowZero: [] });
      }
    }
    expect(rows.all(ledgerHealth)).toEqual([['ledger', { inDoubt: [] }]]);
  });

  test('marketplace L1: follow the account table', () => {
    expect(deal.flatMap((event) => violations(event.type, postingsOf(event)))).toEqual([]);
  });

  test('list every posting with its event and actor, in the order of its stream', () => {
    const ofEscrow = books.all(postings).filter(([, { stream }]) => stream === 'escrow-E1');
    expect(ofEscrow.map(([key]) => key)).toEqual([
      'escrow-E1/0000000002/0000',
      'escrow-E1/0000000004/0000',
      'escrow-E1/0000000004/0001',
      'escrow-E1/0000000004/0002',
    ]);
    expect(ofEscrow[1]?.[1]).toEqual({
      stream: 'escrow-E1',
      revision: 4,
      index: 0,
      event: 'FundsReleased',
      eventId: 'escrow-E1@4',
      at: 400,
      actor: 'clock',
      posting: { from: 'escrow:E1', to: 'wallet:platform', money: usd(300)[0] },
    });
  });

  test('marketplace L4: count as credited what came from other streams, and never less', () => {
    expect(books.all(creditedTotals).map(([, row]) => row)).toEqual([
      { owner: 'buyer', credited: usd(12000) },
      { owner: 'platform', credited: usd(300) },
      { owner: 'artist', credited: usd(7020) },
      { owner: 'seller', credited: usd(4680) },
    ]);
    const back = recorded(
      'account-buyer',
      accountEvents.of.HoldReturned({
        holdId: 'buyer#1',
        amounts: usd(12000),
        postings: [{ from: 'hold:buyer#1', to: 'wallet:buyer', money: usd(12000)[0]! }],
      }),
    );
    const rows = after(...deal.slice(0, 4), back);
    expect(rows.get(creditedTotals, 'buyer')).toEqual({ owner: 'buyer', credited: usd(12000) });
    expect(rows.get(balances, 'wallet:buyer/USD')?.balance).toBe('12000');
  });

  test('marketplace L4: count what a settled hold of another owner pays', () => {
    const settled = recorded(
      'account-buyer',
      accountEvents.of.HoldSettled({
        holdId: 'buyer#1',
        legs: [{ to: 'wallet:seller', money: usd(12000)[0]! }],
        final: true,
        returned: [],
        postings: [{ from: 'hold:buyer#1', to: 'wallet:seller', money: usd(12000)[0]! }],
      }),
    );
    const rows = after(...deal.slice(0, 4), settled);
    expect(rows.get(creditedTotals, 'seller')).toEqual({ owner: 'seller', credited: usd(12000) });
  });
});

describe('the account table', () => {
  test('marketplace E15, E17: lets an escrow fill wallets alone, and only their owner empty them', () => {
    const paying = accountTable['escrow']?.emptiedBy ?? [];
    expect(paying).toHaveLength(5);
    for (const [kind, { filledBy }] of Object.entries(accountTable)) {
      const fills = paying.filter((type) => filledBy.includes(type));
      expect([kind, fills]).toEqual([kind, kind === 'wallet' ? paying : []]);
    }
    expect(accountTable['wallet']?.emptiedBy).toEqual(['HoldPlaced', 'WithdrawalRequested']);
  });

  test('marketplace L8: a thousand credits to one wallet are events of other streams, in one row', () => {
    const rows = folding(creditedTotalsProjection);
    for (let n = 0; n < 1000; n += 1) {
      const [deposit] = deal.filter(({ type }) => type === 'DepositBooked');
      const stream = `deposit-sandbox.${n}` as const;
      rows.apply({ ...deposit!, envelope: { ...deposit!.envelope, stream } });
    }
    expect(rows.all(creditedTotals)).toEqual([
      ['buyer', { owner: 'buyer', credited: usd(12_000_000) }],
    ]);
  });
});

describe('books that are wrong', () => {
  const overdrawn = { ...deal[3]!, type: 'HoldPlaced' };
  test('marketplace L7: are in doubt while an account is below zero, and no longer', () => {
    const rows = after(overdrawn);
    expect(rows.get(ledgerHealth, 'ledger')).toEqual({ inDoubt: ['USD'] });
    expect(rows.get(trialBalance, 'USD')?.belowZero).toEqual(['wallet:buyer']);
    for (const event of deal.filter(({ type }) => type === 'DepositBooked')) rows.apply(event);
    expect(rows.get(ledgerHealth, 'ledger')).toEqual({ inDoubt: [] });
    expect(rows.get(trialBalance, 'USD')).toEqual({
      currency: 'USD',
      debits: '24000',
      credits: '24000',
      difference: '0',
      belowZero: [],
    });
  });
});

describe('books of any postings', () => {
  const account = fc.constantFrom('world:x', 'wallet:a', 'wallet:b', 'hold:a#1', 'escrow:1');
  const amount = fc.bigInt({ min: 1n, max: (1n << 128n) - 1n }).map(String);
  const currency = fc.constantFrom('JPY', 'USD', 'KWD', 'ETH');
  const posting = fc.record({
    from: account,
    to: account,
    money: fc.record({ currency, amount }),
  });
  const event = fc.record({
    type: fc.constantFrom(...postingEvents),
    data: fc.record({ postings: fc.array(posting, { maxLength: 5 }) }),
  });

  test('marketplace E13, E18: balance exactly, currency by currency', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 12 }), (events) => {
        const rows = folding(ledger);
        events.forEach((one, revision) => rows.apply(recorded('escrow-1', one, { revision })));
        const expected = recounted(events.flatMap(({ data }) => data.postings));
        const told = rows.all(balances).map(([key, row]) => [key, BigInt(row.balance)] as const);
        expect(new Map(told)).toEqual(expected);
        const below = [...expected]
          .filter(([key, units]) => units < 0n && !key.startsWith('world:'))
          .map(([key]) => key);
        const shown = rows
          .all(trialBalance)
          .flatMap(([code, row]) => row.belowZero.map((name) => `${name}/${code}`));
        expect(shown.toSorted()).toEqual(below.toSorted());
        const doubted = new Set(below.map((key) => key.slice(key.lastIndexOf('/') + 1)));
        expect(new Set(rows.get(ledgerHealth, 'ledger')?.inDoubt ?? [])).toEqual(doubted);
      }),
      { numRuns: 200 },
    );
  });
});

describe('money in flight', () => {
  test('marketplace L10: shows whose a hold is, since when, and what must happen next', () => {
    const rows = after(opened, agreed, placed);
    const row = {
      holdId: 'buyer#1',
      owner: 'buyer',
      purpose: { stream: 'escrow-E1', item: null },
      amounts: usd(12000),
      placedAt: 5,
      nextStep: 'LockFunds on escrow-E1',
    };
    expect(rows.get(openHolds, 'buyer#1')).toEqual(row);
    rows.apply(locked);
    const reviewed = { ...row, amounts: [], nextStep: 'ReviewHold on account-buyer' };
    expect(rows.get(openHolds, 'buyer#1')).toEqual(reviewed);
    rows.apply(taken);
    expect(rows.all(openHolds)).toEqual([]);
  });

  test('marketplace L6, L10: shows a payout until the rail has answered', () => {
    expect(after(requested).all(openWithdrawals)).toEqual([
      [
        'artist!1',
        {
          withdrawalId: 'artist!1',
          owner: 'artist',
          purpose: { rail: 'sandbox' },
          amounts: usd(7020),
          placedAt: 401,
          nextStep: 'rail sandbox answers',
        },
      ],
    ]);
    expect(after(...deal).all(openWithdrawals)).toEqual([]);
  });
});

const glance = (...events: Parameters<typeof after>) => {
  const row = after(...events).get(escrows, 'E1');
  return [row?.status, row?.nextDeadline, row?.book[0]?.held];
};

describe('the row of an escrow', () => {
  test('says its status, its book, and until when somebody has to speak', () => {
    expect(glance(opened)).toEqual(['Proposed', 100, undefined]);
    expect(glance(opened, agreed)).toEqual(['Agreed', 200, undefined]);
    expect(glance(opened, agreed, locked)).toEqual(['Locked', 300, '12000']);
    expect(glance(opened, agreed, locked, marked)).toEqual(['AwaitingRelease', 400, '12000']);
    expect(glance(opened, agreed, locked, marked, released)).toEqual(['Released', null, '0']);
  });

  test('is found by its parties, payees, status and deadline', () => {
    const row = after(opened, agreed, locked).get(escrows, 'E1')!;
    const found = Object.fromEntries(
      Object.entries(escrows.indexes).map(([name, entry]) => [name, entry(row)]),
    );
    expect(found).toEqual({
      escrow: 'E1',
      buyer: 'buyer',
      seller: 'seller',
      payee: ['artist'],
      status: 'Locked',
      deadline: '300',
    });
    expect(row).toMatchObject({ kind: 'multiParty', terms });
  });
});
