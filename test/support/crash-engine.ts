import { join } from 'node:path';
import { payWithdrawals } from '../../src/adapters/rails/pay-withdrawals.ts';
import { sandboxRail } from '../../src/adapters/rails/sandbox-bank/sandbox-rail.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { createEngine } from '../../src/create-engine.ts';
import type { Clock } from '../../src/engine/clock.ts';
import { subsystems } from '../../src/subsystems.ts';

/** The live market on the files of a directory, with its bank. */
export const crashEngine = async (directory: string, clock: Clock) => {
  const bank = sandboxRail(join(directory, 'bank.db'));
  const engine = await createEngine({
    store: sqliteStore(join(directory, 'chancery.db')),
    subsystems,
    effects: [payWithdrawals(bank)],
    clock,
  });
  return { engine, bank };
};
