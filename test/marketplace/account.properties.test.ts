import fc from 'fast-check';
import {
  account,
  accountCommands,
  type AccountCommand,
} from '../../src/commands/marketplace/account.ts';
import { accountEvents, type AccountEvent } from '../../src/domain/marketplace/account/events.ts';
import { accountMachine, type Account } from '../../src/domain/marketplace/account/state.ts';
import { violations } from '../../src/domain/shared/account-table.ts';
import type { Posting, Stand } from '../../src/domain/shared/ledger.ts';
import { plus, type Amounts } from '../../src/domain/shared/money.ts';
import { settle } from '../../src/engine/decide.ts';
import type { Context } from '../../src/engine/decider.ts';
import { E } from '../../src/engine/fp.ts';
import { targets } from '../../src/engine/machine.ts';
import { recounted, settings } from './support/books.ts';

const of = accountCommands.of;
const self = { stream: 'account-ann', id: 'ann', instance: 'test' } as const;
const everyRole = { id: 'ann', roles: ['system', 'rail', 'treasurer'] };
const context: Context = { at: 0, actor: everyRole, self, lapsed: 0 };

const currency = fc.constantFrom('USD', 'EUR');
const units = fc.integer({ min: 1, max: 50 }).map(String);
const money = fc.record({ currency, amount: units });
const amounts = money.map((one): Amounts => [one]);
const number = fc.integer({ min: 1, max: 4 });
const purpose = fc
  .constantFrom('escrow-1', 'job-1', 'job-2')
  .map((stream) => ({ stream, item: null }));

const stand: fc.Arbitrary<Stand['type']> = fc.constantFrom(
  'Awaited',
  'Pending',
  'Taken',
  'Refused',
  'Settled',
);
const weighted = (weight: number, arbitrary: fc.Arbitrary<AccountCommand>) => ({
  weight,
  arbitrary,
});
const command = fc.oneof(
  weighted(
    6,
    fc.record({ purpose, amounts }).map((data) => of.PlaceHold(data)),
  ),
  weighted(
    6,
    number.map((n) => of.ReviewHold({ holdId: `ann#${n}` })),
  ),
  weighted(
    6,
    money.map((some) => of.RequestWithdrawal({ money: some, rail: 'sandbox', destination: 'd' })),
  ),
  weighted(
    3,
    number.map((n) => of.ConfirmWithdrawal({ withdrawalId: `ann!${n}`, railRef: 'r' })),
  ),
  weighted(
    3,
    number.map((n) => of.FailWithdrawal({ withdrawalId: `ann!${n}`, reason: 'r' })),
  ),
  weighted(2, fc.constant(of.UnfreezeAccount({}))),
  weighted(1, fc.constant(of.FreezeAccount({ reason: 'r' }))),
);
type Step = {
  readonly credit: Amounts;
  readonly command: AccountCommand;
  readonly stand: Stand['type'];
  readonly part: number;
  readonly stale: number;
};
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    credit: fc.oneof(fc.constant<Amounts>([]), amounts, amounts),
    command,
    stand,
    part: fc.integer({ min: 0, max: 3 }),
    stale: fc.nat(5),
  }),
  { minLength: 20, maxLength: 60 },
);

/** What the purpose says: a settlement pays part of what is held to others and to the owner. */
const saying = (
  type: Stand['type'],
  part: number,
  state: Account,
  asked: AccountCommand,
): Stand => {
  if (type === 'Awaited') return { type, payer: 'ann', amounts: null };
  if (type !== 'Settled') return { type };
  const hold = asked.type === 'ReviewHold' ? state.holds[asked.data.holdId] : undefined;
  const legs = (hold?.amounts ?? []).flatMap(({ currency: code, amount }) =>
    BigInt(amount) < 2n || part === 0
      ? []
      : [
          { to: 'wallet:bob', money: { currency: code, amount: '1' } },
          { to: 'wallet:ann', money: { currency: code, amount: '1' } },
        ],
  );
  return { type, legs, final: part !== 1 };
};

const decideWith = (asked: AccountCommand, state: Account, stood: Stand, credited: Amounts) =>
  settle(account.decide(asked, state, context), {
    settings,
    stand: stood,
    credited: { row: { owner: 'ann', credited }, position: '0', current: false },
    health: { row: undefined, position: '0', current: true },
  });

type Walked = {
  readonly asked: AccountCommand;
  readonly state: Account;
  readonly stood: Stand;
  readonly credits: readonly Amounts[];
  readonly events: readonly AccountEvent[];
};

const postingsOf = ({ data }: AccountEvent): readonly Posting[] =>
  'postings' in data ? data.postings : [];

const unitsOf = (some: Amounts | undefined, code: string): bigint =>
  BigInt(some?.find((one) => one.currency === code)?.amount ?? '0');

/** No account but the world's is below zero, and the wallet has what came less what was spent. */
const expectRight = (postings: readonly Posting[], credited: Amounts, { spent }: Account): void => {
  const balances = recounted(postings);
  const below = [...balances].filter(([key, balance]) => balance < 0n && !key.startsWith('world:'));
  expect(below).toEqual([]);
  for (const code of ['USD', 'EUR']) {
    const wallet = balances.get(`wallet:ann/${code}`) ?? 0n;
    expect(wallet).toBe(unitsOf(credited, code) - unitsOf(spent, code));
  }
};

const expectDeclared = (before: Account, { type }: AccountEvent, after: Account): void =>
  expect(targets(accountMachine, before.status, type)).toContain(after.status);

/** Asks step by step, each time with a total of credits that may be several steps old. */
const walk = (history: readonly Step[], check: (step: Walked) => void): void => {
  let state = account.initial;
  const credits: Amounts[] = [[]];
  const postings: Posting[] = [];
  for (const { credit, command: asked, stand: type, part, stale } of history) {
    credits.push(plus(credits.at(-1)!, credit));
    const from = 'world:sandbox';
    postings.push(...credit.map((some) => ({ from, to: 'wallet:ann', money: some })));
    const stood = saying(type, part, state, asked);
    const seen = credits[Math.max(0, credits.length - 1 - stale)]!;
    const decided = decideWith(asked, state, stood, seen);
    const events = E.isRight(decided) ? decided.right : [];
    check({ asked, state, stood, credits, events });
    for (const event of events) {
      const next = account.evolve(state, event);
      expectDeclared(state, event, next);
      state = next;
      postings.push(...postingsOf(event));
    }
    expectRight(postings, credits.at(-1)!, state);
  }
};

const withoutSeen = (events: readonly AccountEvent[]) =>
  events.map(({ type, data }) => ({ type, data: { ...data, creditedSeen: undefined } }));

describe('an account, whatever is asked of it and however late it hears of credits', () => {
  test('marketplace E2, L4: is never overdrawn, and its wallet is what came less what was spent', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(steps, (history) =>
        walk(history, ({ events }) => events.forEach(({ type }) => seen.add(type))),
      ),
      { numRuns: 200 },
    );
    expect([...seen].toSorted()).toEqual(Object.keys(accountEvents.payloads).toSorted());
  });

  test('marketplace L2: with any older total it refuses, or decides as with the latest', () => {
    fc.assert(
      fc.property(steps, (history) =>
        walk(history, ({ asked, state, stood, credits }) => {
          const latest = decideWith(asked, state, stood, credits.at(-1) ?? []);
          for (const older of credits) {
            const decided = decideWith(asked, state, stood, older);
            if (E.isLeft(decided)) continue;
            expect(E.isRight(latest) && withoutSeen(latest.right)).toEqual(
              withoutSeen(decided.right),
            );
          }
        }),
      ),
      { numRuns: 50 },
    );
  });

  test('marketplace L1, L2: records what it saw, in events that follow the account table and can be read again', () => {
    fc.assert(
      fc.property(steps, (history) =>
        walk(history, ({ events }) => {
          for (const event of events) {
            const data: unknown = JSON.parse(JSON.stringify(event.data));
            expect(accountEvents.decode({ type: event.type, version: 1, data })).toEqual(
              E.right(event),
            );
            expect(violations(event.type, postingsOf(event))).toEqual([]);
          }
        }),
      ),
      { numRuns: 100 },
    );
  });

  test('folds the same on a draft of its own as step by step', () => {
    fc.assert(
      fc.property(steps, (history) => {
        const past: AccountEvent[] = [];
        walk(history, ({ events }) => past.push(...events));
        const live = past.reduce<Account>(
          (state, event) => account.evolve(state, event),
          account.initial,
        );
        const own = structuredClone(account.initial);
        const folded = past.reduce<Account>(
          (state, event) => account.evolve.owned(state, event),
          own,
        );
        expect(folded).toEqual(live);
      }),
      { numRuns: 50 },
    );
  });
});
