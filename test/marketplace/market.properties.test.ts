import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { patience, retold, search, shrunkWithin } from '../support/arbitrary-runs.ts';
import { liveThrough } from '../support/market-life.ts';
import { sharing } from '../support/market-mortal-store.ts';
import { plans, type Move } from '../support/market-plans.ts';
import { marketWorld, type Ground } from '../support/market-world.ts';

/** What plans have to bring about, or they would prove nothing. */
const SOME_EVENTS = [
  'DepositBooked',
  'EscrowCancelled',
  'EscrowExpired',
  'FundsLocked',
  'FundsReleased',
  'HoldTaken',
  'MilestoneReleased',
  'PartReleased',
  'SettlementOffered',
  'WithdrawalFailed',
  'WithdrawalPaid',
];

/** Lives through random plans on a ground of its own each; a failure tells the seed, and all that was asked as lines. */
const aliveOn =
  (groundOf: () => Ground & { readonly clear?: () => void }, seen = new Set<string>()) =>
  async (plan: readonly Move[]): Promise<void> => {
    const ground = groundOf();
    const world = await marketWorld(ground);
    try {
      await liveThrough(world, plan);
      for (const type of world.books.types) seen.add(type);
    } catch (cause) {
      throw retold(world.story, cause);
    } finally {
      await world.end();
      ground.clear?.();
    }
  };

describe('a market, whatever is asked of it at once, however often it crashes and whenever its clock moves', () => {
  test(
    'marketplace E1, E2, E3, E5, E18, L1 to L6: keeps its books, on one engine in memory',
    async () => {
      const seen = new Set<string>();
      const alive = aliveOn(() => {
        const store = memoryStore();
        return { instances: 1, storeOf: () => store };
      }, seen);
      await fc.assert(fc.asyncProperty(plans, shrunkWithin(20_000, alive)), search(20));
      expect(SOME_EVENTS.filter((type) => !seen.has(type))).toEqual([]);
    },
    patience(60_000),
  );

  test(
    'marketplace L4: keeps its books, on two engines that share a log',
    async () => {
      const alive = aliveOn(() => {
        const log = memoryStore();
        const beside = [memoryStore(), memoryStore()];
        return { instances: 2, storeOf: (index) => sharing(log, beside[index]!) };
      });
      await fc.assert(fc.asyncProperty(plans, shrunkWithin(20_000, alive)), search(8));
    },
    patience(60_000),
  );

  test(
    'marketplace E1, E2, E3, E5, E18, L1 to L6: keeps its books, on SQLite',
    async () => {
      const alive = aliveOn(() => {
        const directory = mkdtempSync(path.join(tmpdir(), 'chancery-market-'));
        const store = sqliteStore(path.join(directory, 'market.db'));
        return {
          instances: 1,
          storeOf: () => store,
          clear: () => rmSync(directory, { recursive: true, force: true }),
        };
      });
      await fc.assert(fc.asyncProperty(plans, shrunkWithin(20_000, alive)), search(4));
    },
    patience(60_000),
  );
});
