import { BehaviorSubject, filter, firstValueFrom, from, race, switchMap } from 'rxjs';
import { consumer } from './consumer.ts';
import type { Gathering } from './gathering.ts';
import type { AnyReaction } from '../reaction.ts';
import { progressOf, type Progress } from './reaction-progress.ts';
import type { Ending, WorkParts } from './reaction-work.ts';
import { workshop, type Workshop } from './reaction-workshop.ts';
import type { RowStore } from '../rows.ts';
import type { Envelope, EventStore, Page, Position } from '../store.ts';

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
  /** Does the work of an event that ended in a dead letter again, once. */
  readonly again: (event: Envelope) => Promise<Ending>;
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
    again: (event) => work.done(event, false),
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
