import type { Simulation } from './simulate.ts';

/** How many lines of a trace a failure tells; the seed alone tells all. */
const TOLD = 80;

const isTurn = (line: string): boolean => line.endsWith(': turn');

/** What happened, without the turns in which nothing did. */
export const storyOf = ({ trace }: Simulation, lines = TOLD): string => {
  const told = trace.filter((line) => !isTurn(line));
  const left = told.length - lines;
  return [...(left > 0 ? [`... ${left} lines before`] : []), ...told.slice(-lines)].join('\n');
};

/** How to live through one seed again, alone and with all of its trace. */
const again = (seed: number): string =>
  `CHANCERY_SIMULATION_SEED=${seed} npm test -- test/simulation/engine.test.ts`;

/** A failure for people: what is wrong, under which seed, how to see it again, and what went before. */
export const failureOf = (simulation: Simulation): string => {
  const { seed, failure } = simulation;
  const cause = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
  return [`seed ${seed}: ${cause}`, '', `again: ${again(seed)}`, '', storyOf(simulation)].join(
    '\n',
  );
};
