import { BehaviorSubject, Subject, filter, firstValueFrom, from, race, switchMap } from 'rxjs';
import { consumer, orFailed } from './consumer.ts';
import type { Send } from './delivery.ts';
import { deadLetter, deadLetterAdded, deadLetterGone } from './dead-letters.ts';
import { E } from '../fp.ts';
import type { Gathering } from './gathering.ts';
import { keyedQueue } from './keyed-queue.ts';
import type { AnyReaction } from '../reaction.ts';
import { progressOf, type Progress } from './reaction-progress.ts';
import { letterOf, performed, seenBy, type Ending, type WorkParts } from './reaction-work.ts';
import type { RowStore } from '../rows.ts';
import {
  describeFailure,
  isOutage,
  type Envelope,
  type EventStore,
  type Page,
  type Position,
} from '../store.ts';

export type ReactionRunner = {
  readonly reaction: AnyReaction;
  readonly position: () => Position | undefined;
  /** Why the log could not be followed, or a command not be sent, the last time; undefined: it could. */
  readonly failure: () => string | undefined;
  /**
   * Hands every event up to `target` to the reaction; their work may go on after that. Resolves too when there is no room for
   * more, because all that is unfinished waits for the clock.
   */
  readonly advance: (target: Position) => Promise<void>;
  readonly follow: (failed: (cause: unknown) => void) => void;
  /** Takes on no more events; what has begun goes on. */
  readonly halt: () => Promise<void>;
  /** Cuts short what is still under way: it will be done after the next start. */
  readonly stop: () => Promise<void>;
  /** How many events are being worked on. */
  readonly unfinished: () => number;
  /** Does the work of a dead letter again; false: it failed again and stays. */
  readonly retry: (key: string) => Promise<boolean>;
};

export type ReactionParts = WorkParts & {
  readonly events: EventStore;
  readonly rows: RowStore;
  readonly gather: Gathering;
};

/** Events that may be unfinished at once: a slow reaction slows its own reading, not the memory of the process. */
export const MOST_UNFINISHED = 1_024;

export const reactionRunner = (reaction: AnyReaction, parts: ReactionParts): ReactionRunner => {
  const { rows, events, activity } = parts;
  const progress = progressOf(reaction.name, rows, parts.clock);
  const work = workshop(reaction, parts);
  const door = doorOf(progress.unfinished, work.isHalted);
  const following = consumer({
    events,
    gather: parts.gather,
    types: reaction.on,
    after: progress.from,
    handle: handing(progress, work, door),
  });
  const crowdedAndIdle = door.isCrowded.pipe(
    filter(isTrue),
    switchMap(() => activity.idle()),
    filter(() => door.isCrowded.value),
  );
  return {
    reaction,
    position: following.position,
    failure: () =>
      following.failure() ?? (progress.unfinished.value > 0 ? work.outage() : undefined),
    advance: async (target) => {
      await firstValueFrom(race(from(following.advance(target)), crowdedAndIdle));
    },
    follow: following.follow,
    halt: async () => {
      work.halt();
      await following.stop();
    },
    stop: async () => {
      await work.stop();
      progress.stop();
    },
    unfinished: () => progress.unfinished.value,
    retry: (key) => retried(rows, work, key),
  };
};

/** Hands a page's events over one by one. What may fail comes first, so that a page that is given again has begun nothing. */
const handing =
  (progress: Progress, work: Workshop, door: Door) =>
  async (page: Page): Promise<void> => {
    const finished = new Set(page.events.filter(progress.wasFinished));
    for (const envelope of page.events) {
      if (!(await door.opened())) return;
      const begun = progress.begin(envelope, finished.has(envelope));
      if (begun.isFinished) continue;
      void work.done(envelope).then((ending) => {
        if (ending !== 'cut') progress.end(begun, ending === 'done' ? undefined : ending);
        return undefined;
      });
    }
    progress.read(page.position);
  };

/** Does the work of a dead letter again, and takes the letter away or writes it anew. */
const retried = async (rows: RowStore, work: Workshop, key: string): Promise<boolean> => {
  const letter = deadLetter(rows, key);
  const ending = letter === undefined ? 'cut' : await work.done(letter.event, false);
  if (ending === 'cut') return false;
  const change = ending === 'done' ? deadLetterGone(key) : deadLetterAdded(ending);
  orFailed(rows.commit({ changes: [change] }));
  return ending === 'done';
};

/** Lets events in while there is room for them. */
type Door = ReturnType<typeof doorOf>;
const doorOf = (unfinished: Progress['unfinished'], isHalted: BehaviorSubject<boolean>) => {
  const isCrowded = new BehaviorSubject(false);
  const hasRoom = unfinished.pipe(filter((count) => count < MOST_UNFINISHED));
  return {
    isCrowded,
    /** Waits until one more can be let in; false: none will be, the engine closes. */
    opened: async (): Promise<boolean> => {
      if (unfinished.value >= MOST_UNFINISHED) {
        isCrowded.next(true);
        await firstValueFrom(race(hasRoom, isHalted.pipe(filter(isTrue))));
        isCrowded.next(false);
      }
      return !isHalted.value;
    },
  };
};

const isTrue = (value: boolean): boolean => value;

/** Does the work of events, in order per key, until it is stopped. */
type Workshop = ReturnType<typeof workshop>;
const workshop = (reaction: AnyReaction, parts: WorkParts) => {
  const inTurn = keyedQueue();
  const isHalted = new BehaviorSubject(false);
  const cut = new Subject<void>();
  const sending = new Set<Promise<unknown>>();
  let outage: string | undefined;
  const noteOutage = (answer: Awaited<ReturnType<Send>>): void => {
    const isOut = E.isLeft(answer) && isOutage(answer.left);
    outage = isOut ? describeFailure(answer.left) : undefined;
  };

  const send: WorkParts['send'] = (causedBy, by) => {
    const bare = parts.send(causedBy, by);
    return (command, commandId) => {
      const sent = parts.activity.during(() => bare(command, commandId));
      sending.add(sent);
      void sent.then(noteOutage, () => undefined);
      return sent.finally(() => sending.delete(sent));
    };
  };

  return {
    isHalted,
    /** Why the store did not take the last command, if that was for an outage. */
    outage: () => outage,
    done: async (envelope: Envelope, outlastsOutages = true): Promise<Ending> => {
      const seen = seenBy(reaction, parts, envelope);
      if (E.isLeft(seen)) return letterOf(reaction, envelope, parts.clock.now(), seen.left, 1);
      const { key, recorded } = seen.right;
      return inTurn(key, async () =>
        isHalted.value
          ? 'cut'
          : performed(reaction, { ...parts, send }, recorded, { cut, outlastsOutages }),
      );
    },
    halt: () => isHalted.next(true),
    stop: async () => {
      cut.next();
      await Promise.allSettled(sending);
    },
  };
};
