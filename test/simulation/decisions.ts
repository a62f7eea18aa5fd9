import {
  isAsk,
  type Actor,
  type Command,
  type Context,
  type Deliberation,
  type Rejection,
} from '../../src/engine/decider.ts';
import { E } from '../../src/engine/fp.ts';
import { digestOf } from '../../src/engine/ids.ts';
import type { AnySubsystem, Status } from '../../src/engine/subsystem.ts';
import type { DomainEvent } from '../../src/engine/vocabulary.ts';

/** A decision as a decider has made it. */
export type Made = {
  readonly stream: string;
  readonly at: number;
  readonly actor: Actor;
  readonly command: Command;
  readonly state: Status;
  readonly facts: readonly Readonly<Record<string, unknown>>[];
  readonly refusal: Rejection | undefined;
  readonly events: readonly DomainEvent[];
  /** The latest instant that any clock had said by then. */
  readonly reached: number;
};

/** All decisions that were made, by what an event remembers of them. */
export type Decisions = {
  readonly all: readonly Made[];
  readonly of: (stream: string, at: number, actor: string, payloadHash: string) => readonly Made[];
  /** The same subsystem, every decision of which is noted. */
  readonly noting: (subsystem: AnySubsystem) => AnySubsystem;
};

const keyOf = (stream: string, at: number, actor: string, payloadHash: string): string =>
  [stream, at, actor, payloadHash].join('\u0001');

type Decide = (
  command: Command,
  state: Status,
  context: Context,
) => Deliberation<Rejection, DomainEvent>;

export const decisionsOf = (reached: () => number): Decisions => {
  const all: Made[] = [];
  const byKey = new Map<string, Made[]>();
  const note = (made: Made): void => {
    const { stream, at, actor, command } = made;
    const payloadHash = digestOf({ type: command.type, data: command.data });
    const key = keyOf(stream, at, actor.id, payloadHash);
    all.push(made);
    byKey.set(key, [...(byKey.get(key) ?? []), made]);
  };
  return {
    all,
    of: (...key) => byKey.get(keyOf(...key)) ?? [],
    noting: (subsystem) => {
      const decide = subsystem.decider.decide as Decide;
      const noted: Decide = (command, state, context) => {
        const { at, actor, self } = context;
        const before = { stream: self.stream, at, actor, command, state };
        const follow = (
          deliberation: Deliberation<Rejection, DomainEvent>,
          facts: Made['facts'],
        ): Deliberation<Rejection, DomainEvent> => {
          if (isAsk(deliberation)) {
            const then = (answers: Readonly<Record<string, unknown>>) =>
              follow(deliberation.then(answers), [...facts, answers]);
            return { ...deliberation, then };
          }
          const refusal = E.isLeft(deliberation) ? deliberation.left : undefined;
          const events = E.isRight(deliberation) ? deliberation.right : [];
          note({ ...before, facts, refusal, events, reached: reached() });
          return deliberation;
        };
        return follow(decide(command, state, context), []);
      };
      return { ...subsystem, decider: { ...subsystem.decider, decide: noted } };
    },
  };
};
