import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { payWithdrawals } from '../adapters/rails/pay-withdrawals.ts';
import {
  receivePayments,
  receivingEngine,
  type Receiver,
} from '../adapters/rails/receive-payments.ts';
import { sandboxRail, type SandboxRail } from '../adapters/rails/sandbox-bank/sandbox-rail.ts';
import {
  unclaimedPayments,
  viewUnclaimed,
  type UnclaimedView,
} from '../adapters/rails/unclaimed-payments.ts';
import { inspectSqlite } from '../adapters/sqlite/inspection.ts';
import { sqliteStore } from '../adapters/sqlite/sqlite-store.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { virtualClock } from '../adapters/virtual-clock.ts';
import { createEngine } from '../create-engine.ts';
import type { Clock, VirtualClock } from '../engine/clock.ts';
import type { Inspection } from '../engine/inspection.ts';
import type { Engine } from '../engine/run/engine.ts';
import { NotBuiltYet } from '../engine/run/live-rows.ts';
import { subsystems } from '../subsystems.ts';
import { CliError, exitCodes, reasonOf } from './exit-codes.ts';
import { failureIn, failureReason } from './failure-text.ts';
import { resume } from './run/virtual-time.ts';

/** Where the data are: the options that every command takes. */
export type Place = { readonly data: string; readonly store?: string };

const SQLITE = 'sqlite:';

/** The file of the store that `--data` or `--store` names. */
const fileOf = ({ data, store }: Place): string => {
  if (store === undefined) return join(data, 'chancery.db');
  if (store.startsWith(SQLITE) && store !== SQLITE) return store.slice(SQLITE.length);
  throw new CliError(
    `--store ${store} is no store: this version knows ${SQLITE}PATH`,
    exitCodes.wrongUsage,
  );
};

/** The file of a store that is there. */
export const storeFile = (place: Place): string => {
  const file = fileOf(place);
  if (existsSync(file)) return file;
  throw noStore(file, place);
};

/** The file of a store that must not be there yet. */
export const newStoreFile = (place: Place): string => {
  const file = fileOf(place);
  if (!existsSync(file)) return file;
  throw new CliError(
    `${file} exists already; name a new --data directory, or another --store`,
    exitCodes.wrongUsage,
  );
};

/** What is done with an engine while it is open: it is closed, with all that belongs to it, when the work ends. */
type Visit<T> = (engine: Engine) => Promise<T>;

/** Opens the engine read-only, beside whoever writes, and closes it after the visit. */
export const visiting = async <T>(place: Place, visit: Visit<T>): Promise<T> => {
  const file = storeFile(place);
  return closing(
    () => createEngine({ store: sqliteStore(file), subsystems, readOnly: true }),
    visit,
  );
};

const noStore = (file: string, { data, store }: Place): CliError => {
  const where = store === undefined ? `--data ${data}` : `--store ${store}`;
  return new CliError(
    `StoreUnavailable: there is no store ${file}; "chancery run FILE ${where}" makes one, another ${store === undefined ? '--data' : '--store'} names one`,
    exitCodes.storeFailed,
  );
};

/** How an engine is opened for writing. */
export type Writing = { readonly clock: Clock; readonly instance?: string | undefined };

/** What is done with an engine that is written, and with what receives its payments. */
type WritingVisit<T> = (engine: Engine, receiver: Receiver) => Promise<T>;

const unclaimedFile = ({ data }: Place): string => join(data, 'sandbox-unclaimed.db');

/** The payments that came in and could not be booked, as they stand at this instant. */
export const unclaimedIn = (place: Place): UnclaimedView => viewUnclaimed(unclaimedFile(place));

/** Opens the engine for writing, with the sandbox rail beside its data, and closes all after the visit. */
export const writing = async <T>(
  place: Place,
  { clock, instance }: Writing,
  visit: WritingVisit<T>,
): Promise<T> => {
  const store = sqliteStore(fileOf(place));
  const rail = openRail(place.data);
  const unclaimed = unclaimedPayments(unclaimedFile(place));
  const effects = [payWithdrawals(rail)];
  const named = instance === undefined ? {} : { instance };
  try {
    return await orFailing(async () => {
      const engine = await createEngine({ store, subsystems, effects, clock, ...named });
      const receiver = receivePayments({ engine, rail, unclaimed, clock });
      return closing(
        async () => receivingEngine(engine, receiver),
        (receiving) => visit(receiving, receiver),
      );
    });
  } finally {
    unclaimed.close();
    rail.close();
  }
};

/** Opens a store that is there for writing, by the clock that it lives by, where its last run ended. */
export const mending = async <T>(
  place: Place,
  visit: (engine: Engine, clock: VirtualClock | undefined, receiver: Receiver) => Promise<T>,
): Promise<T> => {
  const { clock: kind } = await visiting(place, (engine) => engine.status());
  const clock = kind === 'virtual' ? virtualClock() : undefined;
  return writing(place, { clock: clock ?? systemClock() }, async (engine, receiver) => {
    await resume(engine, clock);
    return visit(engine, clock, receiver);
  });
};

const openRail = (data: string): SandboxRail => {
  try {
    mkdirSync(data, { recursive: true });
    return sandboxRail(join(data, 'sandbox-rail.db'));
  } catch (cause) {
    throw new CliError(
      `StoreUnavailable: ${data}: ${reasonOf(cause)}; name a --data directory that this user may write`,
      exitCodes.storeFailed,
    );
  }
};

/** Looks at a store to the byte, as it is at this instant, beside whoever writes. */
export const inspecting = async <T>(
  place: Place,
  visit: (inspection: Inspection) => Promise<T>,
): Promise<T> => {
  const file = storeFile(place);
  return orFailing(async () => {
    const inspection = inspectSqlite(file);
    try {
      return await visit(inspection);
    } finally {
      inspection.close();
    }
  });
};

const closing = <T>(open: () => Promise<Engine>, visit: Visit<T>): Promise<T> =>
  orFailing(async () => {
    const engine = await open();
    try {
      return await visit(engine);
    } finally {
      await engine.close();
    }
  });

/** A failure of the store becomes the one line that ends the program; a bug stays what it is. */
export const orFailing = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof NotBuiltYet) throw new CliError(cause.message, exitCodes.notRight);
    const failure = failureIn(cause);
    if (failure === undefined) throw cause;
    throw new CliError(`${failure.type}: ${failureReason(failure)}`, exitCodes.storeFailed);
  }
};
