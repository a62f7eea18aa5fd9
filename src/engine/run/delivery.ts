import {
  EMPTY,
  expand,
  from,
  map,
  of,
  switchMap,
  timer,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import { E } from '../fp.ts';
import type { Outcome } from '../outcome.ts';
import type { AnyReaction, Sending } from '../reaction.ts';
import { describeFailure } from '../store.ts';

/** Sends a command under an id; a Left is a failure of infrastructure, worth another try. */
export type Send = (
  sending: Sending,
  commandId: string,
) => Promise<E.Either<{ readonly type: string }, Outcome>>;

/** How often a failing command is sent before it becomes a dead letter, and the first and longest pause between. */
export const ATTEMPTS = 8;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 30_000;

export const pauseBefore = (attempt: number): number =>
  Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);

/** A command that could not be delivered: what it was and why. */
export class Undelivered extends Error {
  override readonly name = 'Undelivered';
  readonly sending: Sending;
  readonly attempts: number;
  constructor(sending: Sending, reason: string, attempts: number) {
    super(reason);
    this.sending = sending;
    this.attempts = attempts;
  }
}

type Step =
  | {
      readonly do: 'send';
      readonly sending: Sending;
      readonly attempt: number;
      readonly pauseMs: number;
    }
  | { readonly do: 'finish' };

/**
 * One command from its first attempt to the end of what follows from it: failures are retried with back-off, a refusal that says
 * when to ask again is asked again then, an outcome may be followed by a next command. Errors with `Undelivered`.
 */
export const delivered = (
  first: Sending,
  {
    reaction,
    time,
    send,
    nextId,
  }: {
    readonly reaction: AnyReaction;
    readonly time: SchedulerLike;
    readonly send: Send;
    readonly nextId: () => string;
  },
): Observable<unknown> => {
  let id = nextId();
  const attempted = ({
    sending,
    attempt,
    pauseMs,
  }: Extract<Step, { do: 'send' }>): Observable<Step> =>
    (pauseMs > 0 ? timer(pauseMs, time) : of(0)).pipe(
      switchMap(() => from(send(sending, id))),
      map((answer) => {
        if (E.isLeft(answer)) return again(sending, attempt, describeFailure(answer.left));
        const next = afterwards(reaction, sending, answer.right, time.now());
        if (next.do === 'send' && next.sending !== sending) id = nextId();
        return next;
      }),
    );
  const start: Step = { do: 'send', sending: first, attempt: 1, pauseMs: 0 };
  return from([start] as Step[]).pipe(
    expand((step) => (step.do === 'finish' ? EMPTY : attempted(step)), 1),
  );
};

const again = (sending: Sending, attempt: number, reason: string): Step => {
  if (attempt >= ATTEMPTS) throw new Undelivered(sending, reason, attempt);
  return { do: 'send', sending, attempt: attempt + 1, pauseMs: pauseBefore(attempt) };
};

/** What an answer means for the work: it is done, goes on with another command, or asks again later. */
const afterwards = (
  { ends = [], asksAgain = {} }: AnyReaction,
  sending: Sending,
  outcome: Outcome,
  now: number,
): Step => {
  const next = sending.then?.(outcome);
  if (next !== undefined) return { do: 'send', sending: next, attempt: 1, pauseMs: 0 };
  if (outcome.outcome !== 'refused' || sending.then !== undefined) return { do: 'finish' };
  const { refusal } = outcome;
  if (ends.includes(refusal.type)) return { do: 'finish' };
  const until = instantIn(refusal, asksAgain[refusal.type]);
  if (until !== undefined)
    return { do: 'send', sending, attempt: 1, pauseMs: Math.max(until - now, 1) };
  throw new Undelivered(sending, `refused: ${JSON.stringify(refusal)}`, 1);
};

const instantIn = (refusal: object, field: string | undefined): number | undefined => {
  const value: unknown =
    field === undefined ? undefined : Object.entries(refusal).find(([key]) => key === field)?.[1];
  return typeof value === 'number' ? value : undefined;
};
