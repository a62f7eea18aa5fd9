import { nativeSha256 } from './adapters/native-sha256.ts';
import { newId } from './adapters/new-id.ts';
import { newSeed } from './adapters/new-seed.ts';
import { sqliteScratch } from './adapters/sqlite/scratch.ts';
import { systemClock } from './adapters/system-clock.ts';
import type { Clock } from './engine/clock.ts';
import { EngineFailed, type Engine } from './engine/run/engine.ts';
import type { Opening } from './engine/run/opening.ts';
import { startEngine } from './engine/run/start-engine.ts';
import { defaultSettings, unfitSetting } from './settings.ts';

/** How an engine is created: all of `Opening`, of which the clock, ids, seeds, scratch files and settings have defaults. */
export type EngineOptions = Omit<Opening, 'clock' | 'newId' | 'newSeed' | 'scratch'> & {
  readonly clock?: Clock;
  readonly newId?: () => string;
  readonly newSeed?: () => Uint8Array;
  readonly scratch?: Opening['scratch'];
};

/**
 * Opens a store and runs the subsystems on it: commands, projections, deadlines, reactions. Nothing runs before this is called
 * and nothing after `close`. Rejects with `EngineFailed`, whose `failure` says what the store or the options have wrong.
 */
export const createEngine = async (options: EngineOptions): Promise<Engine> => {
  const unfit = unfitSetting(options.settings ?? defaultSettings);
  if (unfit !== undefined) throw new EngineFailed(unfit);
  return startEngine({
    clock: systemClock(),
    newId,
    newSeed,
    sha256: nativeSha256,
    scratch: sqliteScratch,
    settings: defaultSettings,
    ...options,
  });
};
