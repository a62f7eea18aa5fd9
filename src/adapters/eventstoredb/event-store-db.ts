import { E, TE } from '../../engine/fp.ts';
import type { EventGroups } from '../../engine/group.ts';
import type { Log, OpenLog, OpenOptions } from '../../engine/rows.ts';
import type { Secrets } from '../../engine/secret.ts';
import {
  StoreFailed,
  type EventStore,
  type StoreFailure,
  type Subscription,
} from '../../engine/store.ts';
import { APPEND_LIMIT_BYTES, prepareAppend, tooLarge } from '../append-rules.ts';
import { memoryRows, noTables } from '../memory/memory-rows.ts';
import { endable } from '../paged-subscription.ts';
import { localSecrets } from '../secrets.ts';
import { addressOf, type Address } from './address.ts';
import { appendTo, unfitFor } from './append.ts';
import { connector } from './connect.ts';
import { storeFailure, unavailable, without } from './failures.ts';
import { follow, type Following } from './follow.ts';
import { deliveries } from './group.ts';
import { logEnds, type LogEnds } from './head.ts';
import { ignore, lane } from './lane.ts';
import { INSTALL, loadLibrary, type Library } from './library.ts';
import { ownEvents, type Own } from './own-events.ts';
import { parking } from './parked.ts';
import type { Parking } from './parked-drop.ts';
import { policiesOf, type Policies, type Waiting } from './policies.ts';
import { compareTexts, positionText } from './position.ts';
import { readStream, withClient } from './reads.ts';
import { streamIndex } from './stream-index.ts';

/** How a store on a server is put together. Times are in milliseconds. */
export type EventStoreDbOptions = Waiting & {
  /** What resolves the references in a connection string; by default this process's environment and this machine's files. */
  readonly secrets?: Secrets;
  /** Engines share the work of reactions instead of each doing all of it. The user then needs the rights of an operator ($ops, $admins). */
  readonly shareReactions?: boolean;
  /** How long an event that is shared out may be unanswered before another engine gets it, in milliseconds; 30,000 by default. */
  readonly redeliverAfterMs?: number;
};

type Refusal = (writes: boolean) => StoreFailure | undefined;

type Parts = {
  readonly address: Address;
  readonly library: Library;
  readonly policies: Policies;
  readonly opening: OpenOptions;
  readonly own: Own;
  readonly ends: LogEnds;
  readonly sharing: { readonly redeliverAfterMs: number } | undefined;
};

const guarded =
  (refusal: Refusal) =>
  <T>(
    writes: boolean,
    work: () => Promise<E.Either<StoreFailure, T>>,
  ): TE.TaskEither<StoreFailure, T> =>
  async () => {
    const refused = refusal(writes);
    return refused === undefined ? work() : E.left(refused);
  };

const logOver = (
  parts: Parts,
  lanes: ReturnType<typeof lanesTo>,
  refusal: Refusal,
  closing: AbortSignal,
): Omit<OpenLog, 'close'> => {
  const { address, library, policies, own, ends, sharing } = parts;
  const reading = { address, policy: policies.reads, lane: lanes.reads };
  const appending = { address, policy: policies.appends, lane: lanes.appends, library, reading };
  const demandOpen = () => {
    const refused = refusal(false);
    if (refused !== undefined) throw new StoreFailed(refused);
  };
  const following = { ...reading, library, own, ends, demandOpen };
  const subscribe = (subscription: Subscription, gone: Following['gone'] = ignore) =>
    endable(subscription, (signal) =>
      follow({ ...following, gone }, closing)(subscription, signal),
    );
  const list = streamIndex(
    memoryRows(noTables(), () => undefined),
    subscribe,
  );
  const serve = guarded(refusal);
  const events: EventStore = {
    name: address.name,
    read: (stream, options) => serve(false, () => readStream(reading, stream, options)),
    append: (stream, expected, drafts) =>
      serve(true, async () => {
        const append = prepareAppend(stream, expected, drafts);
        if (append.size > APPEND_LIMIT_BYTES) return E.left(tooLarge(append));
        const unfit = unfitFor(append);
        return unfit === undefined ? appendTo(appending, append) : E.left(unfit);
      }),
    subscribe: (subscription) => subscribe(subscription),
    head: () =>
      serve(false, async () => {
        const found = await reading.policy.run({ repeat: 'idempotent' }, (attempt) =>
          withClient(reading.lane, attempt, (client) => following.ends(client, attempt.signal)),
        )();
        if (E.isLeft(found)) return E.left(storeFailure(address, found.left));
        const head = found.right.own;
        return E.right(head === undefined ? undefined : positionText(head));
      }),
    compare: compareTexts,
    streams: (options) => serve(false, () => list(options)),
  };
  if (sharing === undefined) return { events };
  const groups = groupsOver({ ...following, ...sharing, writing: appending }, serve, closing);
  return { events, groups };
};

const groupsOver = (
  parts: Parking,
  serve: ReturnType<typeof guarded>,
  closing: AbortSignal,
): EventGroups => {
  const { parked, drop } = parking(parts);
  return {
    join: (joining) => deliveries(parts, joining, closing),
    parked: (group) => serve(false, () => parked(group)()),
    drop: (group, eventId) => serve(true, () => drop(group, eventId)()),
  };
};

/** Appends have a client of their own: one that hangs is replaced, and nobody's subscription with it. */
const lanesTo = ({ library, address }: Pick<Parts, 'library' | 'address'>, secrets: Secrets) => {
  const connect = connector(library, address, secrets);
  return { appends: lane(address.name, connect), reads: lane(address.name, connect) };
};

const opened = (parts: Parts, lanes: ReturnType<typeof lanesTo>): OpenLog => {
  const { address, opening } = parts;
  const closing = new AbortController();
  const refusal: Refusal = (writes) => {
    if (closing.signal.aborted) return { type: 'StoreClosed', path: address.name };
    if (!writes || !opening.readOnly) return undefined;
    return unavailable(address, 'it was opened read-only', 'open it for writing');
  };
  return {
    ...logOver(parts, lanes, refusal, closing.signal),
    close: async () => {
      if (closing.signal.aborted) return;
      closing.abort();
      await Promise.all([lanes.appends.close(), lanes.reads.close()]);
    },
  };
};

/** One cheap read: whether the server is there, and lets us read what we shall follow. */
const reached = async (
  { address, policies, ends }: Parts,
  lanes: ReturnType<typeof lanesTo>,
): Promise<E.Either<StoreFailure, void>> => {
  const found = await policies.opening.run({ repeat: 'idempotent' }, (attempt) =>
    withClient(lanes.reads, attempt, (client) => ends(client, attempt.signal)),
  )();
  if (E.isRight(found)) return E.right(undefined);
  const failure = storeFailure(address, found.left);
  if (failure.type !== 'StoreUnavailable') return E.left(failure);
  const host = address.name.replace(/^[a-z]+:\/\//u, '');
  const reason = `cannot reach EventStoreDB at ${host}: ${failure.reason}`;
  return E.left({ ...failure, reason });
};

const connected = async (
  address: Address,
  {
    secrets = localSecrets(),
    shareReactions = false,
    redeliverAfterMs = 30_000,
    ...waiting
  }: EventStoreDbOptions,
  opening: OpenOptions,
): Promise<E.Either<StoreFailure, OpenLog>> => {
  const library = await loadLibrary();
  if (library === undefined) {
    return E.left({ type: 'AdapterUnavailable', adapter: 'EventStoreDB', remedy: INSTALL });
  }
  const own = ownEvents(opening.categories);
  const sharing = shareReactions ? { redeliverAfterMs } : undefined;
  const policies = policiesOf(address.name, waiting);
  const parts = { address, library, policies, opening, own, ends: logEnds(own), sharing };
  const lanes = lanesTo(parts, secrets);
  const server = await reached(parts, lanes);
  if (E.isRight(server)) return E.right(opened(parts, lanes));
  await Promise.all([lanes.appends.close(), lanes.reads.close()]);
  return server;
};

/**
 * A log on a server: EventStoreDB, by the optional package `@eventstore/db-client`. `connection` is `esdb://`, `kurrentdb://` or
 * `kdb://[user:password@]host[:port][,host...][?key=value...]`, or `unix:/path`. With `withLocalRows` it is a store.
 * `?user=...&password=...`, each `env:NAME` or `file:/path`, stand for a user and a password that are read when a client connects.
 */
export const eventStoreDb = (connection: string, options: EventStoreDbOptions = {}): Log => {
  const address = addressOf(connection);
  const name = E.isRight(address) ? address.right.name : 'EventStoreDB';
  const open = async (opening: OpenOptions): Promise<E.Either<StoreFailure, OpenLog>> => {
    if (E.isLeft(address)) return E.left({ type: 'StoreUnavailable', path: name, ...address.left });
    try {
      return await connected(address.right, options, opening);
    } catch (cause) {
      // What the client itself makes of its settings, such as a certificate that is none.
      if (!(cause instanceof Error)) throw cause;
      const reason = without(address.right.password, cause.message);
      return E.left(unavailable(address.right, reason, 'correct its connection string'));
    }
  };
  return { name, durable: true, open: (opening) => () => open(opening) };
};
