import type { Event } from './model.ts';

/** What stands for a value that the specification does not fix. */
export const ANY = Symbol('any');

/** A fact that may be missing. */
export class Maybe {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

export type Answer =
  | {
      readonly outcome: 'accepted';
      readonly events: readonly Event[];
      /** Of the last event written. */
      readonly place?: { readonly revision: number; readonly position: string };
    }
  | { readonly outcome: 'granted' }
  | { readonly outcome: 'refused'; readonly type: string; readonly facts: Facts }
  | { readonly outcome: 'malformed'; readonly paths: readonly string[] | undefined }
  | { readonly outcome: 'repeated'; readonly first: Answer }
  /** Answers that the specification leaves open; none of them writes. */
  | { readonly outcome: 'oneOf'; readonly answers: readonly Answer[]; readonly why: string };

export type Facts = Readonly<Record<string, unknown>>;

export const accepted = (...events: readonly Event[]): Answer => ({ outcome: 'accepted', events });
export const granted: Answer = { outcome: 'granted' };
export const refused = (type: string, facts: Facts = {}): Answer => ({
  outcome: 'refused',
  type,
  facts,
});
export const notPermitted = (actor: string): Answer => refused('NotPermitted', { actor });
export const malformed = (...paths: readonly string[]): Answer => ({
  outcome: 'malformed',
  paths: paths.length === 0 ? undefined : paths,
});
export const oneOf = (why: string, ...answers: readonly Answer[]): Answer => ({
  outcome: 'oneOf',
  answers,
  why,
});
