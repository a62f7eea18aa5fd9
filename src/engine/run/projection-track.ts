import { consumer, type Consumer } from './consumer.ts';
import type { Gathering } from './gathering.ts';
import type { Broken } from './generations.ts';
import {
  projectionBuilder,
  type BuilderParts,
  type BuildingPlace,
  type ProjectionBuilder,
} from './projection-builder.ts';
import type { AnyProjection } from '../projection.ts';
import type { Checkpoint } from '../rows.ts';
import type { EventStore, Page, Position } from '../store.ts';
import type { Taps } from './taps.ts';

export type TrackParts = BuilderParts & {
  readonly events: EventStore;
  readonly gather: Gathering;
  readonly tap: Taps['builder'];
};

/** Hears why a follower ended that was not stopped. */
export type Failed = (cause: unknown) => void;

/** One generation of a projection on its way along the log. */
export type Track = {
  readonly generation: number;
  readonly checkpoint: () => Checkpoint | undefined;
  /** Why the log or the rows could not be reached the last time. */
  readonly failure: () => string | undefined;
  /** Whether it goes no further: an event has broken it in this process, or it was left. */
  readonly isOver: () => boolean;
  /** Catches up to `target`, or to the event that breaks it. */
  readonly advance: (target: Position) => Promise<void>;
  /** Takes in the next page, or breaks at it. */
  readonly next: () => Promise<void>;
  /** Goes along by itself; once, however often it is asked, until that has failed. */
  readonly follow: (failed: Failed) => void;
  /** Takes in nothing more, a page that is under way included. */
  readonly leave: () => void;
  /** Ends, and stores how far it has come. */
  readonly stop: () => Promise<void>;
};

/** `broke` stores what has broken the generation. */
export const projectionTrack = (
  projection: AnyProjection,
  parts: TrackParts,
  place: BuildingPlace,
  broke: (broken: Broken) => void,
): Track => {
  const built = parts.tap(projectionBuilder(projection, parts, place), projection);
  let isOver = false;
  const end = (broken: Broken): never => {
    broke(broken);
    isOver = true;
    throw new ProjectionBroken(broken.cause);
  };
  const running = following(projection, parts, built, async (page) => {
    const broken = isOver ? undefined : built.apply(page);
    if (broken !== undefined) end(broken);
  });
  const leave = (): Promise<void> => {
    isOver = true;
    return running.stop();
  };
  const follow = followedOnce(running);
  return {
    generation: place.generation,
    checkpoint: built.checkpoint,
    failure: () => (isOver ? undefined : running.failure()),
    isOver: () => isOver,
    advance: async (target) => {
      if (!isOver) await running.advance(target).catch(unlessBroken);
    },
    next: () => running.next().catch(unlessBroken),
    follow: (failed) => {
      if (!isOver) follow(failed);
    },
    leave: () => void leave(),
    stop: () => leave().then(built.flush),
  };
};

const following = (
  { on }: AnyProjection,
  { events, gather }: TrackParts,
  { checkpoint, recall }: ProjectionBuilder,
  handle: (page: Page) => Promise<void>,
): Consumer =>
  consumer({
    events,
    gather,
    types: Object.keys(on),
    after: checkpoint()?.position,
    resumeAfter: () => recall()?.position,
    handle,
  });

/** One loop at a time, however often it is asked for. */
const followedOnce = (running: Consumer): ((failed: Failed) => void) => {
  let isFollowing = false;
  return (failed) => {
    if (isFollowing) return;
    isFollowing = true;
    running.follow((cause) => {
      isFollowing = false;
      if (!(cause instanceof ProjectionBroken)) failed(cause);
    });
  };
};

class ProjectionBroken extends Error {
  override readonly name = 'ProjectionBroken';
}

const unlessBroken = (cause: unknown): void => {
  if (!(cause instanceof ProjectionBroken)) throw cause;
};
