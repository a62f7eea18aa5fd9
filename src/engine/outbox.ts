import type { Instant } from './clock.ts';
import type { Actor, Command } from './decider.ts';
import type { Lookups } from './facts.ts';
import type { Recorded } from './projection.ts';
import type { DomainEvent } from './vocabulary.ts';

/** A command that tells how an effect has ended. Plain data: it is stored before it is sent. */
export type Report = { readonly stream: string; readonly command: Command };

/** One piece of an effect's work: the event, the key under which the outside world knows it, and what `prepare` has given. */
export type Task<Event extends DomainEvent = DomainEvent, Prepared = unknown> = {
  readonly recorded: Recorded<Event>;
  readonly key: string;
  readonly prepared: Prepared;
};

/** What comes with every call: it is aborted when its time is over or the engine closes. */
export type Call = {
  readonly signal: AbortSignal;
  /** Grows whenever another engine takes the effect over: the world outside may refuse a smaller one. */
  readonly fence: number;
};

/**
 * Something that is done in the outside world because of an event. The engine keeps each piece of work in a table, stores every step
 * before it is taken, and never runs it during a replay. The declarations are pure; only `prepare`, `submit` and `lookUp` go out.
 */
export type Effect<
  Event extends DomainEvent = DomainEvent,
  Prepared = unknown,
  Answer = unknown,
> = {
  /** Unique among effects and reactions. */
  readonly name: string;
  readonly on: readonly Event['type'][];
  /** Whether an event is one of this effect's; by default every one is. */
  readonly concerns?: (recorded: Recorded<Event>) => boolean;
  /** The key under which the outside world recognises a repeat; by default the event's id. */
  readonly key?: (recorded: Recorded<Event>) => string;
  /** Works with the same order go out one after the other; by default the stream. A failed one holds up nobody. */
  readonly order?: (recorded: Recorded<Event>) => string;
  /** Gives plain JSON that is stored before anything is submitted. Nothing has gone out when it rejects; it may be repeated. */
  readonly prepare?: (task: Task<Event, null>, call: Call) => Promise<Prepared>;
  /** Does it. The answers that came back, in order; none, or a rejection: nobody knows what became of it. */
  readonly submit: (task: Task<Event, Prepared>, call: Call) => Promise<readonly Answer[]>;
  /** What the outside world knows under the key; undefined: nothing. Asked before anything is submitted. */
  readonly lookUp?: (task: Task<Event, Prepared | null>, call: Call) => Promise<Answer | undefined>;
  /** From this instant on it is no longer done. */
  readonly notAfter?: (recorded: Recorded<Event>) => Instant;
  /** What is looked up anew just before it goes out, and whether it is still wanted then. */
  readonly rereads?: (recorded: Recorded<Event>) => Lookups;
  readonly isWanted?: (
    recorded: Recorded<Event>,
    facts: Readonly<Record<string, unknown>>,
  ) => boolean;
  /** `events`: the event is a claim of a stream that decides by itself about attempts. It goes out once and is never repeated. */
  readonly attempts?: 'events';
  /** How long one call may take, in milliseconds of real time; by default 30 seconds. */
  readonly timeoutMs?: number;
  /** In whose name reports are sent; by default the system's. */
  readonly actor?: Actor;
  /** Refusals of a report that end the work as well as a grant does. */
  readonly ends?: readonly string[];
  /** What an answer tells; undefined: nothing that anybody waits for. */
  readonly report: (recorded: Recorded<Event>, answer: Answer) => Report | undefined;
  /** That `notAfter` had passed before it went out. */
  readonly expired?: (recorded: Recorded<Event>) => Report;
  /** That it was no longer wanted. */
  readonly unwanted?: (recorded: Recorded<Event>) => Report;
  /** With `attempts: 'events'`: that the one attempt has got no answer, and why. */
  readonly unanswered?: (recorded: Recorded<Event>, cause: string) => Report;
};

/** Any effect, whatever its events: what an engine is given. Parameters are `never` so that every effect fits without a cast. */
export type AnyEffect = Pick<
  Effect,
  'name' | 'on' | 'attempts' | 'timeoutMs' | 'actor' | 'ends'
> & {
  readonly concerns?: (recorded: never) => boolean;
  readonly key?: (recorded: never) => string;
  readonly order?: (recorded: never) => string;
  readonly prepare?: (task: never, call: Call) => Promise<unknown>;
  readonly submit: (task: never, call: Call) => Promise<readonly unknown[]>;
  readonly lookUp?: (task: never, call: Call) => Promise<unknown>;
  readonly notAfter?: (recorded: never) => Instant;
  readonly rereads?: (recorded: never) => Lookups;
  readonly isWanted?: (recorded: never, facts: Readonly<Record<string, unknown>>) => boolean;
  readonly report: (recorded: never, answer: never) => Report | undefined;
  readonly expired?: (recorded: never) => Report;
  readonly unwanted?: (recorded: never) => Report;
  readonly unanswered?: (recorded: never, cause: string) => Report;
};

/** An effect as the engine runs it: it gets events of the types it is listed under alone, and its own answers. */
export const performable = (effect: AnyEffect): Effect => effect as unknown as Effect;
