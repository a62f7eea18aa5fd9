/**
 * A process of its own that kills itself: `node drill-process.ts DIRECTORY BANK-URL FILE [MOMENT]`. It runs a command file on the store of
 * a directory, with the bank at an address, and ends by kill -9 right after the moment named: an event type, once the event is
 * durable; `submit`, once the bank has paid and before its answer is heard; `answer`, once it is heard and before it is noted.
 */
import { join } from 'node:path';
import { payWithdrawals } from '../../src/adapters/rails/pay-withdrawals.ts';
import { sandboxHttpRail } from '../../src/adapters/rails/sandbox-bank/sandbox-http-rail.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { runFile } from '../../src/cli/run/run-file.ts';
import { sourceOf } from '../../src/cli/run/source.ts';
import { createEngine } from '../../src/create-engine.ts';
import type { PaymentRail } from '../../src/domain/shared/payment-rail.ts';
import { E, TE, pipe } from '../../src/engine/fp.ts';
import type { Store } from '../../src/engine/rows.ts';
import { subsystems } from '../../src/subsystems.ts';

const [directory = '', bankUrl = '', file = '', moment = ''] = process.argv.slice(2);

const die = (): void => void process.kill(process.pid, 'SIGKILL');

const killing = (inner: Store): Store => ({
  ...inner,
  open: (options) =>
    pipe(
      inner.open(options),
      TE.map((opened) => ({
        ...opened,
        events: {
          ...opened.events,
          append: (stream, expected, drafts) => async () => {
            const written = await opened.events.append(stream, expected, drafts)();
            if (E.isRight(written) && drafts.some(({ type }) => type === moment)) die();
            return written;
          },
        },
      })),
    ),
});

const paidAt = async (rail: PaymentRail, id: string): Promise<void> => {
  while ((await rail.lookUp(id)).type !== 'Paid') await new Promise((done) => setImmediate(done));
};

const killingRail = (rail: PaymentRail): PaymentRail => ({
  ...rail,
  submit: async (id) => {
    const sent = rail.submit(id);
    if (moment === 'submit') {
      await paidAt(rail, id);
      die();
    }
    const answers = await sent;
    if (moment === 'answer') die();
    return answers;
  },
});

const clock = virtualClock();
const source = await sourceOf(file, process.stdin);
const engine = await createEngine({
  store: killing(sqliteStore(join(directory, 'chancery.db'))),
  subsystems,
  effects: [payWithdrawals(killingRail(sandboxHttpRail(bankUrl)))],
  clock,
  instance: 'drill',
});
const print = (outcome: unknown): void => void process.stdout.write(`${JSON.stringify(outcome)}\n`);
await runFile(engine, source, { clock, until: undefined, print, isStopped: () => false });
await engine.close();
source.dispose();
