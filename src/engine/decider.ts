import type { Instant } from './clock.ts';
import type { Answers, Lookups } from './facts.ts';
import { E } from './fp.ts';
import type { DomainEvent } from './vocabulary.ts';
import type { StreamName } from './store.ts';

/** A request: imperative, may be refused. */
export type Command<Type extends string = string, Data = unknown> = {
  readonly type: Type;
  readonly data: Data;
};

/** A refusal that the business expects: plain data with its facts; returned, never thrown. */
export type Rejection<Type extends string = string> = { readonly type: Type };

/** Who asks. Roles are given by the composition, never taken from the wire without a check. */
export type Actor = { readonly id: string; readonly roles: readonly string[] };

/** The stream that decides: its name, the part of it behind the category, and the store's instance. */
export type Self = { readonly stream: StreamName; readonly id: string; readonly instance: string };

/** All that a decision may know besides the state: no clock, no randomness, no I/O. */
export type Context = {
  readonly at: Instant;
  readonly actor: Actor;
  readonly self: Self;
  /** How many events time alone had caused and this command's batch would begin with. */
  readonly lapsed: number;
};

/** The events that a command causes, or the reason why it may not. No events: what was asked for already holds. */
export type Decision<R, Event> = E.Either<R, readonly Event[]>;

/** A decision that needs facts from elsewhere first. The engine looks them up and goes on with `then`. */
export type Ask<R, Event> = {
  readonly _tag: 'Ask';
  readonly lookups: Lookups;
  readonly then: (facts: Readonly<Record<string, unknown>>) => Deliberation<R, Event>;
};

export type Deliberation<R, Event> = Decision<R, Event> | Ask<R, Event>;

/** The pure heart of a subsystem. */
export type Decider<C extends Command, State, Event extends DomainEvent, R extends Rejection> = {
  /** Raised whenever `evolve` changes its meaning: a part of every snapshot's fingerprint. */
  readonly version: number;
  readonly initial: State;
  readonly evolve: Evolve<State, Event>;
  readonly decide: (command: C, state: State, context: Context) => Deliberation<R, Event>;
  /** What time alone has caused up to and including `at`, in order; decisions are made on the state after it. */
  readonly lapse?: (state: State, at: Instant, self: Self) => readonly Event[];
};

/** Applies an event. `owned` may change the given state in place: for a fold over a value that nobody else holds. */
export type Evolve<State, Event> = {
  (state: State, event: Event): State;
  readonly owned: (state: State, event: Event) => State;
};

/** One entry per command. */
export type Decisions<C extends Command, State, Event, R> = {
  readonly [T in C['type']]: (
    data: Extract<C, { readonly type: T }>['data'],
    state: State,
    context: Context,
  ) => Deliberation<R, Event>;
};

export const byCommand =
  <C extends Command, State, Event, R>(decisions: Decisions<C, State, Event, R>) =>
  (command: C, state: State, context: Context): Deliberation<R, Event> => {
    // Total over C['type']: a command is decoded by its vocabulary before it gets here.
    const table = decisions as unknown as Record<string, Decisions<C, State, Event, R>[C['type']]>;
    return table[command.type]!(command.data, state, context);
  };

export const accept = <Event>(...events: readonly Event[]): Decision<never, Event> =>
  E.right(events);

export const refuse = <const R extends Rejection>(rejection: R): Decision<R, never> =>
  E.left(rejection);

/** Asks for facts and goes on with them; the guard clauses before it have let the command pass. */
export const ask = <const L extends Lookups, R, Event>(
  lookups: L,
  then: (facts: Answers<L>) => Deliberation<R, Event>,
): Ask<R, Event> => ({
  _tag: 'Ask',
  lookups,
  // The engine answers every lookup under its own key.
  then: then as unknown as Ask<R, Event>['then'],
});

export const isAsk = <R, Event>(
  deliberation: Deliberation<R, Event>,
): deliberation is Ask<R, Event> => deliberation._tag === 'Ask';
