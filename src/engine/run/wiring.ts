import { Subject, merge, type Observable } from 'rxjs';
import { activity, type Activity } from './activity.ts';
import type { Companion, CompanionOf } from './companion.ts';
import type { Clock } from '../clock.ts';
import { deadlineRunner, type DeadlineRunner } from './deadline-runner.ts';
import { dispatcher, senders, type Dispatch, type Senders } from './dispatch.ts';
import { factFinder, type FactFinder } from './fact-finder.ts';
import { gathering, type Gathering } from './gathering.ts';
import { handler } from './handle.ts';
import type { Sha256 } from '../ids.ts';
import type { AnyEffect } from '../outbox.ts';
import { outboxRunner, type OutboxRunner } from './outbox/outbox-runner.ts';
import { stepped } from './outbox/outbox-step.ts';
import { leaseSubsystem } from '../lease.ts';
import { leased, sole, type Tenure, type TenureHooks } from './outbox/tenure.ts';
import { loader, type Loader } from './load.ts';
import { projectionRunner, type ProjectionRunner } from './projection-runner.ts';
import type { ProjectionChange } from './projection-tracks.ts';
import { projectionWatcher } from './projection-watcher.ts';
import { reactionRunner, type ReactionRunner } from './reaction-runner.ts';
import { modelsOf, type Models, type Shelf } from './live-rows.ts';
import { readerOf, rowFacts } from './row-access.ts';
import type { OpenStore } from '../rows.ts';
import { sharedReactionRunner } from './shared-reaction-runner.ts';
import { snapshotsOf, type SnapshotPolicy, type Snapshots } from './snapshots.ts';
import type { Position } from '../store.ts';
import type { Taps } from './taps.ts';
import { runnable, type AnySubsystem, type Runnable } from '../subsystem.ts';

/** How many commands the engine has sent by itself and got an answer to. */
export type Sent = { reactions: number; deadlines: number; effects: number };

export type Composition = {
  readonly instance: string;
  readonly store: OpenStore;
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly newId: () => string;
  readonly subsystems: readonly AnySubsystem[];
  readonly effects: readonly AnyEffect[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly companions: readonly CompanionOf[];
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
  readonly outbox: readonly OutboxRunner[];
  readonly reactions: readonly ReactionRunner[];
  readonly deadlines: DeadlineRunner;
  readonly companions: readonly Companion[];
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
  readonly facts: FactFinder;
  readonly taps: Taps;
};

export const wired = (composition: Composition): Wiring => {
  const base = withFacts(baseOf(composition), composition);
  const { owners: _, sha256: __, gather: ___, facts: ____, taps: _____, ...parts } = base;
  const dispatch = dispatching(base);
  const sent: Sent = { reactions: 0, deadlines: 0, effects: 0 };
  const send = senders(dispatch, composition, (kind) => {
    sent[kind] += 1;
  });
  const deadlinesChanged = new Subject<void>();
  return {
    ...parts,
    dispatch,
    sent,
    changes: merge(...base.projections.map(({ changes }) => changes)),
    outbox: composition.effects.map((effect) =>
      performing(base, effect, tenures(base, composition, send)),
    ),
    reactions: reacting(base, send),
    companions: composition.companions.map((companion) => companion({ ...base, dispatch })),
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
}: Composition): Omit<Base, 'facts'> => {
  const store = { ...given.store, events: taps.events(given.store.events) };
  const all = isShared(given.store) ? [...rows, leaseSubsystem] : rows;
  const subsystems = new Map(all.map((row) => [row.category, taps.subsystem(runnable(row))]));
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

const withFacts = (
  base: Omit<Base, 'facts'>,
  { settings, newSeed }: Pick<Composition, 'settings' | 'newSeed'>,
): Base => {
  const { store, shelf, taps } = base;
  const { events } = store;
  const row = rowFacts(events, shelf);
  return { ...base, facts: taps.facts(factFinder({ ...base, events, settings, newSeed, row })) };
};

const dispatching = (base: Base): Dispatch =>
  base.taps.dispatch(dispatcher(base.subsystems, handler({ ...base, events: base.store.events })));

/** Where other engines may perform the same effects, one of them does, under a lease. */
export const isShared = ({ events: { isSoleWriter, isShared: shared } }: OpenStore): boolean =>
  isSoleWriter !== true && shared !== false;

const tenures = (base: Base, { newId }: Composition, send: Senders) => ({
  report: send.reporting,
  tenureOf: (effect: string, hooks: TenureHooks): Tenure =>
    isShared(base.store) ? leased(effect, { ...base, newId, send: send.leasing }, hooks) : sole,
});

const performing = (
  base: Base,
  effect: AnyEffect,
  tenure: ReturnType<typeof tenures>,
): OutboxRunner =>
  outboxRunner(effect, {
    ...base,
    ...base.store,
    ...tenure,
    step: base.taps.step(stepped),
  });

const reacting = (base: Base, send: Senders): readonly ReactionRunner[] => {
  const { store, shelf, subsystems, clock } = base;
  const { events, rows, groups } = store;
  const declared = new Set([...subsystems.values()].flatMap(({ reactions }) => reactions));
  const parts = {
    ...base,
    events,
    rows,
    reader: (passed: Position) => readerOf(events, shelf, passed),
    send: send.becauseOf,
  };
  return [...declared].map(base.taps.reaction).map((reaction) =>
    // Under virtual time every run is the same: it does all by itself.
    groups === undefined || clock.kind === 'virtual'
      ? reactionRunner(reaction, parts)
      : sharedReactionRunner(reaction, { ...parts, groups }),
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
