import { Subject, type Observable } from 'rxjs';
import type { Clock } from '../clock.ts';
import { generationBook, type GenerationBook } from './generation-book.ts';
import type { Generation } from './generations.ts';
import { projectionStatus, type ProjectionStatus } from './projection-status.ts';
import type { Failed, Track, TrackParts } from './projection-track.ts';
import { projectionTracks, type ProjectionChange, type Tracks } from './projection-tracks.ts';
import type { AnyProjection } from '../projection.ts';
import { retirement, type Retirement } from './retirement.ts';
import type { Position } from '../store.ts';

/** Hears how far a build has come. */
export type BuildTold = (status: ProjectionStatus) => void;

export type ProjectionRunner = {
  readonly projection: AnyProjection;
  readonly status: () => ProjectionStatus;
  /** The generation of rows that readers see now. */
  readonly live: () => Generation;
  /**
   * Catches up to `target`; where the live rows stand still, builds those that take their place first. Resolves too when the
   * projection is broken: then it gets no further.
   */
  readonly advance: (target: Position) => Promise<void>;
  /** Builds to its end what is being built, and removes the rows that nobody sees any more. Resolves too when the build is broken. */
  readonly finish: (told?: BuildTold) => Promise<void>;
  readonly follow: (failed: Failed) => void;
  readonly stop: () => Promise<void>;
  /** Builds all rows anew beside those that readers see, and lets them take their place. */
  readonly rebuild: (told?: BuildTold) => Promise<void>;
  readonly changes: Observable<ProjectionChange>;
};

export type ProjectionParts = TrackParts & { readonly clock: Pick<Clock, 'breathe'> };

export const projectionRunner = (
  projection: AnyProjection,
  parts: ProjectionParts,
): ProjectionRunner => {
  const changes = new Subject<ProjectionChange>();
  const book = generationBook(projection, parts.rows);
  const retired = retirement(projection, book, parts);
  const byItself = following(retired);
  const switched = (): void => byItself.remove();
  const tracks = projectionTracks(projection, { ...parts, book, changes, switched });
  const status = (): ProjectionStatus => statusOf(projection, book, tracks);
  const finish = async (told?: BuildTold): Promise<void> => {
    await built(tracks, () => told?.(status()));
    await retired.run();
  };
  return {
    projection,
    changes,
    status,
    live: () => book.now().live,
    advance: (target) => advanced(tracks, target),
    finish,
    follow: (failed) => byItself.begin(tracks, failed),
    stop: async () => {
      byItself.end();
      await Promise.all([tracks.live()?.stop(), tracks.building()?.stop(), retired.stop()]);
      changes.complete();
    },
    rebuild: async (told) => {
      tracks.begin();
      byItself.go(tracks);
      await finish(told);
    },
  };
};

/** What goes on by itself once somebody has asked for that, until it is ended. */
const following = (retired: Retirement) => {
  let failed: Failed | undefined;
  const remove = (): void => {
    if (failed !== undefined) retired.run().catch(failed);
  };
  const go = (tracks: Tracks): void => {
    if (failed === undefined) return;
    tracks.live()?.follow(failed);
    tracks.building()?.follow(failed);
    remove();
  };
  return {
    remove,
    go,
    begin: (tracks: Tracks, heard: Failed): void => {
      failed = heard;
      go(tracks);
    },
    end: (): void => {
      failed = undefined;
    },
  };
};

const statusOf = (
  projection: AnyProjection,
  book: GenerationBook,
  tracks: Tracks,
): ProjectionStatus =>
  projectionStatus(projection, book.now(), {
    live: { checkpoint: tracks.liveCheckpoint(), failure: tracks.live()?.failure() },
    building: foundOf(tracks.building()),
  });

const foundOf = (track: Track | undefined) => ({
  checkpoint: track?.checkpoint(),
  failure: track?.failure(),
});

/** Takes what is being built to where it becomes the live one, or gets no further. */
const built = async (tracks: Tracks, told: () => void): Promise<void> => {
  const building = tracks.building();
  if (building === undefined) return;
  while (tracks.building() === building && !building.isOver()) {
    await building.next();
    told();
  }
};

/** Takes the live rows to a position, whichever they are when it is reached. */
const advanced = async (tracks: Tracks, target: Position): Promise<void> => {
  if (tracks.live() === undefined) await built(tracks, () => undefined);
  for (let track = tracks.live(); track !== undefined;) {
    await track.advance(target);
    const live = tracks.live();
    if (live === track) return;
    track = live;
  }
};
