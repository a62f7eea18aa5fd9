import type { Instant } from '../clock.ts';
import type { DeadLetter } from './dead-letters.ts';
import type { EffectStatus } from './outbox/outbox-status.ts';
import type { KeyedWork } from './outbox/outbox-table.ts';
import type { Deadline, Stuck } from './deadline-table.ts';
import type { Actor, Command, Rejection } from '../decider.ts';
import type { TE } from '../fp.ts';
import type { HandleFailure } from './attempt.ts';
import type { Point, StateAt } from './history.ts';
import type { OpenFailure } from './opening.ts';
import type { Outcome } from '../outcome.ts';
import type { BuildTold } from './projection-runner.ts';
import type { ProjectionStatus } from './projection-status.ts';
import type { ReadModel } from '../projection.ts';
import type { Query } from './query.ts';
import type { KeyedRow } from '../rows.ts';
import {
  describeFailure,
  type Envelope,
  type EventStore,
  type Position,
  type Revision,
  type StreamName,
} from '../store.ts';
import type { Status, Subsystem } from '../subsystem.ts';
import type { DomainEvent } from '../vocabulary.ts';
import type { Journal } from './journal.ts';
import type { ReplayCheck } from './replay-check.ts';
import type { Sent } from './wiring.ts';

export type SendOptions = {
  readonly actor: Actor;
  /** The same id with the same payload is answered as the first time. Without one the command is a new one each time. */
  readonly commandId?: string;
  readonly correlationId?: string;
};

export type SendFailure = HandleFailure | { readonly type: 'EngineClosed' };

/** How an engine is: where the log ends, and how far everything has come that follows it. */
export type EngineStatus = {
  readonly instance: string;
  /** By which clock the store lives, whichever this process has. */
  readonly clock: 'wall' | 'virtual';
  readonly store: string;
  readonly head: Position | undefined;
  readonly projections: readonly ProjectionStatus[];
  readonly reactions: readonly {
    readonly reaction: string;
    readonly position: Position | undefined;
    readonly unfinished: number;
    /** Why the log could not be followed the last time; it is tried again. */
    readonly failure?: string;
  }[];
  readonly outbox: readonly EffectStatus[];
  readonly deadlines: {
    readonly position: Position | undefined;
    readonly nearest: Instant | undefined;
    /** Streams of which nothing falls due in time, and why. */
    readonly stuck: readonly Stuck[];
    readonly failure?: string;
  };
  /** Why the last state of a long stream could not be stored: it is folded anew when it is needed. */
  readonly snapshots: { readonly failure?: string };
  /** What lives beside the engine and follows its log. */
  readonly companions: readonly {
    readonly companion: string;
    readonly position: Position | undefined;
    readonly failure?: string;
  }[];
  readonly sent: Readonly<Sent>;
};

export type Engine = {
  readonly instance: string;
  readonly now: () => Instant;
  /** Decides a command. Rejects with `EngineFailed` where infrastructure fails; a refusal is an outcome. */
  readonly send: <
    C extends Command,
    S extends Status,
    Event extends DomainEvent,
    R extends Rejection,
  >(
    subsystem: Subsystem<C, S, Event, R>,
    stream: string,
    command: C,
    options: SendOptions,
  ) => Promise<Outcome<R, Event>>;
  /** The same as a `TaskEither`, for a stream and a command whose types are known at run time alone. */
  readonly sendTE: (
    stream: string,
    command: Command,
    options: SendOptions,
  ) => TE.TaskEither<SendFailure, Outcome>;
  readonly query: <Row>(model: ReadModel<Row>) => Query<Row>;
  readonly history: (stream: StreamName, from?: Revision) => Promise<readonly Envelope[]>;
  readonly stateAt: <
    Row extends { readonly category: string; readonly decider: { readonly initial: Status } },
  >(
    subsystem: Row,
    stream: StreamName,
    point?: Point,
  ) => Promise<StateAt<Row['decider']['initial']>>;
  readonly streams: (options: {
    readonly category?: string;
    readonly after?: string;
    readonly limit: number;
  }) => Promise<readonly { readonly stream: StreamName; readonly revision: Revision }[]>;
  /** The whole log, page by page: catch-up, then live. */
  readonly log: EventStore['subscribe'];
  /** A local journal beside the log: no events, read by no fold, lost with the read models. */
  readonly journal: <Entry>(name: string) => Journal<Entry>;
  /** Folds every stream anew and rebuilds every projection, and says whether that gives what was there. */
  readonly checkReplay: () => Promise<ReplayCheck>;
  /** Resolves when every projection has passed a position: what it wrote can be read then. */
  readonly waitFor: (position: Position) => Promise<void>;
  /** Resolves when projections are at the head, reactions idle, and nothing more is appended. */
  readonly settle: () => Promise<void>;
  /** Under virtual time: moves the clock, sending what falls due on the way. */
  readonly runUntil: (instant: Instant) => Promise<void>;
  /**
   * Builds a projection's rows anew beside those that readers see, lets them take their place, and removes the old ones. A build that
   * was interrupted is gone on with. `told` hears after every page how far it has come. Resolves too when an event breaks the build:
   * then the old rows stay, and the status says so.
   */
  readonly rebuild: (projection: string, told?: BuildTold) => Promise<ProjectionStatus>;
  /**
   * SHA-256 of a projection's rows exactly at a position, whatever is appended meanwhile: of a line `[read model, key, row]` in RFC 8785
   * form for each row, read models and keys in byte order.
   */
  readonly digest: (projection: string, position: Position) => Promise<string>;
  readonly deadLetters: {
    /** Those of this process, and those of all engines where these share the work. */
    readonly list: (limit: number, after?: string) => Promise<readonly KeyedRow<DeadLetter>[]>;
    /** Does the work again: undefined where there is no such letter, else whether it went well. */
    readonly retry: (key: string) => Promise<boolean | undefined>;
    readonly drop: (key: string) => Promise<boolean>;
  };
  /** What effects have to do: waiting, of unknown outcome, and failed. */
  readonly outbox: {
    readonly list: (limit: number, after?: string) => readonly KeyedWork[];
    /** Tries a work at once, from where it stands: undefined where there is none, else whether it is over now. */
    readonly retry: (key: string) => Promise<boolean | undefined>;
    /** Forgets a work, whatever has become of it; false: there is none. */
    readonly drop: (key: string) => Promise<boolean>;
  };
  readonly deadlines: (limit: number) => readonly Deadline[];
  readonly status: () => Promise<EngineStatus>;
  readonly close: () => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

/** A failure of infrastructure on its way through a promise. */
export class EngineFailed extends Error {
  override readonly name = 'EngineFailed';
  readonly failure: OpenFailure | SendFailure;
  constructor(failure: OpenFailure | SendFailure) {
    super(describeFailure(failure));
    this.failure = failure;
  }
}
