import {
  concatMap,
  defer,
  lastValueFrom,
  retry,
  takeUntil,
  tap,
  throwError,
  timer,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import type { Activity } from './activity.ts';
import type { Clock } from '../clock.ts';
import type { DeadLetter } from './dead-letters.ts';
import { ATTEMPTS, Undelivered, delivered, pauseBefore, type Send } from './delivery.ts';
import { E } from '../fp.ts';
import { reactionCommandId, type Sha256 } from '../ids.ts';
import type { Recorded } from '../projection.ts';
import type { AnyReaction, Reader } from '../reaction.ts';
import { decodeEvent } from '../replay.ts';
import { StoreFailed, describeFailure, isOutage, type Envelope, type Position } from '../store.ts';
import type { Runnable } from '../subsystem.ts';

/** What a reaction's work needs of the engine. */
export type WorkParts = {
  readonly instance: string;
  readonly sha256: Sha256;
  readonly owners: ReadonlyMap<string, Runnable>;
  readonly clock: Clock;
  readonly activity: Activity;
  readonly reader: (passed: Position) => Reader;
  /** `causedBy`: the event whose work sends the command. */
  readonly send: (causedBy: Envelope, reaction: AnyReaction) => Send;
};

/** How the work of one event is to be done. */
export type Doing = {
  /** Ends the work where it is. */
  readonly cut: Observable<unknown>;
  /** Whether it goes on for as long as the store is out of order; else that counts like any failure. */
  readonly outlastsOutages: boolean;
};

/** How the work of an event has ended: well, in a dead letter, or cut short because the engine closes. */
export type Ending = 'done' | 'cut' | DeadLetter;

/** The event that a reaction is to see and the key of its turn, or why it cannot see it. */
export const seenBy = (
  reaction: AnyReaction,
  { owners }: Pick<WorkParts, 'owners'>,
  envelope: Envelope,
): E.Either<string, { readonly recorded: Recorded; readonly key: string }> => {
  const owner = owners.get(envelope.type);
  if (owner === undefined) return E.left(`no subsystem has the event ${envelope.type}`);
  const event = decodeEvent(owner, envelope);
  if (E.isLeft(event)) return E.left(describeFailure(event.left));
  const recorded = { ...event.right, envelope };
  return E.tryCatch(
    () => ({ recorded, key: reaction.key?.(recorded as never) ?? envelope.stream }),
    String,
  );
};

/** Does the work of one event to its end; what cannot be done, after every retry, is a dead letter. */
export const performed = async (
  reaction: AnyReaction,
  parts: WorkParts,
  recorded: Recorded,
  { cut, outlastsOutages }: Doing,
): Promise<Ending> => {
  const working = parts.activity.begin();
  let isComplete = false;
  const time = working.scheduler;
  const work = workOf(reaction, parts, recorded, { time, outlastsOutages }).pipe(
    tap({ complete: () => (isComplete = true) }),
    takeUntil(cut),
  );
  return lastValueFrom(work, { defaultValue: undefined })
    .then(
      (): Ending => (isComplete ? 'done' : 'cut'),
      (cause: unknown) => letterOf(reaction, recorded.envelope, parts.clock.now(), cause),
    )
    .finally(working.end);
};

/** A letter about work that has failed for good. */
export const letterOf = (
  { name: reaction }: AnyReaction,
  event: Envelope,
  at: number,
  cause: unknown,
  attempts = ATTEMPTS,
): DeadLetter => {
  if (!(cause instanceof Undelivered)) {
    return { reaction, event, cause: String(cause), at, attempts };
  }
  const { sending, message } = cause;
  const command = { stream: sending.stream, type: sending.command.type };
  return { reaction, event, command, cause: message, at, attempts: cause.attempts };
};

const workOf = (
  reaction: AnyReaction,
  parts: WorkParts,
  recorded: Recorded,
  { time, outlastsOutages }: Pick<Doing, 'outlastsOutages'> & { readonly time: SchedulerLike },
): Observable<unknown> => {
  const { envelope } = recorded;
  const { instance, sha256 } = parts;
  let [sent, failed] = [0, 0];
  const nextId = () => reactionCommandId(instance, reaction.name, envelope.id, sent++, sha256);
  const send = parts.send(envelope, reaction);
  const begin = () => {
    sent = 0;
    return reaction.each(recorded as never, time, parts.reader(envelope.position));
  };
  return defer(begin).pipe(
    concatMap((sending) => delivered(sending, { reaction, time, send, nextId, outlastsOutages })),
    retry({
      delay: (cause: unknown, times) => {
        if (!(outlastsOutages && isOutageThrown(cause))) failed += 1;
        const isTheEnd = cause instanceof Undelivered || failed >= ATTEMPTS;
        return isTheEnd ? throwError(() => cause) : timer(pauseBefore(times), time);
      },
    }),
  );
};

const isOutageThrown = (cause: unknown): boolean =>
  cause instanceof StoreFailed && isOutage(cause.failure);
