import type { StreamName } from './store.ts';

declare const answer: unique symbol;

/** Something a decision wants to know from outside its stream. `Answer` is what the engine gives back. */
export type Lookup<Answer = unknown> = Question & { readonly [answer]?: Answer };

type Question =
  /** What another stream says of itself: one of the `answers` of its subsystem, over its recorded events. */
  | {
      readonly kind: 'answer';
      readonly stream: string;
      readonly question: string;
      readonly argument: string | undefined;
    }
  /** A row of a projection that has reached the head which the log had when the command arrived. */
  | { readonly kind: 'row'; readonly projection: string; readonly key: string }
  /** An event by stream and revision. */
  | { readonly kind: 'event'; readonly stream: StreamName; readonly revision: number }
  /** The settings of a scope, configured when the engine is created. */
  | { readonly kind: 'settings'; readonly scope: string }
  /** 32 bytes that nobody could foresee, as hex; the event that depends on them records them. */
  | { readonly kind: 'seed' };

export type Lookups = Readonly<Record<string, Lookup>>;
export type Answers<L extends Lookups> = {
  readonly [K in keyof L]: L[K] extends Lookup<infer Answer> ? Answer : never;
};

/** A row as a fact: what it says, whether its projection runs, and the log position that it has reached. */
export type RowFact<Row> = {
  readonly row: Row | undefined;
  readonly position: string;
  /** Whether the projection has reached the head that the log had when the command arrived. */
  readonly current: boolean;
};

export const answerOf = <Answer>(
  stream: string,
  question: string,
  argument?: string,
): Lookup<Answer | undefined> => ({ kind: 'answer', stream, question, argument });

export const rowOf = <Row>(projection: string, key: string): Lookup<RowFact<Row>> => ({
  kind: 'row',
  projection,
  key,
});

export const settingsOf = <Settings>(scope: string): Lookup<Settings> => ({
  kind: 'settings',
  scope,
});

/** Asks for a seed, from which `drawBelow` draws: 32 bytes as lower-case hex. */
export const freshSeed: Lookup<string> = { kind: 'seed' };
