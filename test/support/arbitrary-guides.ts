import { runnable, type AnySubsystem, type Runnable } from '../../src/engine/subsystem.ts';
import { subsystems } from '../../src/subsystems.ts';
import { unguided, type Guide } from './arbitrary-histories.ts';
import { marketGuides } from './market-arbitrary.ts';
import { logCheckpointGuide } from './proof-guide.ts';

/** The guides that areas have registered, by category. */
const guides: Readonly<Record<string, Guide>> = {
  ...marketGuides,
  logCheckpoint: logCheckpointGuide,
};

/** Every subsystem of the registry as the laws take it: its name, itself, and how it is led into its statuses. */
export const ruled: readonly (readonly [name: string, subsystem: Runnable, guide: Guide])[] = (
  subsystems as readonly AnySubsystem[]
).map((row) => [row.category, runnable(row), guides[row.category] ?? unguided]);
