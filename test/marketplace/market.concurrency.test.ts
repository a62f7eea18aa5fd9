import fc from 'fast-check';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { accountCommands } from '../../src/commands/marketplace/account.ts';
import { depositCommands } from '../../src/commands/marketplace/deposit.ts';
import { escrowCommands } from '../../src/commands/marketplace/escrow.ts';
import type { Actor } from '../../src/engine/decider.ts';
import { patience, retold, runs, search } from '../support/arbitrary-runs.ts';
import { counting, sharing } from '../support/market-mortal-store.ts';
import { marketWorld, type Ground, type Line, type MarketWorld } from '../support/market-world.ts';

const of = escrowCommands.of;
const plain = (id: string): Actor => ({ id, roles: [] });
const rail: Actor = { id: 'sandbox', roles: ['rail'] };
const dollars = (amount: number) => ({ currency: 'USD', amount: String(amount) });

const one = (): Ground => {
  const store = memoryStore();
  return { instances: 1, storeOf: () => store };
};
const two = (): Ground => {
  const log = memoryStore();
  const beside = [memoryStore(), memoryStore()];
  return { instances: 2, storeOf: (index) => sharing(log, beside[index]!) };
};

const deposit = (ref: string, owner: string, amount: number): Line => ({
  stream: `deposit-sandbox.${ref}`,
  actor: rail,
  id: ref,
  command: depositCommands.of.RecordDeposit({
    rail: 'sandbox',
    ref,
    owner,
    money: dollars(amount),
    note: null,
  }),
});

let lines = 0;
const to = (stream: string, actor: string, command: Line['command']): Line => ({
  stream,
  actor: plain(actor),
  command,
  id: `line-${(lines += 1)}`,
});

/** An escrow of ada for bob with 100 USD in it, an offer of each, and, if wanted, a dispute. */
const fund = async (world: MarketWorld, isDisputed: boolean): Promise<void> => {
  const milestones = [{ title: 'all', amount: dollars(100) }];
  const terms = { buyer: 'ada', seller: 'bob', arbiter: { actor: 'judy' }, milestones };
  const purpose = { stream: 'escrow-E1', item: null };
  const steps = [
    deposit('P1', 'ada', 100),
    to('escrow-E1', 'ada', of.OpenEscrow({ terms })),
    to('escrow-E1', 'bob', of.AcceptTerms({ version: 1 })),
    to('account-ada', 'ada', accountCommands.of.PlaceHold({ purpose })),
    to('escrow-E1', 'bob', of.OfferSettlement({ refund: [dollars(40)] })),
    to('escrow-E1', 'ada', of.OfferSettlement({ refund: [dollars(60)] })),
    ...(isDisputed ? [to('escrow-E1', 'ada', of.RaiseDispute(complaint))] : []),
  ];
  for (const step of steps) {
    expect(await world.send([step])).toMatchObject([{ outcome: 'accepted' }]);
    await world.settle();
  }
};
const complaint = {
  reason: 'WrongItem' as const,
  claim: { type: 'RefundBuyer' as const },
  grounds: [],
};

const ruling = (outcome: Parameters<typeof of.SettleDispute>[0]['outcome']) =>
  to('escrow-E1', 'judy', of.SettleDispute({ outcome, grounds: [] }));

/** All ways in which somebody's word may close an escrow. */
const settlers: readonly (() => Line)[] = [
  () => to('escrow-E1', 'ada', of.ReleaseFunds({ milestone: 1 })),
  () => to('escrow-E1', 'bob', of.RefundBuyer({})),
  () => to('escrow-E1', 'ada', of.AcceptSettlement({ offerNo: 1 })),
  () => to('escrow-E1', 'bob', of.AcceptSettlement({ offerNo: 2 })),
  () => to('escrow-E1', 'ada', of.ConcedeDispute({})),
  () => to('escrow-E1', 'bob', of.ConcedeDispute({})),
  () => ruling({ type: 'RefundBuyer' }),
  () => ruling({ type: 'ReleaseSeller' }),
  () => ruling({ type: 'PartialRefund', refund: [dollars(30)] }),
  () => to('escrow-E1', 'ada', of.RaiseDispute(complaint)),
];

describe.each([
  ['on one engine', one],
  ['on two engines that share a log', two],
])('many at once, %s', (_, groundOf) => {
  test(
    'marketplace E3: of 16 settlers one settles, the others are refused or already so',
    async () => {
      const sixteen = fc.array(fc.constantFrom(...settlers), { minLength: 16, maxLength: 16 });
      await fc.assert(
        fc.asyncProperty(fc.boolean(), sixteen, async (isDisputed, chosen) => {
          const world = await marketWorld(groundOf());
          try {
            await fund(world, isDisputed);
            await world.audit();
            const answers = await world.send(chosen.map((settler) => settler()));
            const closing = (await world.audit()).filter(({ type }) =>
              ['FundsReleased', 'FundsRefunded', 'EscrowExpired'].includes(type),
            );
            expect(closing.length).toBeLessThanOrEqual(1);
            const accepted = answers.flatMap((answer) =>
              answer?.outcome === 'accepted' ? answer.events.map(({ type }) => type) : [],
            );
            expect(accepted.filter((type) => type !== 'DisputeRaised')).toEqual(
              closing.map(({ type }) => type),
            );
            const state = await world.escrow('E1');
            const isClosed = closing.length === 1;
            expect({ state, isClosed: 'closedAt' in state }).toMatchObject({ isClosed });
            await world.settle();
            await world.audit();
          } catch (cause) {
            throw retold(world.story, cause);
          } finally {
            await world.end();
          }
        }),
        search(12),
      );
    },
    patience(30_000),
  );

  test(
    'marketplace L5: one payment that all report at once is booked once',
    async () => {
      const world = await marketWorld(groundOf());
      const reports = Array.from({ length: 20 }, (__, index) => ({
        ...deposit('P1', 'ada', 100 + (index % 2)),
        id: `report-${index}`,
      }));
      const answers = await world.send(reports);
      expect((await world.audit()).filter(({ type }) => type === 'DepositBooked')).toHaveLength(1);
      expect(answers.filter((answer) => answer?.outcome === 'accepted')).toHaveLength(1);
      expect(answers.filter((answer) => answer?.outcome === 'granted')).toHaveLength(9);
      const conflict = { refusal: { type: 'DepositConflict', fields: ['money'] } };
      const refused = answers.filter((answer) => answer?.outcome === 'refused');
      expect(refused).toMatchObject(Array.from({ length: 10 }, () => conflict));
      await world.end();
    },
    patience(30_000),
  );

  test(
    'marketplace L4: withdrawals and holds that are asked for at once never take more than there is',
    async () => {
      const world = await marketWorld(groundOf());
      await fund(world, false);
      await world.send([deposit('P2', 'bob', 100)]);
      const order = { money: dollars(7), rail: 'sandbox', destination: 'there' };
      const wanted = Array.from({ length: 40 }, () =>
        to('account-bob', 'bob', accountCommands.of.RequestWithdrawal(order)),
      );
      const answers = await world.send(wanted);
      expect(answers.filter((answer) => answer?.outcome === 'accepted')).toHaveLength(14);
      await world.settle();
      await world.audit();
      expect(world.books.balances.of('wallet:bob USD')).toBe(2n);
      expect(world.books.balances.of('world:sandbox USD')).toBe(-(200n - 98n));
      await world.end();
    },
    patience(30_000),
  );
});

describe('one wallet', () => {
  test(
    'marketplace L8: 2,000 credits to it at once append nothing to its account and meet no conflict',
    async () => {
      const { store, appends, conflicts } = counting(memoryStore());
      const world = await marketWorld({ instances: 1, storeOf: () => store });
      const credits = runs(2_000);
      const before = appends();
      const answers = await world.send(
        Array.from({ length: credits }, (_, index) => deposit(`P${index}`, 'ada', 3)),
      );
      expect(answers.filter((answer) => answer?.outcome !== 'accepted')).toEqual([]);
      expect({ appends: appends() - before, conflicts: conflicts() }).toEqual({
        appends: credits,
        conflicts: 0,
      });
      expect(await world.engine().history('account-ada')).toEqual([]);
      const all = { money: dollars(3 * credits), rail: 'sandbox', destination: 'there' };
      const withdrawal = to('account-ada', 'ada', accountCommands.of.RequestWithdrawal(all));
      expect(await world.send([withdrawal])).toMatchObject([{ outcome: 'accepted', revision: 0 }]);
      await world.audit();
      await world.end();
    },
    patience(30_000),
  );
});
