import type { Drawn } from './machine.ts';

/**
 * A machine of which one stream's state holds many: the members of a roster, the attempts of a job. A member that is not there yet is in
 * the machine's initial status; one that is there no more has come to a final one.
 */
export type NestedMachine<State = never> = {
  /** What the members are, in the plural; the generated page has it as a heading. */
  readonly name: string;
  readonly machine: Drawn;
  /** The members that are there, and the status of each. */
  readonly members: (state: State) => Readonly<Record<string, string>>;
};
