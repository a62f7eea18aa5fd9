import fc from 'fast-check';
import { accountCommands } from '../../src/commands/marketplace/account.ts';
import { depositCommands } from '../../src/commands/marketplace/deposit.ts';
import type { Account } from '../../src/domain/marketplace/account/state.ts';
import type { Escrow } from '../../src/domain/marketplace/escrow/state.ts';
import { totalOf } from '../../src/domain/marketplace/escrow/terms.ts';
import type { Actor } from '../../src/engine/decider.ts';
import { drawFrom, type Asked, type Draw } from './arbitrary-histories.ts';
import { escrowCommandsFor, type Cast } from './market-escrow-guide.ts';
import type { Line } from './market-world.ts';

const DAY = 86_400_000;
const common = { arbiter: 'judy', units: [1, 7, 100, 900], waits: [DAY, 7 * DAY] };

/** Three kinds of deals among five people; when one is over the next of its kind begins. The platform takes the fees. */
export const deals: Readonly<Record<string, Cast>> = {
  A: { ...common, buyer: 'ada', seller: 'bob', payees: ['cyd', 'dan'] },
  B: { ...common, buyer: 'bob', seller: 'ada', payees: ['eve'] },
  C: { ...common, buyer: 'ada', seller: 'cyd', payees: ['bob', 'dan', 'eve'] },
};
const people = ['ada', 'bob', 'cyd', 'dan', 'eve'] as const;
export const owners = [...people, 'platform'];

/** What is done next to the market. */
export type Move =
  | { readonly do: 'bunch'; readonly seeds: readonly number[]; readonly focus: string | null }
  | { readonly do: 'settle' }
  /** Runs until a deadline, just before or just after it, or for a while; or sleeps until then: nobody notices what falls due. */
  | { readonly do: 'run' | 'sleep'; readonly seed: number; readonly offset: -1 | 0 | 1 | null }
  | {
      readonly do: 'die';
      readonly engine: number;
      readonly appends: number;
      readonly isWritten: boolean;
    }
  | { readonly do: 'reopen' };

const seed = fc.nat();
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('bunch' as const),
      seeds: fc.array(seed, { minLength: 2, maxLength: 8, size: 'max' }),
      focus: fc.constantFrom(null, null, ...Object.keys(deals)),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('settle' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('run' as const, 'run' as const, 'run' as const, 'sleep' as const),
      seed,
      offset: fc.constantFrom(-1 as const, 0 as const, 1 as const, null, null, null),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('die' as const),
      engine: fc.nat(1),
      appends: fc.nat(6),
      isWritten: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
);

/** Plans of 60 to 200 commands or so. */
export const plans: fc.Arbitrary<readonly Move[]> = fc.noBias(
  fc.array(move, { minLength: 25, maxLength: 70, size: 'max' }),
);

/** All that commands are made of: the market as it stands. */
export type View = {
  readonly at: number;
  /** Of each kind of deal the escrow that is under way: its id, and how it stands. */
  readonly escrows: Readonly<Record<string, { readonly id: string; readonly state: Escrow }>>;
  readonly accounts: Readonly<Record<string, Account>>;
  /** What each owner has, per currency. */
  readonly balance: (owner: string, currency: string) => bigint;
  /** How many bunches were sent before, and which commands. */
  readonly bunch: number;
  readonly sent: readonly Line[];
  /** Those of them that nobody has answered: their process died. */
  readonly lost: readonly Line[];
};

const account = accountCommands.of;
const { RecordDeposit } = depositCommands.of;

const plain = (id: string): Actor => ({ id, roles: [] });
const rail: Actor = { id: 'sandbox', roles: ['rail'] };
const treasurer: Actor = { id: 'tess', roles: ['treasurer'] };

type Addressed = Asked & { readonly stream: string };
const to = (stream: string, actor: Actor, command: Asked['command']): Addressed => ({
  stream,
  actor,
  command,
});

const deposit = (draw: Draw): Addressed => {
  const ref = `P${draw.below(25)}`;
  const amount = draw.pick(['1', '500', '5000', '20000', '20000', '20000']);
  const owner = draw.pick(['ada', 'ada', 'bob', 'bob', ...people]);
  const money = { currency: draw.pick(['USD', 'USD', 'EUR']), amount };
  const payment = { rail: 'sandbox', ref, owner, money, note: null };
  return to(
    `deposit-sandbox.${ref}`,
    draw.percent(95) ? rail : plain(owner),
    RecordDeposit(payment),
  );
};

/** Sets money aside for a deal that awaits it, or tries to. */
export const asksForHold = (view: View, draw: Draw): Addressed => {
  const awaiting = Object.values(view.escrows).flatMap(({ id, state }) =>
    state.status === 'Agreed' ? [{ id, terms: state.terms }] : [],
  );
  const found = awaiting.length > 0 && draw.percent(90) ? draw.pick(awaiting) : undefined;
  const id = found?.id ?? draw.pick([...Object.values(view.escrows).map((each) => each.id), 'E9']);
  const buyer = found?.terms.buyer ?? draw.pick(people);
  const purpose = { stream: `escrow-${id}`, item: draw.percent(95) ? null : 'part' };
  const amounts = found && draw.percent(80) ? totalOf(found.terms) : undefined;
  const actor = plain(draw.percent(95) ? buyer : draw.pick(people));
  return to(
    `account-${buyer}`,
    actor,
    account.PlaceHold({ purpose, ...(amounts === undefined ? {} : { amounts }) }),
  );
};

const destinations = ['there', 'fault:lost', 'fault:double', 'fault:timeout', 'fault:refuse'];

const withdrawal = ({ balance }: View, draw: Draw): Addressed => {
  const owner = draw.pick(owners);
  const currency = draw.pick(['USD', 'USD', 'EUR']);
  const has = balance(owner, currency);
  const amount = draw.pick([has, has, has / 2n, has / 3n, has + 1n, 1n]);
  const money = { currency, amount: String(amount > 0n ? amount : 1n) };
  const order = { money, rail: 'sandbox', destination: draw.pick(destinations) };
  const actor = plain(draw.percent(95) ? owner : draw.pick(people));
  return to(`account-${owner}`, actor, account.RequestWithdrawal(order));
};

const upkeep = ({ accounts }: View, draw: Draw): Addressed => {
  const owner = draw.pick(owners);
  const state = accounts[owner];
  const stream = `account-${owner}`;
  const holdId = `${owner}#${1 + draw.below(3)}`;
  const number = 1 + draw.below(4);
  const withdrawalId = `${owner}!${number}`;
  const isClosed =
    state !== undefined &&
    number <= state.withdrawalsRequested &&
    !Object.hasOwn(state.withdrawals, withdrawalId);
  return draw.pick([
    to(stream, plain(owner), account.ReviewHold({ holdId })),
    to(stream, plain(owner), account.ReviewHold({ holdId })),
    to(stream, plain(owner), account.ConfirmWithdrawal({ withdrawalId, railRef: 'mine' })),
    // A rail's word is believed: only what is over is reported again, and differently.
    ...(isClosed
      ? [to(stream, rail, account.FailWithdrawal({ withdrawalId, reason: 'late' }))]
      : []),
    state?.status === 'Frozen' && draw.percent(80)
      ? to(stream, treasurer, account.UnfreezeAccount({}))
      : to(
          stream,
          draw.percent(30) ? treasurer : plain(owner),
          account.FreezeAccount({ reason: 'r' }),
        ),
  ]);
};

/** A command to an escrow that is under way, of one kind of deal or of any. */
export const escrowLine = (view: View, draw: Draw, focus: string | null = null): Addressed => {
  const kind = focus ?? draw.pick(Object.keys(deals));
  const { id, state } = view.escrows[kind]!;
  const { allowed, refused } = escrowCommandsFor(state, { at: view.at, draw, deal: deals[kind]! });
  // Nobody outside may come as the system: two in a hundred try.
  const honest = (some: readonly Asked[]) =>
    some.filter(({ actor }) => !actor.roles.includes('system') || draw.percent(2));
  const wanted = honest(draw.percent(85) ? allowed : refused);
  if (wanted.length === 0) return asksForHold(view, draw);
  const { actor, command } = draw.pick(wanted);
  return to(`escrow-${id}`, actor, command);
};

/** What buyers have from the beginning: enough for some deals. */
export const endowment: readonly Line[] = ['ada', 'bob'].flatMap((owner) =>
  ['USD', 'EUR'].map((currency) => {
    const ref = `${owner}-${currency}`;
    const payment = {
      rail: 'sandbox',
      ref,
      owner,
      money: { currency, amount: '5000' },
      note: null,
    };
    return { ...to(`deposit-sandbox.${ref}`, rail, RecordDeposit(payment)), id: ref };
  }),
);

const freshLine = (view: View, draw: Draw, focus: string | null): Addressed => {
  const isAgreed = Object.values(view.escrows).some(({ state }) => state.status === 'Agreed');
  const chosen = draw.below(100);
  if (focus !== null && chosen < 80) return escrowLine(view, draw, focus);
  if (chosen < (isAgreed ? 25 : 5)) return asksForHold(view, draw);
  if (chosen < 70) return escrowLine(view, draw);
  if (chosen < 85) return deposit(draw);
  if (chosen < 94) return withdrawal(view, draw);
  return upkeep(view, draw);
};

/** The commands of a bunch, each made of a number and the market as it stands; some are sent again, even twice at once. */
export const bunchOf = (
  { seeds, focus }: Extract<Move, { readonly do: 'bunch' }>,
  view: View,
): readonly Line[] => {
  const lines: Line[] = [];
  for (const [index, number] of seeds.entries()) {
    const draw = drawFrom(number);
    const [isLost, isAgain] = [draw.percent(30), draw.percent(8)];
    const again = isLost && view.lost.length > 0 ? view.lost : [...view.sent, ...lines];
    const repeats = (isLost && view.lost.length > 0) || (isAgain && again.length > 0);
    const id = `c${view.bunch}.${index}`;
    lines.push(repeats ? draw.pick(again) : { ...freshLine(view, draw, focus), id });
  }
  return lines;
};
