import {
  concatMap,
  defer,
  lastValueFrom,
  retry,
  throwError,
  timer,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import type { Activity } from './activity.ts';
import type { Clock } from '../clock.ts';
import { consumer, orFailed } from './consumer.ts';
import { deadLetter, deadLetterAdded, deadLetterGone, type DeadLetter } from './dead-letters.ts';
import { ATTEMPTS, Undelivered, delivered, pauseBefore, type Send } from './delivery.ts';
import { E } from '../fp.ts';
import { reactionCommandId } from '../ids.ts';
import { keyedQueue } from './keyed-queue.ts';
import type { Recorded } from '../projection.ts';
import type { AnyReaction, Reader, Sending } from '../reaction.ts';
import { decodeEvent } from '../replay.ts';
import type { RowChange, RowStore } from '../rows.ts';
import {
  describeFailure,
  type Envelope,
  type EventStore,
  type Page,
  type Position,
} from '../store.ts';
import type { Runnable } from '../subsystem.ts';

export type ReactionRunner = {
  readonly reaction: AnyReaction;
  readonly position: () => Position | undefined;
  /** Hands every event up to `target` to the reaction; their work may go on after that. */
  readonly advance: (target: Position) => Promise<void>;
  readonly follow: (failed: (cause: unknown) => void) => void;
  readonly stop: () => Promise<void>;
  /** How many events are being worked on. */
  readonly unfinished: () => number;
  /** Does the work of a dead letter again; false: it failed again and stays. */
  readonly retry: (key: string) => Promise<boolean>;
};

export type ReactionParts = {
  readonly instance: string;
  readonly events: EventStore;
  readonly rows: RowStore;
  readonly owners: ReadonlyMap<string, Runnable>;
  readonly clock: Clock;
  readonly activity: Activity;
  readonly reader: (passed: Position) => Reader;
  /** `causedBy`: the event whose work sends the command. */
  readonly send: (causedBy: Envelope, reaction: AnyReaction) => Send;
};

/** Events that may be under way at once: a slow reaction slows its own reading, not the memory of the process. */
const MOST_UNFINISHED = 256;
const FINISHED = 'reactionsFinished';

type Work = { readonly envelope: Envelope; finished: boolean };

export const reactionRunner = (reaction: AnyReaction, parts: ReactionParts): ReactionRunner => {
  const { rows } = parts;
  const name = `reaction:${reaction.name}`;
  const checkpoint = orFailed(rows.checkpoint(name));
  const inTurn = keyedQueue();
  const works: Work[] = [];
  let read = checkpoint?.position;
  let count = checkpoint?.events ?? 0;
  let roomWaits: (() => void)[] = [];

  const finishedKey = ({ id }: Envelope) => `${reaction.name}\u0001${id}`;
  const mark = (envelope: Envelope, row: unknown): RowChange => ({
    table: FINISHED,
    key: finishedKey(envelope),
    row,
    entries: [],
  });

  /** Moves the checkpoint up to the first unfinished event; what is finished above it is remembered by id. */
  const settled = (change: readonly RowChange[]): void => {
    const done: Work[] = [];
    while (works[0]?.finished === true) done.push(...works.splice(0, 1));
    const position = works.length === 0 ? read : done.at(-1)?.envelope.position;
    count += done.length;
    const value = position === undefined ? undefined : { position, events: count, digest: '' };
    orFailed(
      rows.commit({
        changes: [...change, ...done.map(({ envelope }) => mark(envelope, undefined))],
        ...(value === undefined ? {} : { checkpoint: { consumer: name, value } }),
      }),
    );
  };

  const ended = (work: Work, letter: DeadLetter | undefined): void => {
    work.finished = true;
    const isFirst = works[0] === work;
    settled([
      ...(letter === undefined ? [] : [deadLetterAdded(letter)]),
      ...(isFirst ? [] : [mark(work.envelope, true)]),
    ]);
    const woken = roomWaits;
    roomWaits = [];
    for (const wake of woken) wake();
  };

  const begun = (envelope: Envelope): void => {
    if (orFailed(rows.get(FINISHED, finishedKey(envelope))) !== undefined) return;
    const work: Work = { envelope, finished: false };
    works.push(work);
    void inTurn(keyOf(reaction, parts, envelope), () => performed(reaction, parts, envelope)).then(
      (letter) => ended(work, letter),
    );
  };

  const handle = async (page: Page): Promise<void> => {
    for (const envelope of page.events) {
      while (works.length >= MOST_UNFINISHED) {
        await new Promise<void>((resolve) => roomWaits.push(resolve));
      }
      read = envelope.position;
      begun(envelope);
    }
    read = page.position;
    if (works.length === 0) settled([]);
  };

  const following = consumer({
    events: parts.events,
    types: reaction.on,
    after: checkpoint?.position,
    handle,
  });

  return {
    reaction,
    position: () => following.position(),
    advance: (target) => following.advance(target),
    follow: (failed) => following.follow(failed),
    stop: () => following.stop(),
    unfinished: () => works.length,
    retry: async (key) => {
      const letter = deadLetter(rows, key);
      if (letter === undefined) return false;
      const again = await performed(reaction, parts, letter.event);
      if (again !== undefined) return false;
      orFailed(rows.commit({ changes: [deadLetterGone(key)] }));
      return true;
    },
  };
};

const keyOf = (reaction: AnyReaction, { owners }: ReactionParts, envelope: Envelope): string => {
  const recorded = recordedOf(owners, envelope);
  if (reaction.key === undefined || E.isLeft(recorded)) return envelope.stream;
  return reaction.key(recorded.right as never);
};

const recordedOf = (
  owners: ReadonlyMap<string, Runnable>,
  envelope: Envelope,
): E.Either<string, Recorded> => {
  const owner = owners.get(envelope.type);
  if (owner === undefined) return E.left(`no subsystem has the event ${envelope.type}`);
  const event = decodeEvent(owner, envelope);
  return E.isLeft(event)
    ? E.left(describeFailure(event.left))
    : E.right({ ...event.right, envelope });
};

/** Does the work of one event to its end; what cannot be done, after every retry, is a dead letter. */
const performed = async (
  reaction: AnyReaction,
  parts: ReactionParts,
  envelope: Envelope,
): Promise<DeadLetter | undefined> => {
  const working = parts.activity.begin();
  const recorded = recordedOf(parts.owners, envelope);
  const letter = (cause: string, attempts: number, sending?: Sending): DeadLetter => ({
    reaction: reaction.name,
    event: envelope,
    ...(sending === undefined
      ? {}
      : { command: { stream: sending.stream, type: sending.command.type } }),
    cause,
    at: parts.clock.now(),
    attempts,
  });
  try {
    if (E.isLeft(recorded)) return letter(recorded.left, 1);
    await lastValueFrom(workOf(reaction, parts, recorded.right, working.scheduler), {
      defaultValue: undefined,
    });
    return undefined;
  } catch (cause) {
    if (cause instanceof Undelivered) return letter(cause.message, cause.attempts, cause.sending);
    return letter(String(cause), ATTEMPTS);
  } finally {
    working.end();
  }
};

const workOf = (
  reaction: AnyReaction,
  parts: ReactionParts,
  recorded: Recorded,
  time: SchedulerLike,
): Observable<unknown> => {
  const { envelope } = recorded;
  let sent = 0;
  const nextId = () => reactionCommandId(parts.instance, reaction.name, envelope.id, sent++);
  const send = parts.send(envelope, reaction);
  const begin = () => {
    sent = 0;
    return reaction.each(recorded as never, time, parts.reader(envelope.position));
  };
  return defer(begin).pipe(
    concatMap((sending) => delivered(sending, { reaction, time, send, nextId })),
    retry({
      count: ATTEMPTS - 1,
      delay: (cause: unknown, attempt) =>
        cause instanceof Undelivered ? throwError(() => cause) : timer(pauseBefore(attempt), time),
    }),
  );
};
