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
import type { Instant } from '../clock.ts';
import { E } from '../fp.ts';
import type { Outcome } from '../outcome.ts';
import type { AnyReaction, Sending } from '../reaction.ts';
import { describeFailure, isOutage } from '../store.ts';
import { reached } from './wait.ts';

/** Sends a command under an id; a Left is a failure of infrastructure, worth another try. */
export type Send = (
  sending: Sending,
  commandId: string,
) => Promise<E.Either<{ readonly type: string }, Outcome>>;

/** How often a command that fails for other reasons than an outage is sent before it becomes a dead letter, and the first and longest pause between. */
export const ATTEMPTS = 8;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 30_000;

export const pauseBefore = (attempt: number, longestMs = LONGEST_PAUSE_MS): number =>
  Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), longestMs);

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

/** What is to be done next: send a command, at once, after a pause or from an instant on; or nothing more. */
type Step =
  | {
      readonly do: 'send';
      readonly sending: Sending;
      readonly attempt: number;
      /** How often in a row the store was out of order. */
      readonly outages?: number;
      readonly pauseMs?: number;
      readonly from?: Instant;
    }
  | { readonly do: 'finish' };
type SendStep = Extract<Step, { readonly do: 'send' }>;

export type DeliveryParts = {
  readonly reaction: AnyReaction;
  readonly time: SchedulerLike;
  readonly send: Send;
  readonly nextId: () => string;
  /** Whether it goes on for as long as the store is out of order; else that counts like any failure. */
  readonly outlastsOutages: boolean;
};

/**
 * One command from its first attempt to the end of what follows from it: failures are retried with back-off, those of a store that is
 * out of order without end, a refusal that says when to ask again is asked again then, an outcome may be followed by a next command.
 * Errors with `Undelivered`.
 */
export const delivered = (
  first: Sending,
  { reaction, time, send, nextId, outlastsOutages }: DeliveryParts,
): Observable<unknown> => {
  let id = nextId();
  const afterFailure = (step: SendStep, failure: { readonly type: string }): SendStep =>
    outlastsOutages && isOutage(failure) ? outlasting(step) : again(step, describeFailure(failure));
  const attempted = (step: SendStep): Observable<Step> =>
    paused(step, time).pipe(
      switchMap(() => from(send(step.sending, id))),
      map((answer) => {
        const next = E.isLeft(answer)
          ? afterFailure(step, answer.left)
          : afterwards(reaction, step, answer.right, time.now());
        if (next.do === 'send' && next.sending !== step.sending) id = nextId();
        return next;
      }),
    );
  return of<Step>({ do: 'send', sending: first, attempt: 1 }).pipe(
    expand((step) => (step.do === 'finish' ? EMPTY : attempted(step)), 1),
  );
};

const paused = ({ pauseMs, from: instant }: SendStep, time: SchedulerLike): Observable<unknown> => {
  if (instant !== undefined) return reached(instant, { now: () => time.now(), scheduler: time });
  return pauseMs === undefined ? of(undefined) : timer(pauseMs, time);
};

/** The same attempt, made again. */
const outlasting = ({ sending, attempt, outages = 0 }: SendStep): SendStep => ({
  do: 'send',
  sending,
  attempt,
  outages: outages + 1,
  pauseMs: pauseBefore(outages + 1),
});

const again = ({ sending, attempt }: SendStep, reason: string): SendStep => {
  if (attempt >= ATTEMPTS) throw new Undelivered(sending, reason, attempt);
  return { do: 'send', sending, attempt: attempt + 1, pauseMs: pauseBefore(attempt) };
};

/** What an answer means for the work: it is done, goes on with another command, or asks again later. */
const afterwards = (
  { ends = [], asksAgain = {} }: AnyReaction,
  step: SendStep,
  outcome: Outcome,
  now: Instant,
): Step => {
  const { sending } = step;
  const refusal = outcome.outcome === 'refused' ? outcome.refusal : undefined;
  const until = refusal && instantIn(refusal, asksAgain[refusal.type]);
  if (refusal !== undefined && until !== undefined) return askingAgain(step, refusal, until, now);
  const next = sending.then?.(outcome);
  if (next !== undefined) return { do: 'send', sending: next, attempt: 1 };
  const isTheEnd = refusal === undefined || sending.then !== undefined;
  if (isTheEnd || ends.includes(refusal.type)) return { do: 'finish' };
  throw new Undelivered(sending, reasonOf(refusal), step.attempt);
};

/** Asks from an instant on. One that has passed tells nothing: then the refusal is a failure like others. */
const askingAgain = (step: SendStep, refusal: object, until: Instant, now: Instant): Step =>
  until > now
    ? { do: 'send', sending: step.sending, attempt: 1, from: until }
    : again(step, reasonOf(refusal));

const reasonOf = (refusal: object): string => `refused: ${JSON.stringify(refusal)}`;

const instantIn = (refusal: object, field: string | undefined): Instant | undefined => {
  const value: unknown =
    field === undefined ? undefined : Object.entries(refusal).find(([key]) => key === field)?.[1];
  return typeof value === 'number' ? value : undefined;
};
