import { accountCommands } from '../../src/commands/marketplace/account.ts';
import { depositCommands } from '../../src/commands/marketplace/deposit.ts';
import type { Account } from '../../src/domain/marketplace/account/state.ts';
import type { Deposit } from '../../src/domain/marketplace/deposit/state.ts';
import type { Stand } from '../../src/domain/shared/ledger.ts';
import type { Amounts } from '../../src/domain/shared/money.ts';
import type { Actor, Command } from '../../src/engine/decider.ts';
import type { Lookup } from '../../src/engine/facts.ts';
import type { Asked, Draw, Guide, Scene } from './arbitrary-histories.ts';
import { escrowGuide } from './market-escrow-guide.ts';

const plain = (id: string): Actor => ({ id, roles: [] });
const system: Actor = { id: 'system', roles: ['system'] };
const rail: Actor = { id: 'sandbox', roles: ['rail'] };
const treasurer: Actor = { id: 'tess', roles: ['treasurer'] };

const asked = (actor: Actor, ...commands: readonly Command[]): readonly Asked[] =>
  commands.map((command) => ({ actor, command }));

const moneyFrom = (draw: Draw) => ({
  currency: draw.pick(['USD', 'EUR']),
  amount: String(1 + draw.below(50)),
});

const account = accountCommands.of;

const numbered = (owner: string, mark: '#' | '!', draw: Draw) =>
  `${owner}${mark}${1 + draw.below(5)}`;

/** What leaves a wallet: holds for escrows and jobs, withdrawals, and the treasurer's freeze. */
const accountCommandsFor = ({ state: any, self: { id: owner }, draw }: Scene) => {
  const state = any as Account;
  const next = state.holdsPlaced + 2;
  const purpose = {
    stream: draw.pick(['escrow-E1', 'job-J1', `job-J${next}`, `job-J${next}`]),
    item: null,
  };
  const amounts = [moneyFrom(draw)];
  const holds = Object.keys(state.holds);
  const payouts = Object.keys(state.withdrawals);
  const reviews = holds.map((holdId) => account.ReviewHold({ holdId }));
  const railRef = draw.pick(['r1', 'r2']);
  const withdrawal = { money: moneyFrom(draw), rail: 'sandbox', destination: 'there' };
  const confirm = payouts.map((withdrawalId) =>
    account.ConfirmWithdrawal({ withdrawalId, railRef }),
  );
  const fail = payouts.map((withdrawalId) =>
    account.FailWithdrawal({ withdrawalId, reason: 'refused' }),
  );
  const starting =
    state.status === 'Open'
      ? [
          ...asked(plain(owner), account.PlaceHold({ purpose, amounts })),
          ...asked(plain(owner), account.RequestWithdrawal(withdrawal)),
          ...asked(system, account.PlaceHold({ purpose, amounts, consent: 'consent' })),
          ...asked(system, account.RequestWithdrawal(withdrawal)),
          ...(draw.percent(10) ? asked(treasurer, account.FreezeAccount({ reason: 'r' })) : []),
        ]
      : asked(treasurer, account.UnfreezeAccount({}));
  return {
    allowed: [
      ...starting,
      ...asked(plain(owner), ...reviews.slice(0, 2)),
      ...asked(system, ...reviews.slice(-2)),
      ...asked(rail, ...confirm.slice(0, 2), ...fail.slice(-2)),
    ],
    refused: [
      ...asked(plain(owner), account.PlaceHold({ purpose: { ...purpose, item: 'i' }, amounts })),
      ...asked(plain(owner), account.PlaceHold({ purpose })),
      ...asked(plain(owner), account.PlaceHold({ purpose, amounts, consent: 'consent' })),
      ...asked(
        plain(owner),
        account.PlaceHold({ purpose, amounts: [{ currency: 'XXX', amount: '1' }] }),
        account.RequestWithdrawal({ ...withdrawal, rail: 'other' }),
        account.RequestWithdrawal({ ...withdrawal, money: { currency: 'XXX', amount: '1' } }),
        account.ReviewHold({ holdId: numbered(owner, '#', draw) }),
        account.ReviewHold({ holdId: 'eve#1' }),
        account.FreezeAccount({ reason: 'r' }),
        account.UnfreezeAccount({}),
      ),
      ...asked(
        rail,
        account.ConfirmWithdrawal({ withdrawalId: numbered(owner, '!', draw), railRef }),
        account.FailWithdrawal({ withdrawalId: numbered(owner, '!', draw), reason: 'late' }),
      ),
      ...asked(plain('eve'), ...confirm, account.RequestWithdrawal(withdrawal), ...reviews),
      ...asked(treasurer, account.FreezeAccount({ reason: 'r' }), account.UnfreezeAccount({})),
    ],
  };
};

/** A settlement of a hold: some of what is left to another wallet and to the owner's own, now or for good. */
const settledOf = (left: Amounts, owner: string, draw: Draw): Stand => {
  const legs = left.flatMap(({ currency, amount }) =>
    BigInt(amount) < 2n
      ? []
      : ['wallet:bob', `wallet:${owner}`].map((to) => ({ to, money: { currency, amount: '1' } })),
  );
  return { type: 'Settled', legs: draw.percent(70) ? legs : [], final: draw.percent(60) };
};

const standFor = (command: Command, { state: any, self, draw }: Scene): Stand | undefined => {
  const { holds } = any as Account;
  const { holdId, amounts = null } = command.data as { holdId?: string; amounts?: Amounts };
  if (command.type === 'PlaceHold') {
    const awaited: Stand = { type: 'Awaited', payer: draw.pick([self.id, null]), amounts };
    return draw.percent(85) ? awaited : draw.pick([undefined, { type: 'Pending' } as const]);
  }
  const hold = holdId !== undefined && Object.hasOwn(holds, holdId) ? holds[holdId] : undefined;
  // Only a hold of which nothing has been settled is taken, refused or settled at once.
  if (hold !== undefined && hold.moved > 0) {
    const moved = Array.from({ length: hold.moved }, () => hold.amounts[0]!);
    const legs = moved.map(({ currency }) => ({
      to: 'wallet:bob',
      money: { currency, amount: '1' },
    }));
    return { type: 'Settled', legs, final: draw.percent(60) };
  }
  const settled = settledOf(hold?.left ?? [], self.id, draw);
  return draw.pick([settled, { type: 'Pending' }, { type: 'Taken' }, { type: 'Refused' }] as const);
};

const rich: Amounts = [
  { currency: 'EUR', amount: '1000000' },
  { currency: 'USD', amount: '1000000' },
];

const accountAnswer = (lookup: Lookup, command: Command, scene: Scene): unknown => {
  const { draw, self } = scene;
  if (lookup.kind === 'answer') return standFor(command, scene);
  if (lookup.kind !== 'row') return undefined;
  if (lookup.projection === 'ledgerHealth') {
    const row = draw.pick([undefined, { inDoubt: [] }, { inDoubt: [] }, { inDoubt: ['USD'] }]);
    return { row, position: '7', current: draw.percent(90) };
  }
  const credited = draw.percent(90) ? rich : rich.slice(0, 1);
  const row = draw.percent(95) ? { owner: self.id, credited } : undefined;
  return { row, position: '7', current: draw.percent(50) };
};

const accountGuide: Guide = {
  ids: ['ada'],
  commandsFor: accountCommandsFor,
  answer: accountAnswer,
};

const { RecordDeposit } = depositCommands.of;

/** One payment: recorded, reported again, reported differently. */
const depositCommandsFor = ({ state: any, self, draw }: Scene) => {
  const state = any as Deposit;
  const dot = self.id.indexOf('.');
  const name = { rail: self.id.slice(0, dot), ref: self.id.slice(dot + 1) };
  const isAdjustment = name.rail === 'adjustment';
  const note = isAdjustment ? 'by hand' : null;
  const deposit = { ...name, owner: draw.pick(['ada', 'bob']), money: moneyFrom(draw), note };
  const actor = isAdjustment ? treasurer : rail;
  const { status, ...booked } = state;
  const first = RecordDeposit(status === 'Recorded' && 'ref' in booked ? { ...booked } : deposit);
  return {
    allowed: asked(actor, first),
    refused: [
      ...asked(actor, RecordDeposit(deposit)),
      ...asked(actor, RecordDeposit({ ...deposit, money: { currency: 'XXX', amount: '1' } })),
      ...asked(actor, RecordDeposit({ ...deposit, ref: 'P9' })),
      ...asked(actor, RecordDeposit({ ...deposit, note: isAdjustment ? null : 'why' })),
      ...asked(isAdjustment ? rail : treasurer, RecordDeposit(deposit)),
      ...asked(plain('ada'), RecordDeposit(deposit)),
    ],
  };
};

const depositGuide: Guide = {
  ids: ['sandbox.P1', 'adjustment.A1', 'other.O1'],
  commandsFor: depositCommandsFor,
};

/** How each subsystem of the marketplace is led into all its statuses. */
export const marketGuides: Readonly<Record<string, Guide>> = {
  escrow: escrowGuide,
  account: accountGuide,
  deposit: depositGuide,
};
