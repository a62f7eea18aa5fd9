import { partsOf, type StreamName } from '../engine/store.ts';
import type { AnySubsystem } from '../engine/subsystem.ts';
import { subsystems } from '../subsystems.ts';
import { CliError, exitCodes } from './exit-codes.ts';

const unknown = (what: string, known: readonly string[]): CliError =>
  new CliError(`${what}; there are ${known.join(', ')}`, exitCodes.wrongUsage);

/** A stream by its name. Throws `CliError`, as all functions here do. */
export const streamNamed = (name: string): StreamName => {
  const parts = partsOf(name);
  if (parts !== undefined) return `${parts.category}-${parts.id}`;
  throw new CliError(
    `${name} is no stream: it wants category-id, such as escrow-E1`,
    exitCodes.wrongUsage,
  );
};

/** The subsystem of a category. */
export const subsystemNamed = (category: string): AnySubsystem => {
  const all: readonly AnySubsystem[] = subsystems;
  const found = all.find((candidate) => candidate.category === category);
  if (found !== undefined) return found;
  throw unknown(
    `no subsystem has the category ${category}`,
    subsystems.map((row) => row.category),
  );
};

const projections = () => [...new Set(subsystems.flatMap((row) => row.projections))];

/** The name of every projection. */
export const projectionNames = (): readonly string[] => projections().map(({ name }) => name);

/** A projection by its name. */
export const projectionNamed = (name: string) => {
  const found = projections().find((candidate) => candidate.name === name);
  if (found !== undefined) return found;
  throw unknown(`there is no projection ${name}`, projectionNames());
};

/** A read model by its name. */
export const modelNamed = (name: string) => {
  const models = projections().flatMap((projection) => projection.models);
  const found = models.find((candidate) => candidate.name === name);
  if (found !== undefined) return found;
  throw unknown(
    `there is no read model ${name}`,
    models.map((each) => each.name),
  );
};
