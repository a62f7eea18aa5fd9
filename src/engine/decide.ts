import { isAsk, type Context, type Decision, type Deliberation } from './decider.ts';
import { E } from './fp.ts';
import type { DomainEvent } from './vocabulary.ts';
import type { Runnable, Status } from './subsystem.ts';

/** Answers every question of a deliberation from facts at hand until it has decided. */
export const settle = <R, Event>(
  deliberation: Deliberation<R, Event>,
  facts: Readonly<Record<string, unknown>>,
): Decision<R, Event> => {
  let settled = deliberation;
  while (isAsk(settled)) settled = settled.then(facts);
  return settled;
};

/** What time alone has caused at an instant, and the state after it. */
export const lapsed = (
  { decider }: Pick<Runnable, 'decider'>,
  state: Status,
  { at, self }: Pick<Context, 'at' | 'self'>,
): { readonly events: readonly DomainEvent[]; readonly state: Status } => {
  const events = decider.lapse?.(state, at, self) ?? [];
  return { events, state: events.reduce<Status>(decider.evolve, state) };
};

/** The batch that an answer appends: an accepted one begins with what has lapsed, a refused one is empty. */
export const batchOf = (
  decision: Decision<unknown, DomainEvent>,
  before: readonly DomainEvent[],
): readonly DomainEvent[] => (E.isLeft(decision) ? [] : [...before, ...decision.right]);
