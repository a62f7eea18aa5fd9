import { deepStrictEqual } from 'node:assert/strict';
import { settle } from '../engine/decide.ts';
import type { Actor, Command, Context, Decider, Rejection, Self } from '../engine/decider.ts';
import { E } from '../engine/fp.ts';
import type { DomainEvent } from '../engine/vocabulary.ts';

/** The circumstances of a command in a test; what is left out is instant 0, actor `ada` without roles, stream `test-1`. */
export type Circumstances = {
  readonly at?: number;
  readonly actor?: string | Actor;
  readonly self?: Partial<Self>;
  /** Answers to the facts that the decision asks for, by the names it asks under. */
  readonly facts?: Readonly<Record<string, unknown>>;
};

const contextOf = ({
  at = 0,
  actor = 'ada',
  self = {},
}: Circumstances): Omit<Context, 'lapsed'> => ({
  at,
  actor: typeof actor === 'string' ? { id: actor, roles: [] } : actor,
  self: { stream: 'test-1', id: '1', instance: 'test', ...self },
});

/**
 * `given(decider, ...events).when(command, circumstances).then(...events)` or `.thenRefuses(rejection)`. What time alone has
 * caused until the command's instant comes first, as in the engine.
 */
export const given = <C extends Command, S, Event extends DomainEvent, R extends Rejection>(
  decider: Decider<C, S, Event, R>,
  ...past: readonly Event[]
) => {
  const state = past.reduce<S>((before, event) => decider.evolve(before, event), decider.initial);
  return {
    state,
    when: (command: C, circumstances: Circumstances = {}) => {
      const context = contextOf(circumstances);
      const lapsed = decider.lapse?.(state, context.at, context.self) ?? [];
      const current = lapsed.reduce<S>((before, event) => decider.evolve(before, event), state);
      const decided = settle(
        decider.decide(command, current, { ...context, lapsed: lapsed.length }),
        circumstances.facts ?? {},
      );
      return {
        decided,
        lapsed,
        /** Exactly these events: first what has lapsed, then the command's own. */
        then: (...expected: readonly Event[]): void =>
          deepStrictEqual(
            E.isLeft(decided) ? decided : E.right([...lapsed, ...decided.right]),
            E.right(expected),
          ),
        thenRefuses: (rejection: R): void => deepStrictEqual(decided, E.left(rejection)),
      };
    },
  };
};
