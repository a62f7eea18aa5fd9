import type { AnyCheck } from './check.ts';
import type { Command, Context, Decider, Deliberation, Rejection, Self } from './decider.ts';
import type { Due } from './deadline.ts';
import type { Drawn } from './machine.ts';
import type { NestedMachine } from './nested.ts';
import type { AnyProjection } from './projection.ts';
import type { AnyReaction } from './reaction.ts';
import type { AnyVocabulary, DomainEvent } from './vocabulary.ts';

export type Status = { readonly status: string };

/** A subsystem as a row of the registry: all that the engine, the laws, the docs and the command line know of it. */
export type Subsystem<
  C extends Command,
  State extends Status,
  Event extends DomainEvent,
  R extends Rejection,
> = {
  readonly category: string;
  readonly area: string;
  readonly decider: Decider<C, State, Event, R>;
  readonly events: AnyVocabulary;
  readonly commands: AnyVocabulary;
  readonly machine: Drawn;
  /** Machines of which the state holds many. */
  readonly nested?: readonly NestedMachine<State>[];
  readonly about: About<C, R>;
  readonly projections: readonly AnyProjection[];
  readonly reactions: readonly AnyReaction[];
  /** What falls due if the stream stays as it is. */
  readonly due?: (state: State, self: Self) => readonly Due[];
  /** What other streams may ask of this one, over its recorded events; `lapsing`: time alone has caused more than is recorded. */
  readonly answers?: Readonly<
    Record<string, (state: State, argument: string | undefined, lapsing: boolean) => unknown>
  >;
  /** What `doctor` looks for in rows, beside damage. */
  readonly checks?: readonly AnyCheck[];
};

/** A row of the registry, with its types taken from what it is made of. */
export const subsystem = <
  C extends Command,
  State extends Status,
  Event extends DomainEvent,
  R extends Rejection,
>(
  row: Subsystem<C, State, Event, R>,
): Subsystem<C, State, Event, R> => row;

/** What the generated page says: the subsystem in a sentence and, per command, who may ask, when it is accepted, its own refusals. */
export type About<C extends Command = Command, R extends Rejection = Rejection> = {
  readonly summary: string;
  readonly commands: {
    readonly [T in C['type']]: {
      readonly who: string;
      readonly when: string;
      readonly refusals: readonly R['type'][];
    };
  };
};

/** Any subsystem, whatever its types: what a registry lists. Parameters are `never` so that every row fits without a cast. */
export type AnySubsystem = {
  readonly category: string;
  readonly area: string;
  readonly decider: {
    readonly version: number;
    readonly initial: Status;
    readonly evolve: {
      (state: never, event: never): Status;
      readonly owned: (state: never, event: never) => Status;
    };
    readonly decide: (
      command: never,
      state: never,
      context: Context,
    ) => Deliberation<Rejection, DomainEvent>;
    readonly lapse?: (state: never, at: number, self: Self) => readonly DomainEvent[];
  };
  readonly events: AnyVocabulary;
  readonly commands: AnyVocabulary;
  readonly machine: Drawn;
  readonly nested?: readonly NestedMachine[];
  readonly about: About;
  readonly projections: readonly AnyProjection[];
  readonly reactions: readonly AnyReaction[];
  readonly due?: (state: never, self: Self) => readonly Due[];
  readonly answers?: Readonly<
    Record<string, (state: never, argument: string | undefined, lapsing: boolean) => unknown>
  >;
  readonly checks?: readonly AnyCheck[];
};

/** A subsystem as the engine runs it: its types are upheld by the codecs, the machine and the replay. */
export type Runnable = Subsystem<Command, Status, DomainEvent, Rejection>;
export const runnable = (row: AnySubsystem): Runnable => row as unknown as Runnable;
