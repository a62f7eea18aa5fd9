import { Subject, merge, type Observable } from 'rxjs';
import { activity, type Activity } from './activity.ts';
import type { Clock } from '../clock.ts';
import { deadlineRunner, type DeadlineRunner } from './deadline-runner.ts';
import { dispatcher, senders, type Dispatch, type Senders } from './dispatch.ts';
import { factFinder } from './fact-finder.ts';
import { gathering, type Gathering } from './gathering.ts';
import { handler } from './handle.ts';
import type { Sha256 } from '../ids.ts';
import { loader, type Loader } from './load.ts';
import { projectionRunner, type ProjectionRunner } from './projection-runner.ts';
import type { ProjectionChange } from './projection-tracks.ts';
import { projectionWatcher } from './projection-watcher.ts';
import type { AnyReaction } from '../reaction.ts';
import { reactionRunner, type ReactionRunner } from './reaction-runner.ts';
import { modelsOf, type Models, type Shelf } from './live-rows.ts';
import { readerOf, rowFacts } from './row-access.ts';
import type { OpenStore } from '../rows.ts';
import { snapshotsOf, type SnapshotPolicy, type Snapshots } from './snapshots.ts';
import type { Taps } from './taps.ts';
import { runnable, type AnySubsystem, type Runnable } from '../subsystem.ts';

/** How many commands the engine has sent by itself and got an answer to. */
export type Sent = { reactions: number; deadlines: number; effects: number };

export type Composition = {
  readonly instance: string;
  readonly store: OpenStore;
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly subsystems: readonly AnySubsystem[];
  /** Reactions that act on the outside world: never run during replay or rebuild. */
  readonly effects: readonly AnyReaction[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly newSeed: () => Uint8Array;
  readonly snapshots: SnapshotPolicy;
  readonly taps: Taps;
  /** Another process writes the rows, if anybody does. */
  readonly readOnly: boolean;
};

/** All the moving parts of one engine. */
export type Wiring = {
  readonly instance: string;
  readonly store: OpenStore;
  readonly clock: Clock;
  readonly loader: Loader;
  readonly snapshots: Snapshots;
  readonly subsystems: ReadonlyMap<string, Runnable>;
  readonly projections: readonly ProjectionRunner[];
  readonly shelf: Shelf;
  readonly models: Models;
  readonly reactions: readonly ReactionRunner[];
  readonly deadlines: DeadlineRunner;
  readonly activity: Activity;
  readonly dispatch: Dispatch;
  readonly sent: Readonly<Sent>;
  readonly changes: Observable<ProjectionChange>;
  readonly deadlinesChanged: Observable<void>;
};

/** What every part is made from. */
type Base = Pick<
  Wiring,
  | 'instance'
  | 'store'
  | 'clock'
  | 'loader'
  | 'snapshots'
  | 'subsystems'
  | 'projections'
  | 'models'
  | 'shelf'
  | 'activity'
> & {
  readonly owners: ReadonlyMap<string, Runnable>;
  readonly sha256: Sha256;
  readonly gather: Gathering;
  readonly taps: Taps;
};

export const wired = (composition: Composition): Wiring => {
  const base = baseOf(composition);
  const { owners: _, sha256: __, gather: ___, taps, ...parts } = base;
  const effects = composition.effects.map((reaction) => taps.reaction(reaction, 'effect'));
  const dispatch = dispatching(base, composition);
  const sent: Sent = { reactions: 0, deadlines: 0, effects: 0 };
  const send = senders(dispatch, base.clock, (reaction) => {
    if (reaction === undefined) sent.deadlines += 1;
    else sent[effects.includes(reaction) ? 'effects' : 'reactions'] += 1;
  });
  const deadlinesChanged = new Subject<void>();
  return {
    ...parts,
    dispatch,
    sent,
    changes: merge(...base.projections.map(({ changes }) => changes)),
    reactions: reacting(base, effects, send),
    deadlines: waiting(base, send, () => deadlinesChanged.next()),
    deadlinesChanged,
  };
};

const baseOf = ({
  instance,
  clock,
  sha256,
  subsystems: rows,
  taps,
  snapshots: policy,
  readOnly,
  ...given
}: Composition): Base => {
  const store = { ...given.store, events: taps.events(given.store.events) };
  const subsystems = new Map(rows.map((row) => [row.category, taps.subsystem(runnable(row))]));
  const owners = ownersOf(subsystems);
  const gather = gathering(clock);
  const parts = { ...store, owners, gather, sha256, clock, tap: taps.builder };
  const projections = [...new Set(rows.flatMap((row) => row.projections))].map((projection) =>
    readOnly ? projectionWatcher(projection, parts) : projectionRunner(projection, parts),
  );
  const models = modelsOf(projections);
  const snapshots = snapshotsOf({ store, instance, subsystems, sha256, gather, policy });
  return {
    instance,
    store,
    clock,
    sha256,
    gather,
    snapshots,
    subsystems,
    owners,
    projections,
    models,
    shelf: { rows: store.rows, models, clock },
    loader: taps.loader(loader(store.events, clock, snapshots)),
    taps,
    activity: activity(clock),
  };
};

/** Which subsystem an event type belongs to. */
export const ownersOf = (
  subsystems: ReadonlyMap<string, Runnable>,
): ReadonlyMap<string, Runnable> =>
  new Map(
    [...subsystems.values()].flatMap((subsystem) =>
      Object.keys(subsystem.events.payloads).map((type) => [type, subsystem] as const),
    ),
  );

const dispatching = (base: Base, { settings, newSeed }: Composition): Dispatch => {
  const { store, shelf, subsystems, taps } = base;
  const { events } = store;
  const row = rowFacts(events, shelf);
  const facts = taps.facts(factFinder({ ...base, events, settings, newSeed, row }));
  return taps.dispatch(dispatcher(subsystems, handler({ ...base, events, facts })));
};

const reacting = (
  base: Base,
  effects: readonly AnyReaction[],
  send: Senders,
): readonly ReactionRunner[] => {
  const { store, shelf, subsystems } = base;
  const { events, rows } = store;
  const declared = new Set([...subsystems.values()].flatMap(({ reactions }) => reactions));
  const reactions = [...declared].map((reaction) => base.taps.reaction(reaction, 'reaction'));
  return [...reactions, ...effects].map((reaction) =>
    reactionRunner(reaction, {
      ...base,
      events,
      rows,
      reader: (passed) => readerOf(events, shelf, passed),
      send: send.becauseOf,
    }),
  );
};

/** How many commands of deadlines may be under way at once. */
const DEADLINES_AT_ONCE = 64;

const waiting = (base: Base, send: Senders, changed: () => void): DeadlineRunner =>
  deadlineRunner({
    ...base,
    events: base.store.events,
    rows: base.store.rows,
    send: base.taps.whenDue(send.whenDue),
    concurrency: base.clock.kind === 'virtual' ? 1 : DEADLINES_AT_ONCE,
    changed,
  });
