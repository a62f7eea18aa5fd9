import { account, accountCommands } from '../../src/commands/marketplace/account.ts';
import { accountEvents } from '../../src/domain/marketplace/account/events.ts';
import { RECEIPTS } from '../../src/domain/marketplace/account/state.ts';
import { violations } from '../../src/domain/shared/account-table.ts';
import { E } from '../../src/engine/fp.ts';
import { given } from '../../src/testing/given.ts';
import { settings, usd } from './support/books.ts';

const {
  RequestWithdrawal,
  ConfirmWithdrawal,
  FailWithdrawal,
  FreezeAccount,
  UnfreezeAccount,
  PlaceHold,
} = accountCommands.of;
const { WithdrawalRequested, WithdrawalPaid, WithdrawalFailed, AccountFrozen, AccountUnfrozen } =
  accountEvents.of;

const self = { stream: 'account-artist', id: 'artist' } as const;
const system = { id: 'system', roles: ['system'] };
const rail = { id: 'sandbox', roles: ['rail'] };
const treasurer = { id: 'tess', roles: ['treasurer'] };

const money = { currency: 'USD', amount: '7020' };
const order = { money, rail: 'sandbox', destination: 'iban-1' };
const health = (inDoubt: readonly string[] | undefined, current = true) => ({
  row: inDoubt && { inDoubt },
  position: '9',
  current,
});
const credited = {
  row: { owner: 'artist', credited: usd(7020) },
  position: '7',
  current: true,
};
const facts = { settings, credited, health: health([]) };
const by = (actor: string | typeof system, more: object = {}) => ({
  actor,
  self,
  facts: { ...facts, ...more },
});

const requested = WithdrawalRequested({
  withdrawalId: 'artist!1',
  ...order,
  creditedSeen: usd(7020),
  postings: [{ from: 'wallet:artist', to: 'payout:artist!1', money }],
});
const confirm = { withdrawalId: 'artist!1', railRef: 'sandbox-artist!1' };
const paid = WithdrawalPaid({
  ...confirm,
  railFee: null,
  postings: [{ from: 'payout:artist!1', to: 'world:sandbox', money }],
});
const failed = WithdrawalFailed({
  withdrawalId: 'artist!1',
  reason: 'no such account',
  postings: [{ from: 'payout:artist!1', to: 'wallet:artist', money }],
});
const frozen = AccountFrozen({ reason: 'court order' });

describe('an owner who withdraws', () => {
  test('orders a payment by a rail', () => {
    given(account).when(RequestWithdrawal(order), by('artist')).then(requested);
    given(account)
      .when(RequestWithdrawal(order), by('artist', { health: health(undefined) }))
      .then(requested);
  });

  test('is the owner, or the system by a standing order', () => {
    given(account).when(RequestWithdrawal(order), by(system)).then(requested);
    for (const actor of ['eve', rail, treasurer]) {
      given(account)
        .when(RequestWithdrawal(order), by(actor))
        .thenRefuses({ type: 'NotPermitted', actor: typeof actor === 'string' ? actor : actor.id });
    }
  });

  test('marketplace L4: has nothing left to withdraw a second time', () => {
    given(account, requested)
      .when(RequestWithdrawal(order), by('artist'))
      .thenRefuses({ type: 'InsufficientFunds', missing: usd(7020), asOf: '7' });
    given(account, requested, paid)
      .when(RequestWithdrawal(order), by('artist'))
      .thenRefuses({ type: 'InsufficientFunds', missing: usd(7020), asOf: '7' });
  });

  test('marketplace L2: is not told to lack more than is asked for where credits are seen late', () => {
    const behind = { ...credited, row: undefined };
    given(account, requested)
      .when(RequestWithdrawal({ ...order, money: usd(1)[0]! }), by('artist', { credited: behind }))
      .thenRefuses({ type: 'InsufficientFunds', missing: usd(1), asOf: '7' });
  });

  test('names a known currency and a configured rail, in this order', () => {
    const odd = { ...order, rail: 'adjustment', money: { currency: 'ZZZ', amount: '1' } };
    given(account)
      .when(RequestWithdrawal(odd), by('artist'))
      .thenRefuses({ type: 'UnknownCurrency', currency: 'ZZZ' });
    for (const unknown of ['nowhere', 'adjustment']) {
      given(account)
        .when(RequestWithdrawal({ ...order, rail: unknown }), by('artist'))
        .thenRefuses({ type: 'RailUnknown', rail: unknown });
    }
  });

  test.each([
    ['stopped', health([], false)],
    ['wrong in another currency', health(['EUR'])],
  ])('marketplace L7: is refused while the books are %s, and nobody else is', (_, doubt) => {
    given(account)
      .when(RequestWithdrawal(order), by('artist', { health: doubt }))
      .thenRefuses({ type: 'LedgerInDoubt', asOf: '9' });
    const stand = { type: 'Awaited', payer: null, amounts: usd(7020) };
    const { decided } = given(account).when(
      PlaceHold({ purpose: { stream: 'escrow-E1', item: null } }),
      by('artist', { health: doubt, stand }),
    );
    expect(E.isRight(decided)).toBe(true);
    given(account, requested).when(ConfirmWithdrawal(confirm), by(rail)).then(paid);
  });

  test('has at most 64 payouts under way', () => {
    const many = Array.from({ length: 64 }, (_, index) =>
      WithdrawalRequested({
        ...requested.data,
        withdrawalId: `artist!${index + 1}`,
        money: usd(1)[0]!,
      }),
    );
    given(account, ...many)
      .when(RequestWithdrawal(order), by('artist'))
      .thenRefuses({ type: 'TooMany', what: 'payouts', limit: 64 });
  });

  test('marketplace L11: starts nothing while frozen', () => {
    for (const actor of ['artist', 'eve', system]) {
      given(account, frozen)
        .when(RequestWithdrawal(order), by(actor))
        .thenRefuses({ type: 'StatusForbids', status: 'Frozen' });
    }
  });
});

const pay = (n: number) =>
  WithdrawalPaid({ ...paid.data, withdrawalId: `artist!${n}`, railRef: `r${n}` });

describe('a withdrawal under way', () => {
  test('marketplace L6: is paid once, by the word of the rail', () => {
    given(account, requested).when(ConfirmWithdrawal(confirm), by(rail)).then(paid);
    given(account, requested, paid).when(ConfirmWithdrawal(confirm), by(rail)).then();
    given(account, requested, paid).when(ConfirmWithdrawal(confirm), by('eve')).then();
    given(account, requested, paid)
      .when(ConfirmWithdrawal({ ...confirm, railRef: 'other' }), by(rail))
      .thenRefuses({ type: 'WithdrawalNotOpen' });
  });

  test('marketplace L6: gives its money back if surely nothing went out', () => {
    const fail = FailWithdrawal({ withdrawalId: 'artist!1', reason: 'no such account' });
    given(account, requested).when(fail, by(rail)).then(failed);
    expect(given(account, requested, failed).state).toMatchObject({ spent: [], withdrawals: {} });
    for (const past of [[], [requested, failed], [requested, paid]]) {
      given(account, ...past)
        .when(fail, by(rail))
        .thenRefuses({ type: 'WithdrawalNotOpen' });
    }
    given(account, requested, failed)
      .when(ConfirmWithdrawal(confirm), by(rail))
      .thenRefuses({ type: 'WithdrawalNotOpen' });
  });

  test("is the rail's to answer, and no other's; not even the owner's", () => {
    for (const actor of ['artist', system, treasurer]) {
      const id = typeof actor === 'string' ? actor : actor.id;
      given(account, requested)
        .when(ConfirmWithdrawal(confirm), by(actor))
        .thenRefuses({ type: 'NotPermitted', actor: id });
      given(account, requested)
        .when(FailWithdrawal({ withdrawalId: 'artist!1', reason: 'x' }), by(actor))
        .thenRefuses({ type: 'NotPermitted', actor: id });
    }
  });

  test("is not open under another owner's id", () => {
    given(account, requested)
      .when(ConfirmWithdrawal({ ...confirm, withdrawalId: 'seller!1' }), by(rail))
      .thenRefuses({ type: 'WithdrawalNotOpen' });
  });

  test('marketplace L11: ends also while the account is frozen', () => {
    given(account, requested, frozen).when(ConfirmWithdrawal(confirm), by(rail)).then(paid);
    given(account, requested, frozen)
      .when(FailWithdrawal({ withdrawalId: 'artist!1', reason: 'no such account' }), by(rail))
      .then(failed);
  });

  test('leaves a receipt that is remembered for the next thousand payments', () => {
    const all = Array.from({ length: RECEIPTS + 1 }, (_, index) => pay(index + 1));
    const { paid: receipts } = given(account, ...all).state;
    expect(Object.keys(receipts)).toHaveLength(RECEIPTS);
    expect(receipts['artist!1']).toBeUndefined();
  });

  test('marketplace L1: every event of it follows the account table', () => {
    for (const { type, data } of [requested, paid, failed]) {
      expect(violations(type, data.postings)).toEqual([]);
    }
  });
});

describe('a treasurer', () => {
  test('freezes and unfreezes; already so is said to anybody', () => {
    const freeze = FreezeAccount({ reason: 'court order' });
    given(account).when(freeze, by(treasurer)).then(frozen);
    given(account, frozen).when(freeze, by('eve')).then();
    given(account, frozen).when(UnfreezeAccount({}), by(treasurer)).then(AccountUnfrozen({}));
    given(account).when(UnfreezeAccount({}), by('eve')).then();
    given(account)
      .when(freeze, by('artist'))
      .thenRefuses({ type: 'NotPermitted', actor: 'artist' });
    given(account, frozen)
      .when(UnfreezeAccount({}), by(rail))
      .thenRefuses({ type: 'NotPermitted', actor: 'sandbox' });
  });

  test('changes nothing of what the account knows', () => {
    const { state } = given(account, requested, frozen);
    expect(state).toEqual({ ...given(account, requested).state, status: 'Frozen' });
    expect(given(account, requested, frozen, AccountUnfrozen({})).state).toEqual(
      given(account, requested).state,
    );
  });
});
