import { deposit, depositCommands } from '../../src/commands/marketplace/deposit.ts';
import { depositEvents } from '../../src/domain/marketplace/deposit/events.ts';
import { violations } from '../../src/domain/shared/account-table.ts';
import { E } from '../../src/engine/fp.ts';
import { given } from '../../src/testing/given.ts';
import { settings } from './support/books.ts';

const { RecordDeposit } = depositCommands.of;
const { DepositBooked } = depositEvents.of;

const rail = { id: 'sandbox', roles: ['rail'] };
const treasurer = { id: 'tess', roles: ['treasurer'] };
const self = { stream: 'deposit-sandbox.P1', id: 'sandbox.P1' } as const;
const adjusting = { stream: 'deposit-adjustment.A1', id: 'adjustment.A1' } as const;

const money = { currency: 'USD', amount: '12000' };
const payment = { rail: 'sandbox', ref: 'P1', owner: 'buyer', money, note: null };
const correction = { ...payment, rail: 'adjustment', ref: 'A1', note: 'lost in the move' };
const booked = DepositBooked({
  ...payment,
  postings: [{ from: 'world:sandbox', to: 'wallet:buyer', money }],
});

const when = (data: typeof payment | typeof correction, actor = rail, own: object = self) =>
  given(deposit).when(RecordDeposit(data), { actor, self: own, facts: { settings } });

describe('a payment that nobody has recorded', () => {
  test('marketplace L5: is booked from the world into the wallet when its rail reports it', () => {
    when(payment).then(booked);
  });

  test('is not permitted to anybody but a rail', () => {
    for (const roles of [[], ['treasurer'], ['system']]) {
      when(payment, { id: 'eve', roles }).thenRefuses({ type: 'NotPermitted', actor: 'eve' });
    }
  });

  test('of a currency or rail that is not configured is refused, the currency first', () => {
    const odd = { currency: 'ZZZ', amount: '1' };
    when({ ...payment, money: odd }).thenRefuses({ type: 'UnknownCurrency', currency: 'ZZZ' });
    const elsewhere = { stream: 'deposit-nowhere.P1', id: 'nowhere.P1' };
    const unknown = { ...payment, rail: 'nowhere' };
    when(unknown, rail, elsewhere).thenRefuses({ type: 'RailUnknown', rail: 'nowhere' });
    when({ ...unknown, money: odd }, rail, elsewhere).thenRefuses({
      type: 'UnknownCurrency',
      currency: 'ZZZ',
    });
  });

  test('marketplace L5: is malformed where its reference is not the name of the stream', () => {
    when({ ...payment, ref: 'P2' }).thenRefuses({
      type: 'Malformed',
      path: 'ref',
      expected: 'the reference that deposit-sandbox.<ref> names, in deposit-sandbox.P1',
      found: '"P2"',
    });
  });

  test('has a note on rail adjustment, and nowhere else', () => {
    const noted = when({ ...payment, note: 'hello' }).decided;
    expect(noted).toMatchObject(E.left({ type: 'Malformed', path: 'note' }));
    const bare = { ...correction, note: null };
    expect(when(bare, treasurer, adjusting).decided).toMatchObject(
      E.left({ type: 'Malformed', path: 'note' }),
    );
  });
});

describe('a correction', () => {
  test("marketplace E17: is a deposit on rail adjustment, in a treasurer's name", () => {
    when(correction, treasurer, adjusting).then(
      DepositBooked({
        ...correction,
        postings: [{ from: 'world:adjustment', to: 'wallet:buyer', money }],
      }),
    );
    when(correction, rail, adjusting).thenRefuses({ type: 'NotPermitted', actor: 'sandbox' });
  });
});

const again = (data: typeof payment, actor: string | typeof rail = 'eve') =>
  given(deposit, booked).when(RecordDeposit(data), { actor, self });

describe('a payment that is recorded', () => {
  test('marketplace L5: is already so, to anybody, when the same is reported again', () => {
    again(payment, rail).then();
    again(payment).then();
  });

  test('marketplace L5: conflicts, before any permission, when something else has its reference', () => {
    again({ ...payment, owner: 'eve', money: { currency: 'USD', amount: '12001' } }).thenRefuses({
      type: 'DepositConflict',
      fields: ['owner', 'money'],
    });
  });
});

const decoded = (data: object) =>
  depositCommands.decode({ type: 'RecordDeposit', version: 1, data });

describe('the form of RecordDeposit', () => {
  test.each([12000, '012', '-1', '1e3', '1.0', '', '0', (1n << 128n).toString()])(
    'rejects the amount %p with its path',
    (amount) => {
      const wrong = decoded({ ...payment, money: { currency: 'USD', amount } });
      expect(wrong).toMatchObject(E.left({ type: 'Malformed', path: 'money.amount' }));
    },
  );

  test('rejects an unknown field, and an owner whose id has control characters', () => {
    expect(decoded({ ...payment, extra: 1 })).toMatchObject(E.left({ path: 'extra' }));
    expect(decoded({ ...payment, owner: 'a\u0000' })).toMatchObject(E.left({ path: 'owner' }));
  });

  test('marketplace L1: its postings follow the account table', () => {
    expect(violations('DepositBooked', booked.data.postings)).toEqual([]);
    expect(violations('HoldPlaced', booked.data.postings)).toEqual([
      { account: 'world:sandbox', eventType: 'HoldPlaced', side: 'empties' },
      { account: 'wallet:buyer', eventType: 'HoldPlaced', side: 'fills' },
    ]);
  });
});
