import { mkdirSync } from 'node:fs';
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
import { inspectLog } from '../adapters/sqlite/log-inspection.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { virtualClock } from '../adapters/virtual-clock.ts';
import { createEngine } from '../create-engine.ts';
import type { Clock, VirtualClock } from '../engine/clock.ts';
import type { Inspection } from '../engine/inspection.ts';
import type { Engine } from '../engine/run/engine.ts';
import { NotBuiltYet } from '../engine/run/live-rows.ts';
import { unwrapped } from '../engine/run/edge.ts';
import { NoDigest } from '../engine/run/projection-digest.ts';
import type { Proving } from '../proof/checkpoint-cutter.ts';
import { subsystems } from '../subsystems.ts';
import { CliError, exitCodes, reasonOf } from './exit-codes.ts';
import { failureIn, failureReason } from './failure-text.ts';
import type { Output } from './output.ts';
import { categories, located, storeAt, storeFile, storeThere, type Place } from './place.ts';
import { resume } from './run/virtual-time.ts';

/** What is done with an engine while it is open: it is closed, with all that belongs to it, when the work ends. */
type Visit<T> = (engine: Engine) => Promise<T>;

/** Opens the engine read-only, beside whoever writes, and closes it after the visit. */
export const visiting = async <T>(place: Place, visit: Visit<T>): Promise<T> => {
  const store = storeThere(place);
  return closing(() => createEngine({ store, subsystems, readOnly: true }), visit);
};

/** How an engine is opened for writing. */
export type Writing = {
  readonly clock: Clock;
  readonly instance?: string | undefined;
  /** What signs its checkpoints; undefined: none are signed. */
  readonly proof?: Proving | undefined;
};

/** What is done with an engine that is written, and with what receives its payments. */
type WritingVisit<T> = (engine: Engine, receiver: Receiver) => Promise<T>;

const unclaimedFile = ({ data }: Place): string => join(data, 'sandbox-unclaimed.db');

/** The payments that came in and could not be booked, as they stand at this instant. */
export const unclaimedIn = (place: Place): UnclaimedView => viewUnclaimed(unclaimedFile(place));

/** Opens the engine for writing, with the sandbox rail beside its data, and closes all after the visit. */
export const writing = async <T>(
  place: Place,
  { clock, instance, proof }: Writing,
  visit: WritingVisit<T>,
): Promise<T> => {
  const store = storeAt(place);
  const rail = openRail(place.data);
  const unclaimed = unclaimedPayments(unclaimedFile(place));
  const effects = [payWithdrawals(rail)];
  const named = instance === undefined ? {} : { instance };
  const signed = proof === undefined ? {} : { proof };
  try {
    return await orFailing(async () => {
      const options = { store, subsystems, effects, clock, ...named, ...signed };
      const engine = await createEngine(options);
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

/** What is done with a store that is there, by the clock that it lives by: a virtual one, or none. */
type MendingVisit<T> = (
  engine: Engine,
  clock: VirtualClock | undefined,
  receiver: Receiver,
) => Promise<T>;

/** Opens a store that is there for writing as it stands: under virtual time nothing goes on before the visit. */
export const mendingAsItStands = async <T>(place: Place, visit: MendingVisit<T>): Promise<T> => {
  const { clock: kind } = await visiting(place, (engine) => engine.status());
  const clock = kind === 'virtual' ? virtualClock() : undefined;
  return writing(place, { clock: clock ?? systemClock() }, (engine, receiver) =>
    visit(engine, clock, receiver),
  );
};

/** Opens a store that is there for writing, and goes on where its last run ended. */
export const mending = <T>(place: Place, visit: MendingVisit<T>): Promise<T> =>
  mendingAsItStands(place, async (engine, clock, receiver) => {
    await resume(engine, clock);
    return visit(engine, clock, receiver);
  });

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

/** An inspection of what the options name; of a server's log, with the end of the connection to it. */
const inspected = async (place: Place, progress: (events: number) => void): Promise<Inspection> => {
  const found = located(place);
  if (found.kind === 'file') return inspectSqlite(storeFile(place, ''));
  const open = unwrapped(await found.log.open({ readOnly: true, categories })());
  try {
    return await inspectLog(open.events, found.rows, progress);
  } finally {
    await open.close();
  }
};

/** Tells how far the log of a server has been read. */
export const reading =
  (command: string, output: Output) =>
  (events: number): void =>
    output.progress(`${command}: reading the log, ${events} events`);

/** Looks at a store to the byte, as it is at this instant, beside whoever writes; a server's log is read to its end first. */
export const inspecting = <T>(
  place: Place,
  progress: (events: number) => void,
  visit: (inspection: Inspection) => Promise<T>,
): Promise<T> =>
  orFailing(async () => {
    const inspection = await inspected(place, progress);
    try {
      return await visit(inspection);
    } finally {
      inspection.close();
    }
  });

/** What is done with an engine between its opening and its end. */
export const closing = <T>(open: () => Promise<Engine>, visit: Visit<T>): Promise<T> =>
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
    if (cause instanceof NotBuiltYet || cause instanceof NoDigest)
      throw new CliError(cause.message, exitCodes.notRight);
    const failure = failureIn(cause);
    if (failure === undefined) throw cause;
    throw new CliError(`${failure.type}: ${failureReason(failure)}`, exitCodes.storeFailed);
  }
};
