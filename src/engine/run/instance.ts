import * as t from 'io-ts';
import { BuiltId } from '../codec.ts';
import type { Clock } from '../clock.ts';
import { E, TE, pipe } from '../fp.ts';
import { digestOf, eventId } from '../ids.ts';
import type { Envelope, EventStore, StoreFailure } from '../store.ts';
import { vocabulary } from '../vocabulary.ts';

/** The first event of every log: which instance it is, and by which clock it lives. */
export const instanceEvents = vocabulary({
  InstanceCreated: { instance: BuiltId, clock: t.keyof({ wall: null, virtual: null }) },
});

export type Instance = { readonly instance: string; readonly clock: 'wall' | 'virtual' };

export type InstanceFailure =
  | StoreFailure
  | {
      readonly type: 'WrongClock';
      readonly store: string;
      readonly recorded: string;
      readonly asked: string;
      readonly remedy: string;
    }
  | {
      readonly type: 'WrongInstance';
      readonly store: string;
      readonly recorded: string;
      readonly asked: string;
    }
  | { readonly type: 'NoInstance'; readonly store: string; readonly reason: string }
  | { readonly type: 'NoInstanceId'; readonly asked: string; readonly expected: string };

export const INSTANCE_STREAM = 'instance-main';

/** The instance a log belongs to; undefined: the log is new. */
export const readInstance = (
  events: EventStore,
): TE.TaskEither<InstanceFailure, Instance | undefined> =>
  pipe(
    events.read(INSTANCE_STREAM, { limit: 1 }),
    TE.flatMap(([first]): TE.TaskEither<InstanceFailure, Instance | undefined> => {
      if (first === undefined) return TE.right(undefined);
      return TE.fromEither(instanceIn(events, first));
    }),
  );

const instanceIn = (events: EventStore, first: Envelope): E.Either<InstanceFailure, Instance> => {
  const decoded = instanceEvents.decode(first);
  if (E.isRight(decoded)) return E.right(decoded.right.data);
  const reason = `its first event is no InstanceCreated that this code knows`;
  return E.left({ type: 'NoInstance', store: events.name, reason });
};

/** Writes the first event of a new log; where somebody else was faster, that is the instance. */
export const createInstance = (
  events: EventStore,
  clock: Clock,
  instance: string,
): TE.TaskEither<InstanceFailure, Instance> => {
  if (!BuiltId.is(instance)) {
    return TE.left({ type: 'NoInstanceId', asked: instance, expected: BuiltId.name });
  }
  const created = instanceEvents.of.InstanceCreated({ instance, clock: clock.kind });
  const key = { actor: 'system', commandId: 'create' };
  const draft = {
    ...created,
    version: 1,
    id: eventId(instance, INSTANCE_STREAM, key, 0),
    metadata: {
      at: clock.now(),
      actor: key.actor,
      commandId: key.commandId,
      payloadHash: digestOf(created),
      correlationId: key.commandId,
    },
  };
  return pipe(
    events.append(INSTANCE_STREAM, 'none', [draft]),
    TE.map(() => created.data),
    TE.orElse((failure): TE.TaskEither<InstanceFailure, Instance> =>
      failure.type === 'RevisionConflict' ? firstThere(events) : TE.left(failure),
    ),
  );
};

/** Who was faster: an opening that loses the race takes what it finds, and says so if that is not what it wants. */
const firstThere = (events: EventStore): TE.TaskEither<InstanceFailure, Instance> =>
  pipe(
    readInstance(events),
    TE.flatMap((found): TE.TaskEither<InstanceFailure, Instance> => {
      if (found !== undefined) return TE.right(found);
      const reason = 'another process is creating it';
      return TE.left({ type: 'NoInstance', store: events.name, reason });
    }),
  );

/** Refuses a log that lives by another clock, or is another instance than the caller wants. */
export const accordant = (
  store: string,
  found: Instance,
  asked: { readonly clock: 'wall' | 'virtual'; readonly instance: string | undefined },
): E.Either<InstanceFailure, Instance> => {
  if (asked.instance !== undefined && asked.instance !== found.instance) {
    return E.left({
      type: 'WrongInstance',
      store,
      recorded: found.instance,
      asked: asked.instance,
    });
  }
  if (asked.clock === found.clock) return E.right(found);
  const remedy = found.clock === 'virtual' ? 'run it with --at' : 'run it without --at';
  return E.left({
    type: 'WrongClock',
    store,
    recorded: `${found.clock} time`,
    asked: `${asked.clock} time`,
    remedy: `${remedy}, or name another --data directory`,
  });
};
