import { account, accountCommands } from '../../src/commands/marketplace/account.ts';
import { accountEvents, type AccountEvent } from '../../src/domain/marketplace/account/events.ts';
import { openHold } from '../../src/domain/marketplace/account/rules.ts';
import { violations } from '../../src/domain/shared/account-table.ts';
import type { Stand } from '../../src/domain/shared/ledger.ts';
import type { Amounts } from '../../src/domain/shared/money.ts';
import { E } from '../../src/engine/fp.ts';
import { given } from '../../src/testing/given.ts';
import { settings, usd } from './support/books.ts';

const { PlaceHold, ReviewHold } = accountCommands.of;
const { HoldPlaced, HoldTaken, HoldSettled, HoldReturned, AccountFrozen } = accountEvents.of;

const self = { stream: 'account-buyer', id: 'buyer' } as const;
const system = { id: 'system', roles: ['system'] };
const purpose = { stream: 'escrow-E1', item: null };
const awaited: Stand = { type: 'Awaited', payer: 'buyer', amounts: usd(12000) };

const credited = (amounts: Amounts, position = '7') => ({
  row: { owner: 'buyer', credited: amounts },
  position,
  current: true,
});
const facts = { settings, stand: awaited, credited: credited(usd(12000)) };
const by = (actor: string | typeof system, more: object = {}) => ({
  actor,
  self,
  facts: { ...facts, ...more },
});

const placed = HoldPlaced({
  holdId: 'buyer#1',
  purpose,
  amounts: usd(12000),
  creditedSeen: usd(12000),
  consent: null,
  postings: [{ from: 'wallet:buyer', to: 'hold:buyer#1', money: usd(12000)[0]! }],
});
const frozen = AccountFrozen({ reason: 'court order' });
const returned = (n: number) =>
  HoldReturned({
    holdId: `buyer#${n}`,
    amounts: usd(12000),
    postings: [{ from: `hold:buyer#${n}`, to: 'wallet:buyer', money: usd(12000)[0]! }],
  });

const many = (count: number, owner: string) =>
  Array.from({ length: count }, (_, index) =>
    HoldPlaced({
      ...placed.data,
      holdId: `${owner}#${index + 1}`,
      purpose: { stream: `job-${index}`, item: null },
      amounts: usd(1),
      postings: [],
    }),
  );

describe('an owner who places a hold', () => {
  test('sets aside what the purpose awaits, named or not', () => {
    given(account).when(PlaceHold({ purpose }), by('buyer')).then(placed);
    given(account)
      .when(PlaceHold({ purpose, amounts: usd(12000) }), by('buyer'))
      .then(placed);
  });

  test('says how much where the purpose leaves it open', () => {
    const open = { stand: { type: 'Awaited', payer: null, amounts: null } };
    const fund = { stream: 'treasury-main', item: 'p1' };
    const { decided } = given(account).when(
      PlaceHold({ purpose: fund, amounts: usd(5) }),
      by('buyer', open),
    );
    expect(decided).toMatchObject(E.right([{ data: { purpose: fund, amounts: usd(5) } }]));
    given(account)
      .when(PlaceHold({ purpose: fund }), by('buyer', open))
      .thenRefuses({ type: 'NotAwaited' });
  });

  test.each<[string, object, object]>([
    ['other amounts', { amounts: usd(1) }, {}],
    ['an item of an escrow', { purpose: { ...purpose, item: 'x' } }, {}],
    ['another payer', {}, { stand: { ...awaited, payer: 'bob' } }],
    ['a payer whose id is "any"', {}, { stand: { ...awaited, payer: 'any' } }],
    ['a stream that awaits nothing yet', {}, { stand: { type: 'Pending' } }],
    ['a stream that has what it wants', {}, { stand: { type: 'Refused' } }],
    ['a stream that does not exist', {}, { stand: undefined }],
  ])('marketplace L3: is told NotAwaited for %s', (_, data, more) => {
    given(account)
      .when(PlaceHold({ purpose, ...data }), by('buyer', more))
      .thenRefuses({ type: 'NotAwaited' });
  });

  test('is told of an unknown currency before anything else about money', () => {
    given(account)
      .when(PlaceHold({ purpose, amounts: [{ currency: 'ZZZ', amount: '1' }] }), by('buyer'))
      .thenRefuses({ type: 'UnknownCurrency', currency: 'ZZZ' });
  });

  test('lacks what is missing, as of the position that was seen', () => {
    given(account)
      .when(PlaceHold({ purpose }), by('buyer', { credited: credited(usd(11999), '42') }))
      .thenRefuses({ type: 'InsufficientFunds', missing: usd(1), asOf: '42' });
    const nothing = { row: undefined, position: '0', current: true };
    given(account)
      .when(PlaceHold({ purpose }), by('buyer', { credited: nothing }))
      .thenRefuses({ type: 'InsufficientFunds', missing: usd(12000), asOf: '0' });
  });

  test('marketplace E13: is not helped by money of another currency', () => {
    const rich: Amounts = [{ currency: 'EUR', amount: '99999' }];
    given(account)
      .when(PlaceHold({ purpose }), by('buyer', { credited: credited(rich) }))
      .thenRefuses({ type: 'InsufficientFunds', missing: usd(12000), asOf: '7' });
  });

  test('marketplace E13: holds amounts above 2^53 exactly', () => {
    const amounts = usd((1n << 128n) - 1n);
    const { decided } = given(account).when(
      PlaceHold({ purpose }),
      by('buyer', { stand: { ...awaited, amounts }, credited: credited(usd(1n << 130n)) }),
    );
    expect(decided).toMatchObject(E.right([{ data: { amounts, creditedSeen: usd(1n << 130n) } }]));
    const [event] = E.isRight(decided) ? decided.right : [];
    expect(accountEvents.decode({ type: 'HoldPlaced', version: 1, data: event?.data })).toEqual(
      E.right(event),
    );
  });

  test('needs to be the owner, or the system with the event of consent', () => {
    const refused = (actor: string | typeof system, data: object) =>
      given(account)
        .when(PlaceHold({ purpose, ...data }), by(actor))
        .thenRefuses({ type: 'NotPermitted', actor: typeof actor === 'string' ? actor : actor.id });
    refused('eve', {});
    refused(system, {});
    refused('buyer', { consent: 'event-1' });
    const { decided } = given(account).when(PlaceHold({ purpose, consent: 'e1' }), by(system));
    expect(decided).toMatchObject(E.right([{ type: 'HoldPlaced', data: { consent: 'e1' } }]));
  });

  test('marketplace L3: is already so with an equal hold open, whoever asks; else NotAwaited', () => {
    given(account, placed).when(PlaceHold({ purpose }), by('eve')).then();
    given(account, placed)
      .when(PlaceHold({ purpose, amounts: usd(12000) }), by('buyer'))
      .then();
    given(account, placed)
      .when(PlaceHold({ purpose, amounts: usd(1) }), by('buyer'))
      .thenRefuses({ type: 'NotAwaited' });
    given(account, placed, frozen).when(PlaceHold({ purpose }), by('buyer')).then();
  });

  test('may place another once the first has ended, under the next number', () => {
    const { decided } = given(account, placed, returned(1)).when(
      PlaceHold({ purpose }),
      by('buyer'),
    );
    expect(decided).toMatchObject(E.right([{ data: { holdId: 'buyer#2' } }]));
  });

  test('has at most 256 open holds, a stream 10,000', () => {
    const rich = { stand: { ...awaited, payer: null }, credited: credited(usd(99999)) };
    given(account, ...many(256, 'buyer'))
      .when(PlaceHold({ purpose }), by('buyer', rich))
      .thenRefuses({ type: 'TooMany', what: 'holds', limit: 256 });
    const treasury = { stream: 'account-treasury-main', id: 'treasury-main' } as const;
    const { decided } = given(account, ...many(256, 'treasury-main')).when(
      PlaceHold({ purpose, consent: 'e1' }),
      { ...by(system, rich), self: treasury },
    );
    expect(E.isRight(decided)).toBe(true);
  });

  test('marketplace L11: starts nothing while frozen', () => {
    given(account, frozen)
      .when(PlaceHold({ purpose }), by('buyer'))
      .thenRefuses({ type: 'StatusForbids', status: 'Frozen' });
  });
});

const review = (stand: Stand | undefined, actor: string | typeof system = system) =>
  given(account, placed).when(ReviewHold({ holdId: 'buyer#1' }), by(actor, { stand }));
const leg = (to: string, amount: number) => ({ to: `wallet:${to}`, money: usd(amount)[0]! });

describe('a hold that is reviewed', () => {
  test('marketplace L3: was taken by the event of its purpose', () => {
    review({ type: 'Taken' }).then(HoldTaken({ holdId: 'buyer#1' }));
    review({ type: 'Taken' }, 'buyer').then(HoldTaken({ holdId: 'buyer#1' }));
  });

  test('marketplace L3: returns when its purpose refuses it', () => {
    review({ type: 'Refused' }).then(returned(1));
    expect(given(account, placed, returned(1)).state.spent).toEqual([]);
  });

  test('marketplace L3: waits while the purpose has recorded nothing', () => {
    for (const stand of [awaited, { type: 'Pending' } as const, undefined]) {
      review(stand).thenRefuses({ type: 'HoldPending' });
    }
  });

  test('settles leg by leg, each once, and returns the rest with the last', () => {
    const first = { type: 'Settled', legs: [leg('ann', 5000)], final: false } as const;
    const settled = HoldSettled({
      holdId: 'buyer#1',
      legs: [leg('ann', 5000)],
      final: false,
      returned: [],
      postings: [{ from: 'hold:buyer#1', ...leg('ann', 5000) }],
    });
    review(first).then(settled);
    const after = given(account, placed, settled);
    const again = (stand: Stand) =>
      after.when(ReviewHold({ holdId: 'buyer#1' }), by(system, { stand }));
    again(first).thenRefuses({ type: 'HoldPending' });
    const legs = [leg('ann', 5000), leg('bob', 4000), leg('buyer', 1000)];
    const last = HoldSettled({
      holdId: 'buyer#1',
      legs: legs.slice(1),
      final: true,
      returned: usd(2000),
      postings: [
        { from: 'hold:buyer#1', ...leg('bob', 4000) },
        { from: 'hold:buyer#1', ...leg('buyer', 1000) },
        { from: 'hold:buyer#1', to: 'wallet:buyer', money: usd(2000)[0]! },
      ],
    });
    again({ type: 'Settled', legs, final: true }).then(last);
    expect(given(account, placed, settled, last).state.spent).toEqual(usd(9000));
  });

  test('settles at most 1,000 legs an event, the next review the rest', () => {
    const legs = Array.from({ length: 1500 }, (_, index) => leg(`p${index}`, 1));
    const stand: Stand = { type: 'Settled', legs, final: true };
    const sizes: [number, boolean][] = [];
    const past: AccountEvent[] = [placed];
    for (let round = 0; round < 2; round += 1) {
      const { decided } = given(account, ...past).when(
        ReviewHold({ holdId: 'buyer#1' }),
        by(system, { stand }),
      );
      for (const event of E.isRight(decided) ? decided.right : []) {
        past.push(event);
        if (event.type === 'HoldSettled') sizes.push([event.data.legs.length, event.data.final]);
      }
    }
    expect(sizes).toEqual([
      [1000, false],
      [500, true],
    ]);
    expect(given(account, ...past).state).toMatchObject({ holds: {}, spent: usd(1500) });
  });

  test('marketplace L3: is already so once it has ended, whoever asks', () => {
    const done = given(account, placed, HoldTaken({ holdId: 'buyer#1' }));
    done.when(ReviewHold({ holdId: 'buyer#1' }), by('eve')).then();
    expect(done.state).toMatchObject({ holds: {}, spent: usd(12000) });
  });

  test("is pending where it is another owner's or was never placed", () => {
    for (const holdId of ['seller#1', 'buyer#2', 'buyer#0', 'buyer#01', 'nonsense']) {
      given(account, placed)
        .when(ReviewHold({ holdId }), by('buyer'))
        .thenRefuses({ type: 'HoldPending' });
    }
    review(awaited, 'eve').thenRefuses({ type: 'NotPermitted', actor: 'eve' });
  });

  test('marketplace L11: ends also while the account is frozen', () => {
    given(account, placed, frozen)
      .when(ReviewHold({ holdId: 'buyer#1' }), by(system, { stand: { type: 'Refused' } }))
      .then(returned(1));
  });

  test('marketplace L1: every event of it follows the account table', () => {
    for (const { type, data } of [placed, returned(1)]) {
      expect(violations(type, data.postings)).toEqual([]);
    }
  });

  test('answers other streams as it was placed, while it is open', () => {
    const { state } = given(account, placed);
    expect(openHold(state, 'buyer#1')).toEqual({
      holdId: 'buyer#1',
      purpose,
      amounts: usd(12000),
    });
    expect(openHold(state, 'buyer#2')).toBeUndefined();
    expect(openHold(given(account, placed, returned(1)).state, 'buyer#1')).toBeUndefined();
  });
});
