import { Subject, defer, merge, type Observable } from 'rxjs';
import { activity, type Activity } from './activity.ts';
import type { Clock } from '../clock.ts';
import { orFailed } from './consumer.ts';
import { deadlineRunner, type Deadline, type DeadlineRunner } from './deadline-runner.ts';
import type { Send } from './delivery.ts';
import type { RowFact } from '../facts.ts';
import { factFinder } from './fact-finder.ts';
import { E, TE, pipe } from '../fp.ts';
import { handler, type Handle, type HandleFailure } from './handle.ts';
import { keyedQueue } from './keyed-queue.ts';
import { loader, type Loader } from './load.ts';
import type { Outcome } from '../outcome.ts';
import { projectionRunner, type ProjectionRunner } from './projection-runner.ts';
import { rowsWhere } from './query.ts';
import type { AnyReadModel } from '../projection.ts';
import type { AnyReaction, Reader } from '../reaction.ts';
import { reactionRunner, type ReactionRunner } from './reaction-runner.ts';
import type { Request } from './request.ts';
import type { OpenStore, RowChange } from '../rows.ts';
import { StoreFailed, partsOf, type Envelope, type Position, type StoreFailure } from '../store.ts';
import { runnable, type AnySubsystem, type Runnable } from '../subsystem.ts';

/** What the engine has sent by itself. */
export type Sent = { reactions: number; deadlines: number; effects: number };

export type Composition = {
  readonly instance: string;
  readonly store: OpenStore;
  readonly clock: Clock;
  readonly subsystems: readonly AnySubsystem[];
  /** Reactions that act on the outside world: never run during replay or rebuild. */
  readonly effects: readonly AnyReaction[];
  readonly settings: Readonly<Record<string, unknown>>;
};

/** All the moving parts of one engine. */
export type Wiring = {
  readonly instance: string;
  readonly store: OpenStore;
  readonly clock: Clock;
  readonly loader: Loader;
  readonly subsystems: ReadonlyMap<string, Runnable>;
  readonly projections: readonly ProjectionRunner[];
  readonly models: ReadonlyMap<
    string,
    { readonly model: AnyReadModel; readonly runner: ProjectionRunner }
  >;
  readonly reactions: readonly ReactionRunner[];
  readonly deadlines: DeadlineRunner;
  readonly activity: Activity;
  readonly handle: Handle;
  readonly sent: Sent;
  readonly changes: Observable<RowChange>;
  readonly deadlinesChanged: Observable<void>;
};

/** In whose name reactions and deadlines send. */
const SYSTEM = { id: 'system', roles: ['system'] };

/** How many commands of deadlines may be under way at once. */
const DEADLINES_AT_ONCE = 64;

export const wired = (composition: Composition): Wiring => {
  const { instance, store, clock, settings } = composition;
  const subsystems = new Map(composition.subsystems.map((row) => [row.category, runnable(row)]));
  const owners = ownersOf(subsystems);
  const streams = loader(store.events);
  const projections = [...subsystems.values()]
    .flatMap((subsystem) => subsystem.projections)
    .filter((projection, index, all) => all.indexOf(projection) === index)
    .map((projection) =>
      projectionRunner(projection, { events: store.events, rows: store.rows, owners }),
    );
  const models = new Map(
    projections.flatMap((runner) =>
      runner.projection.models.map((model) => [model.name, { model, runner }] as const),
    ),
  );
  const row = rowFacts(store, models);
  const facts = factFinder({
    instance,
    events: store.events,
    loader: streams,
    subsystems,
    settings,
    row,
  });
  const handle = handler({ instance, events: store.events, loader: streams, facts, clock });
  const sent: Sent = { reactions: 0, deadlines: 0, effects: 0 };
  const parts = { composition, subsystems, handle, sent, turn: serially(clock) };
  const working = activity(clock);
  const deadlinesChanged = new Subject<void>();
  const reactionParts = {
    instance,
    events: store.events,
    rows: store.rows,
    owners,
    clock,
    activity: working,
    reader: (passed: Position) => readerOf(store, models, passed),
    send: (causedBy: Envelope, reaction: AnyReaction) => sendBecause(parts, causedBy, reaction),
  };
  return {
    instance,
    store,
    clock,
    loader: streams,
    subsystems,
    projections,
    models,
    handle,
    sent,
    activity: working,
    deadlinesChanged,
    changes: merge(...projections.map(({ changes }) => changes)),
    reactions: [...subsystems.values()]
      .flatMap(({ reactions }) => reactions)
      .concat(composition.effects)
      .map((reaction) => reactionRunner(reaction, reactionParts)),
    deadlines: deadlineRunner({
      instance,
      events: store.events,
      rows: store.rows,
      loader: streams,
      clock,
      subsystems,
      send: (deadline, commandId) => sendDue(parts, deadline, commandId),
      concurrency: clock.kind === 'virtual' ? 1 : DEADLINES_AT_ONCE,
      changed: () => deadlinesChanged.next(),
    }),
  };
};

const ownersOf = (subsystems: ReadonlyMap<string, Runnable>): ReadonlyMap<string, Runnable> =>
  new Map(
    [...subsystems.values()].flatMap((subsystem) =>
      Object.keys(subsystem.events.payloads).map((type) => [type, subsystem] as const),
    ),
  );

type Models = Wiring['models'];

/** A row once its projection has come to where the log ended when the row was asked for, or can get no further. */
const rowFacts =
  ({ events, rows }: OpenStore, models: Models) =>
  (name: string, key: string): TE.TaskEither<StoreFailure, RowFact<unknown>> =>
    pipe(
      events.head(),
      TE.flatMap((head) =>
        TE.tryCatch(async () => {
          const runner = models.get(name)?.runner;
          if (head !== undefined) await runner?.advance(head);
          const position = runner?.status().position ?? '';
          const current =
            head === undefined || (position !== '' && events.compare(position, head) >= 0);
          return { row: orFailed(rows.get(name, key)), position, current };
        }, storeFailure),
      ),
    );

/** The failure that a `StoreFailed` carries; anything else is a bug and goes on as such. */
export const storeFailure = (cause: unknown): StoreFailure => {
  if (cause instanceof StoreFailed) return cause.failure;
  throw cause;
};

const readerOf = ({ rows }: OpenStore, models: Models, passed: Position): Reader => ({
  rows: (name, where, page = { limit: 1_000 }) =>
    defer(async () => {
      const found = models.get(name);
      if (found === undefined) throw new Error(`there is no read model ${name}`);
      await found.runner.advance(passed);
      return rowsWhere(rows, found.model, where, page);
    }),
});

/** Under virtual time everything is sent one at a time, so that every run is the same. */
const serially = ({ kind }: Clock): (<T>(work: () => Promise<T>) => Promise<T>) => {
  const inTurn = keyedQueue();
  return kind === 'virtual' ? (work) => inTurn('', work) : (work) => work();
};

type Sender = {
  readonly composition: Composition;
  readonly subsystems: ReadonlyMap<string, Runnable>;
  readonly handle: Handle;
  readonly sent: Sent;
  readonly turn: ReturnType<typeof serially>;
};

const unknownCategory = (stream: string, known: readonly string[]): Outcome => ({
  outcome: 'refused',
  refusal: {
    type: 'Malformed',
    path: 'stream',
    expected: `one of ${known.map((category) => `${category}-<id>`).join(', ')}`,
    found: JSON.stringify(stream),
  },
});

/** Hands a request to the subsystem of its stream. */
export const dispatched = (
  { subsystems, handle }: Pick<Sender, 'subsystems' | 'handle'>,
  request: Request,
): TE.TaskEither<HandleFailure, Outcome> => {
  const subsystem = subsystems.get(partsOf(request.stream)?.category ?? '');
  if (subsystem === undefined)
    return TE.right(unknownCategory(request.stream, [...subsystems.keys()]));
  return handle(subsystem, request);
};

const sendBecause =
  (sender: Sender, causedBy: Envelope, reaction: AnyReaction): Send =>
  async ({ stream, command }, commandId) => {
    const actor = reaction.actor ?? SYSTEM;
    const correlationId = causedBy.metadata.correlationId;
    const request = { stream, command, actor, commandId, correlationId, causationId: causedBy.id };
    const answer = await sender.turn(dispatched(sender, request));
    const isEffect = sender.composition.effects.includes(reaction);
    if (E.isRight(answer)) sender.sent[isEffect ? 'effects' : 'reactions'] += 1;
    return answer;
  };

const sendDue = async (sender: Sender, due: Deadline, commandId: string): Promise<boolean> => {
  const { target: stream, command, causationId, correlationId } = due;
  const request = { stream, command, actor: SYSTEM, commandId, causationId, correlationId };
  const answer = await sender.turn(dispatched(sender, request));
  if (E.isRight(answer)) sender.sent.deadlines += 1;
  return E.isRight(answer);
};
