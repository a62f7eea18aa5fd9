import { nativeSha256 } from './adapters/native-sha256.ts';
import { newId } from './adapters/new-id.ts';
import { systemClock } from './adapters/system-clock.ts';
import type { Clock } from './engine/clock.ts';
import type { Engine } from './engine/run/engine.ts';
import type { Opening } from './engine/run/opening.ts';
import { startEngine } from './engine/run/start-engine.ts';
import { defaultSettings } from './settings.ts';

/** How an engine is created: all of `Opening`, of which the clock, ids and settings have defaults. */
export type EngineOptions = Omit<Opening, 'clock' | 'newId'> & {
  readonly clock?: Clock;
  readonly newId?: () => string;
};

/**
 * Opens a store and runs the subsystems on it: commands, projections, deadlines, reactions. Nothing runs before this is called
 * and nothing after `close`. Rejects with `EngineFailed`, whose `failure` says what the store or the options have wrong.
 */
export const createEngine = (options: EngineOptions): Promise<Engine> =>
  startEngine({
    clock: systemClock(),
    newId,
    sha256: nativeSha256,
    settings: defaultSettings,
    ...options,
  });
