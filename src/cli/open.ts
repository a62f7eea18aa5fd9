import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { payWithdrawals } from '../adapters/rails/pay-withdrawals.ts';
import { sandboxRail, type SandboxRail } from '../adapters/rails/sandbox.ts';
import { sqliteStore } from '../adapters/sqlite/sqlite-store.ts';
import { createEngine } from '../create-engine.ts';
import type { Clock } from '../engine/clock.ts';
import type { Store } from '../engine/rows.ts';
import { EngineFailed, type Engine } from '../engine/run/engine.ts';
import { StoreFailed } from '../engine/store.ts';
import { subsystems } from '../subsystems.ts';
import { CliError, exitCodes } from './exit-codes.ts';

/** Where the data are: the options that every command takes. */
export type Place = { readonly data: string; readonly store?: string };

/** The store that `--data` or `--store` names. */
export const storeAt = ({ data, store }: Place): Store => {
  if (store === undefined) return sqliteStore(join(data, 'chancery.db'));
  if (store.startsWith('sqlite:')) return sqliteStore(store.slice('sqlite:'.length));
  const known = 'sqlite:PATH';
  throw new CliError(`--store ${store}: this version knows ${known}`, exitCodes.wrongUsage);
};

/** An engine for a while: closed, with all that belongs to it, when the work ends. */
type Visit<T> = (engine: Engine) => Promise<T>;

/** Opens the engine read-only, beside whoever writes, and closes it after the visit. */
export const visiting = <T>(place: Place, visit: Visit<T>): Promise<T> =>
  closing(() => createEngine({ store: storeAt(place), subsystems, readOnly: true }), visit);

/** Opens the engine for writing, with the sandbox rail beside its data, and closes both after the visit. */
export const running = async <T>(
  place: Place,
  options: { readonly clock?: Clock; readonly instance?: string | undefined },
  visit: Visit<T>,
): Promise<T> => {
  const { clock, instance } = options;
  const rail = openRail(place.data);
  try {
    const open = () =>
      createEngine({
        store: storeAt(place),
        subsystems,
        effects: [payWithdrawals(rail)],
        ...(clock === undefined ? {} : { clock }),
        ...(instance === undefined ? {} : { instance }),
      });
    return await closing(open, visit);
  } finally {
    rail.close();
  }
};

const openRail = (data: string): SandboxRail => {
  try {
    mkdirSync(data, { recursive: true });
    return sandboxRail(join(data, 'sandbox-rail.db'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CliError(`cannot write to ${data}: ${reason}`, exitCodes.storeFailed);
  }
};

const closing = async <T>(open: () => Promise<Engine>, visit: Visit<T>): Promise<T> => {
  try {
    await using engine = await open();
    return await visit(engine);
  } catch (cause) {
    if (cause instanceof EngineFailed || cause instanceof StoreFailed) {
      throw new CliError(cause.message, exitCodes.storeFailed);
    }
    throw cause;
  }
};
