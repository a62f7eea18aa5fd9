import { Immer } from 'immer';
import type { Evolve } from './decider.ts';
import type { DomainEvent } from './vocabulary.ts';

type OneOrMany<T> = T | readonly T[];
type Graph<States, Type extends string> = {
  readonly [S in keyof States]: { readonly [T in Type]?: OneOrMany<keyof States & string> } & {
    readonly [T in Exclude<keyof States[S], Type>]: never;
  };
};

/** status -> event type -> next status. The types, the fold's checks, the diagram and the laws derive from it. */
export type Machine<States> = { readonly initial: keyof States & string; readonly states: States };
/** A machine whose statuses and events are known at run time alone. */
export type Drawn = Machine<Readonly<Record<string, Readonly<Record<string, OneOrMany<string>>>>>>;

export const machine =
  <Event extends DomainEvent>() =>
  <const States extends Graph<States, Event['type']>>(
    initial: keyof States & string,
    states: States,
  ): Machine<States> => ({ initial, states });

type One<T> = T extends readonly (infer U)[] ? U : T;

/** The statuses in which an event may happen. */
type From<M, Type> =
  M extends Machine<infer States>
    ? { [S in keyof States]: Type extends keyof States[S] ? S : never }[keyof States]
    : never;

/** The statuses an event may lead to. */
type To<M, Type> =
  M extends Machine<infer States>
    ? {
        [S in keyof States]: Type extends keyof States[S] ? One<States[S][Type]> : never;
      }[keyof States]
    : never;

type StatusOf<M> = M extends Machine<infer States> ? keyof States & string : never;

/** A union of states, one per status of the machine, each with the data it alone carries. */
export type StateOf<M, Shapes extends Readonly<Record<StatusOf<M>, object>>> = {
  readonly [S in StatusOf<M>]: { readonly status: S } & Readonly<Shapes[S]>;
}[StatusOf<M>];

export type In<State, Status> = Extract<State, { readonly status: Status }>;

/**
 * One entry per event: from a state it may happen in to a state it may lead to. An entry either returns the next state or, like an
 * immer recipe, changes the state it is given and returns nothing (the status stays).
 */
export type Evolution<M, State, Event extends DomainEvent> = {
  readonly [T in Event['type']]: (
    state: Draft<In<State, From<M, T>>>,
    data: Extract<Event, { readonly type: T }>['data'],
  ) => In<State, To<M, T>> | void;
};

/** The state as a recipe may change it. */
export type Draft<T> = T extends string | number | boolean | null | undefined
  ? T
  : { -readonly [K in keyof T]: Draft<T[K]> };

// Freezing is left to the edge of the engine, where it happens once.
const immer = new Immer({ autoFreeze: false });

type Steps<State> = Record<string, (state: State, data: unknown) => State | void>;

export const evolver = <M, State extends { readonly status: string }, Event extends DomainEvent>(
  evolution: Evolution<M, State, Event>,
): Evolve<State, Event> => {
  // Total over Event['type']; that a step is declared is checked by the replay before it gets here.
  const steps = evolution as unknown as Steps<State>;
  const owned = (state: State, event: Event): State =>
    steps[event.type]!(state, event.data) ?? state;
  const evolve = (state: State, event: Event): State =>
    // A step gives a state of this machine: its entry's type says so.
    immer.produce(state, (draft) => steps[event.type]!(draft as State, event.data) as undefined);
  return Object.assign(evolve, { owned });
};

/** The statuses to which `type` may lead from `status`; none: the edge is not declared. */
export const targets = (drawn: Drawn, status: string, type: string): readonly string[] => {
  const next = targetOf(drawn, status, type);
  if (next === undefined) return [];
  return typeof next === 'string' ? [next] : next;
};

/** The same as it is drawn: several statuses, one, or undefined where the edge is not declared. */
export const targetOf = (
  { states }: Drawn,
  status: string,
  type: string,
): OneOrMany<string> | undefined => {
  const exits = Object.hasOwn(states, status) ? states[status] : undefined;
  return exits !== undefined && Object.hasOwn(exits, type) ? exits[type] : undefined;
};

export type Edge = { readonly from: string; readonly type: string; readonly to: string };

export const edges = (drawn: Drawn): readonly Edge[] =>
  Object.entries(drawn.states).flatMap(([from, exits]) =>
    Object.keys(exits).flatMap((type) =>
      targets(drawn, from, type).map((to) => ({ from, type, to })),
    ),
  );

export const isFinal = (drawn: Drawn, status: string): boolean =>
  Object.keys(drawn.states[status] ?? {}).length === 0;

/** The machine as a Mermaid state diagram. */
export const toMermaid = (drawn: Drawn): string =>
  [
    'stateDiagram-v2',
    `  [*] --> ${drawn.initial}`,
    ...edges(drawn).map(({ from, to, type }) => `  ${from} --> ${to}: ${type}`),
    ...Object.keys(drawn.states)
      .filter((status) => isFinal(drawn, status))
      .map((status) => `  ${status} --> [*]`),
  ].join('\n');
