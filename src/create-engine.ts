import { nativeSha256 } from './adapters/native-sha256.ts';
import { newId } from './adapters/new-id.ts';
import { newSeed } from './adapters/new-seed.ts';
import { sqliteScratch } from './adapters/sqlite/scratch.ts';
import { systemClock } from './adapters/system-clock.ts';
import type { Clock } from './engine/clock.ts';
import { EngineFailed, type Engine } from './engine/run/engine.ts';
import type { Opening } from './engine/run/opening.ts';
import { startEngine } from './engine/run/start-engine.ts';
import { proofCompanion } from './proof/proof-companion.ts';
import type { Proving } from './proof/checkpoint-cutter.ts';
import { defaultSettings, unfitSetting } from './settings.ts';
import { logCheckpointSubsystem } from './subsystems.ts';

/** How an engine is created: all of `Opening`, of which the clock, ids, seeds, scratch files and settings have defaults. */
export type EngineOptions = Omit<Opening, 'clock' | 'newId' | 'newSeed' | 'scratch'> & {
  readonly clock?: Clock;
  readonly newId?: () => string;
  readonly newSeed?: () => Uint8Array;
  readonly scratch?: Opening['scratch'];
  /** Keeps a tree over the log and signs its roots; left out, nothing is kept and nothing signed. The signer stays the caller's to close. */
  readonly proof?: Proving;
};

/**
 * Opens a store and runs the subsystems on it: commands, projections, deadlines, reactions. Nothing runs before this is called
 * and nothing after `close`. Rejects with `EngineFailed`, whose `failure` says what the store or the options have wrong.
 */
export const createEngine = async ({ proof, ...options }: EngineOptions): Promise<Engine> => {
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
    ...(proof === undefined ? {} : proven(options, proof)),
  });
};

/** The subsystem that keeps checkpoints, where it is not among the given ones, and what signs them. */
const proven = (
  { subsystems, companions = [] }: Omit<EngineOptions, 'proof'>,
  proof: Proving,
): Pick<Opening, 'subsystems' | 'companions'> => ({
  subsystems: [...new Set([...subsystems, logCheckpointSubsystem])],
  companions: [...companions, proofCompanion(proof)],
});
