import type { Clock } from '../clock.ts';
import { E, TE, pipe } from '../fp.ts';
import type { Sha256 } from '../ids.ts';
import type { Scratch } from '../inspection.ts';
import {
  INSTANCE_STREAM,
  accordant,
  createInstance,
  readInstance,
  type Instance,
  type InstanceFailure,
} from './instance.ts';
import { leaseSubsystem } from '../lease.ts';
import { OWN_CATEGORY, wrongName, type WrongName } from './names.ts';
import type { AnyEffect } from '../outbox.ts';
import type { CompanionOf } from './companion.ts';
import type { OpenStore, Store } from '../rows.ts';
import type { SnapshotPolicy } from './snapshots.ts';
import type { StoreFailure } from '../store.ts';
import type { AnySubsystem } from '../subsystem.ts';
import type { Telemetry } from '../telemetry.ts';

/** How an engine is put together. */
export type Opening = {
  readonly store: Store;
  readonly subsystems: readonly AnySubsystem[];
  /** What is done in the outside world because of events. */
  readonly effects?: readonly AnyEffect[];
  readonly clock: Clock;
  /** A fresh id for a command or an instance that comes without one. */
  readonly newId: () => string;
  /** 32 bytes that nobody can foresee, for decisions that draw. */
  readonly newSeed: () => Uint8Array;
  /** A faster SHA-256 than the pure one. */
  readonly sha256?: Sha256;
  /** Where rows are built that are compared and thrown away. */
  readonly scratch: () => Scratch;
  /** Per scope, what its decisions get as settings. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The instance that the store must be; a new store becomes it. */
  readonly instance?: string;
  /** Only looks: nothing is written, nothing reacts. */
  readonly readOnly?: boolean;
  /** Refuses stores that do not outlive the process. */
  readonly production?: boolean;
  /** When states of long streams are stored, so that loading them is quick; every 500 events if it is left out. */
  readonly snapshots?: SnapshotPolicy;
  /** What lives beside the engine and follows its log, such as the keeper of its proofs. */
  readonly companions?: readonly CompanionOf[];
  /** Hears what the engine does; without one nothing is measured. */
  readonly telemetry?: Telemetry;
};

export type OpenFailure =
  | StoreFailure
  | InstanceFailure
  | {
      readonly type: 'EffectNotRepeatable';
      readonly effect: string;
      readonly reason: string;
      readonly remedy: string;
    }
  | { readonly type: 'NotForProduction'; readonly what: string; readonly remedy: string }
  | {
      readonly type: 'SettingUnfit';
      readonly path: string;
      readonly expected: string;
      readonly found: string;
    }
  | WrongName;

export type Opened = { readonly store: OpenStore; readonly instance: Instance };

/** Opens the store and learns, or decides, which instance it is. */
export const opened = (opening: Opening): TE.TaskEither<OpenFailure, Opened> => {
  const unfit = unfitness(opening);
  if (unfit !== undefined) return TE.left(unfit);
  const readOnly = opening.readOnly ?? false;
  return pipe(
    opening.store.open({ readOnly, categories: categoriesOf(opening) }),
    TE.flatMap((store): TE.TaskEither<OpenFailure, Opened> => async () => {
      const instance = await pipe(
        identified(opening, store, readOnly),
        TE.tap((found) => bound(store, found)),
      )();
      if (E.isRight(instance)) return E.right({ store, instance: instance.right });
      await store.close();
      return instance;
    }),
  );
};

/** The categories of an engine's streams: those of its subsystems, and its own. */
export const categoriesOf = ({ subsystems }: Pick<Opening, 'subsystems'>): readonly string[] => [
  ...subsystems.map(({ category }) => category),
  leaseSubsystem.category,
  OWN_CATEGORY,
];

/** Tells rows that lie elsewhere than the log which log they are of. */
const bound = (
  { events, bind }: OpenStore,
  { instance }: Instance,
): TE.TaskEither<StoreFailure, void> => {
  if (bind === undefined) return TE.right(undefined);
  return pipe(
    events.read(INSTANCE_STREAM, { limit: 1 }),
    TE.flatMap(([first]): TE.TaskEither<StoreFailure, void> => {
      if (first === undefined) return TE.right(undefined);
      const { position, hash } = first;
      return TE.fromEither(bind({ instance, log: events.name, position, hash }));
    }),
  );
};

const identified = (
  { clock, instance, newId, store: { name } }: Opening,
  { events }: OpenStore,
  readOnly: boolean,
): TE.TaskEither<InstanceFailure, Instance> =>
  pipe(
    readInstance(events),
    TE.flatMap((found): TE.TaskEither<InstanceFailure, Instance> => {
      if (found !== undefined) return TE.right(found);
      if (!readOnly) return createInstance(events, clock, instance ?? newId());
      const reason = 'nothing has been written to it yet';
      return TE.left({ type: 'NoInstance', store: name, reason });
    }),
    TE.flatMap((found) =>
      readOnly
        ? TE.right(found)
        : TE.fromEither(accordant(name, found, { clock: clock.kind, instance })),
    ),
  );

const unfitness = ({
  subsystems,
  effects = [],
  store,
  production,
}: Opening): OpenFailure | undefined => {
  if (production !== true || store.durable) return wrongName(subsystems, effects);
  const remedy = 'use a durable store, such as sqliteStore(path)';
  return { type: 'NotForProduction', what: store.name, remedy };
};
