import { lapsed } from '../../src/engine/decide.ts';
import type { Command } from '../../src/engine/decider.ts';
import { partsOf } from '../../src/engine/store.ts';
import type { Status } from '../../src/engine/subsystem.ts';
import { payWithdrawals } from '../../src/adapters/rails/pay-withdrawals.ts';
import type { Account } from '../../src/domain/marketplace/account/state.ts';
import type { Escrow } from '../../src/domain/marketplace/escrow/state.ts';
import type { PaymentRail, Payout, RailAnswer } from '../../src/domain/shared/payment-rail.ts';
import { openHolds, openWithdrawals } from '../../src/projections/marketplace/holds.ts';
import { trialBalance } from '../../src/projections/marketplace/ledger.ts';
import { subsystems } from '../../src/subsystems.ts';
import { marketBooks } from '../support/market-books.ts';
import { bunchOf, deals, endowment, owners, type View } from '../support/market-plans.ts';
import type { Log } from './log.ts';
import { calledOutside, type Reach } from './outside.ts';
import type { AtRest, Line, Scene, Workload } from './workload.ts';

type Payment = { readonly payout: Payout; state: 'prepared' | 'paid' | 'refused' };

/** A bank whose calls are answered when the scheduler says so, and fail before or after they have had their effect. */
const railFor =
  (payments: Map<string, Payment>) =>
  (reach: Reach): PaymentRail => {
    const answer = (id: string): RailAnswer => {
      const state = payments.get(id)?.state;
      if (state === 'paid') return { type: 'Paid', railRef: `rail-${id}` };
      if (state === 'refused') return { type: 'NotSent', reason: 'refused' };
      return { type: 'Unknown' };
    };
    return {
      name: 'sandbox',
      incoming: async () => [],
      prepare: async (payout) => {
        await calledOutside(reach, `prepare ${payout.withdrawalId}`, () => {
          if (payments.has(payout.withdrawalId)) return;
          payments.set(payout.withdrawalId, { payout, state: 'prepared' });
        });
      },
      submit: (id) =>
        calledOutside(reach, `submit ${id}`, () => {
          const payment = payments.get(id)!;
          const isRefused = payment.payout.destination === 'fault:refuse';
          payment.state = isRefused ? 'refused' : 'paid';
          return [answer(id)];
        }),
      lookUp: (id) => calledOutside(reach, `look up ${id}`, () => answer(id)),
    };
  };

/** A stream's state with what time alone has caused by now. */
const stateOf = (log: Log, stream: `${string}-${string}`, at: number): Status => {
  const subsystem = log.subsystemOf(stream)!;
  const self = { stream, id: partsOf(stream)!.id, instance: 'simulation' };
  return lapsed(subsystem, log.state(stream), { at, self }).state;
};

/** The first escrow of a kind of deal that is not over. */
const underWay = (log: Log, kind: string, at: number) => {
  for (let number = 1; ; number += 1) {
    const id = `${kind}${number}`;
    const state = stateOf(log, `escrow-${id}`, at) as Escrow;
    if (!('closedAt' in state)) return { id, state };
  }
};

const viewOf = ({ log, now }: Scene, books: ReturnType<typeof marketBooks>): View => ({
  at: now,
  escrows: Object.fromEntries(Object.keys(deals).map((kind) => [kind, underWay(log, kind, now)])),
  accounts: Object.fromEntries(
    owners.map((owner) => [owner, stateOf(log, `account-${owner}`, now) as Account]),
  ),
  balance: (owner, currency) => books.balances.of(`wallet:${owner} ${currency}`),
  bunch: 0,
  sent: [],
  lost: [],
});

/** Folds what is new in the log into the books, which break at the first event that breaks a rule of the market. */
const keptBooks = () => {
  const books = marketBooks();
  let folded = 0;
  return (log: Log) => {
    for (const envelope of log.events.slice(folded)) books.apply(envelope);
    folded = log.events.length;
    return books;
  };
};

const ALL = { limit: 10_000 };

/** All clocks have run out: the books are right, every deal is over, nothing is held or on its way (marketplace E1, L1 to L6). */
const check = async (
  { log, engines }: AtRest,
  books: ReturnType<typeof marketBooks>,
): Promise<void> => {
  for (const id of books.deals.keys()) {
    const { status, ...rest } = log.state(`escrow-${id}`);
    if (!('closedAt' in rest)) throw new Error(`E4: escrow ${id} stays ${status} for ever`);
  }
  for (const engine of engines) {
    for (const open of [
      await engine.query(openHolds).page(ALL),
      await engine.query(openWithdrawals).page(ALL),
    ]) {
      if (open.length > 0) throw new Error(`L3: ${JSON.stringify(open[0])} stays open for ever`);
    }
    for (const { row } of await engine.query(trialBalance).page(ALL)) {
      if (row.difference !== '0') throw new Error(`L1: ${JSON.stringify(row)}`);
    }
  }
};

export const marketWorkload = (): Workload => {
  const booksOf = keptBooks();
  const rail = railFor(new Map());
  const first = [...endowment];
  return {
    name: 'market',
    commands: [30, 70, 140],
    subsystems,
    effects: (reach) => [payWithdrawals(rail(reach))],
    line: (scene): Omit<Line, 'id'> => {
      const start = first.shift();
      if (start !== undefined) return start;
      const view = viewOf(scene, booksOf(scene.log));
      const focus = scene.chance.pick([null, null, ...Object.keys(deals)]);
      const seeds = [scene.chance.int(0, 2 ** 31 - 1)];
      return bunchOf({ do: 'bunch', seeds, focus }, view)[0]!;
    },
    altered: (): Command | undefined => undefined,
    follows: () => [],
    hopeless: [],
    check: (world) => check(world, booksOf(world.log)),
  };
};
