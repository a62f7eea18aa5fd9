/**
 * A process of its own that kills itself: `node receiver-process.ts DIRECTORY BANK-URL [MOMENT N]`. It receives what has come in at the bank
 * into the store of a directory, and ends by kill -9 at the N-th time of the moment named: `read`, once the bank has told and before
 * anything is booked; `DepositBooked`, once that is durable; `kept`, once a payment stands in the list of unclaimed ones; `answered`,
 * before the position is stored; `noted`, right after it.
 */
import { join } from 'node:path';
import { receivePayments } from '../../src/adapters/rails/receive-payments.ts';
import { sandboxHttpRail } from '../../src/adapters/rails/sandbox-bank/sandbox-http-rail.ts';
import { unclaimedPayments } from '../../src/adapters/rails/unclaimed-payments.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { createEngine } from '../../src/create-engine.ts';
import { E, TE, pipe } from '../../src/engine/fp.ts';
import type { Store } from '../../src/engine/rows.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import { subsystems } from '../../src/subsystems.ts';

const [directory = '', bankUrl = '', moment = '', times = '1'] = process.argv.slice(2);

let left = Number(times);
const passing = (name: string): void => {
  if (name === moment && (left -= 1) === 0) process.kill(process.pid, 'SIGKILL');
};

const watched = (inner: Store): Store => ({
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
            if (E.isRight(written)) for (const { type } of drafts) passing(type);
            return written;
          },
        },
      })),
    ),
});

const clock = virtualClock();
const store = watched(sqliteStore(join(directory, 'chancery.db')));
const engine = await createEngine({ store, subsystems, clock, instance: 'drill' });
const watchedEngine: Engine = {
  ...engine,
  journal: (name) => {
    const journal = engine.journal<never>(name);
    return {
      get: journal.get,
      put: (key, entry) => {
        passing('answered');
        journal.put(key, entry as never);
        passing('noted');
      },
    };
  },
};
const bank = sandboxHttpRail(bankUrl);
const rail: typeof bank = {
  ...bank,
  incoming: async (after, signal) => {
    const page = await bank.incoming(after, signal);
    passing('read');
    return page;
  },
};
const list = unclaimedPayments(join(directory, 'unclaimed.db'));
const unclaimed: typeof list = {
  ...list,
  keep: (...kept) => {
    list.keep(...kept);
    passing('kept');
  },
};
const receiver = receivePayments({ engine: watchedEngine, rail, unclaimed, clock });
await receiver.poll();
await engine.settle();
process.stdout.write(`${JSON.stringify({ failure: receiver.failure() ?? null })}\n`);
await receiver.close();
await engine.close();
list.close();
