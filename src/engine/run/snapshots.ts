import { commandMemory, type CommandMemory } from './command-memory.ts';
import { orFailed } from './consumer.ts';
import { E } from '../fp.ts';
import type { Gathering } from './gathering.ts';
import type { Sha256 } from '../ids.ts';
import type { OpenStore } from '../rows.ts';
import {
  SNAPSHOTS,
  snapshotFingerprint,
  snapshotIn,
  snapshotRow,
  storedSnapshot,
  type Snapshot,
} from '../snapshot.ts';
import { partsOf, type Envelope, type StreamName } from '../store.ts';
import type { Runnable, Status } from '../subsystem.ts';

/** After how many events of a stream its state is stored again; `never`: it is neither stored nor read. */
export type SnapshotPolicy = { readonly every: number } | 'never';

/** What a snapshot is taken of. */
type Standing = {
  readonly state: Status;
  readonly last: Envelope;
  readonly memory: CommandMemory;
};

/** Stored states of long streams: they make loading quicker and show in no answer. */
export type Snapshots = {
  /** A stream that has no more events than this needs no snapshot. */
  readonly every: number;
  /** The stream as its snapshot keeps it, if that is one of this code and of this very history. Nobody else holds the state. */
  readonly restored: (subsystem: Runnable, stream: StreamName) => Promise<Standing | undefined>;
  /** Stores a stream as it stands, once others have had their turn. */
  readonly take: (standing: Standing) => void;
  /** Why the last one could not be stored. */
  readonly failure: () => string | undefined;
  /** Resolves when all that were to be taken are stored. */
  readonly stop: () => Promise<void>;
};

export type SnapshotParts = {
  readonly store: OpenStore;
  readonly instance: string;
  readonly subsystems: ReadonlyMap<string, Runnable>;
  readonly sha256: Sha256;
  readonly gather: Gathering;
  readonly policy: SnapshotPolicy;
};

/** Of which code a category's snapshots are, or why it can have none. */
type Fingerprint = ReturnType<typeof snapshotFingerprint>;

/** How many streams wait to be stored at most; the longest waiting one is let go, and comes again when it has grown. */
const MOST_WAITING = 256;

export const noSnapshots: Snapshots = {
  every: Infinity,
  restored: async () => undefined,
  take: () => undefined,
  failure: () => undefined,
  stop: async () => undefined,
};

export const snapshotsOf = (parts: SnapshotParts): Snapshots => {
  const { policy, store, subsystems, instance, sha256 } = parts;
  if (policy === 'never') return noSnapshots;
  if (!Number.isSafeInteger(policy.every) || policy.every < 1) {
    throw new Error(`snapshots.every is ${policy.every}: it must be a whole number from 1`);
  }
  const fingerprints = new Map<string, Fingerprint>();
  const fingerprint = (category: string): Fingerprint => {
    const subsystem = subsystems.get(category);
    if (subsystem === undefined) return E.left(`there is no subsystem ${category}`);
    const known = fingerprints.get(category) ?? snapshotFingerprint(subsystem, instance);
    fingerprints.set(category, known);
    return known;
  };
  /** The snapshot in the row of a stream, if it is of this code. */
  const found = (category: string, stream: StreamName): Snapshot | undefined => {
    // A row that cannot be read is as good as none: the log has all that it could say.
    const row = E.tryCatch(() => orFailed(store.rows.get(SNAPSHOTS, stream)), String);
    const stored = E.isLeft(row) ? undefined : storedSnapshot(row.right);
    const wanted = fingerprint(category);
    const isOfThisCode = E.isRight(wanted) && stored?.fingerprint === wanted.right;
    return stored !== undefined && isOfThisCode ? snapshotIn(stored, sha256) : undefined;
  };
  const writing = writer(parts, storing(parts, fingerprint));
  return {
    every: policy.every,
    restored: async ({ category }, stream) => {
      const snapshot = found(category, stream);
      if (snapshot === undefined) return undefined;
      const { revision, eventHash, state, commands } = snapshot;
      const page = await store.events.read(stream, { from: revision, limit: 1 })();
      const last = E.isLeft(page) ? undefined : page.right[0];
      if (last?.revision !== revision || last.hash !== eventHash) return undefined;
      return { state, last, memory: commandMemory({ through: revision, commands }) };
    },
    ...writing,
  };
};

/** Stores a snapshot, or says why that cannot be. */
const storing = (
  { store: { events, rows }, sha256 }: SnapshotParts,
  fingerprintOf: (category: string) => Fingerprint,
): ((standing: Standing) => string | undefined) => {
  const rowOf = ({ state, last, memory }: Standing): ReturnType<typeof snapshotRow> => {
    const { stream, revision, hash: eventHash } = last;
    const fingerprint = fingerprintOf(partsOf(stream)?.category ?? '');
    if (E.isLeft(fingerprint)) return fingerprint;
    // Where an index finds every command, none needs to be carried along.
    const commands = events.find === undefined ? memory.upTo(revision) : [];
    return snapshotRow({ revision, eventHash, state, commands }, fingerprint.right, sha256);
  };
  return (standing) => {
    const { stream, revision } = standing.last;
    const row = rowOf(standing);
    if (E.isLeft(row)) return `${stream} at revision ${revision}: ${row.left}`;
    const change = { table: SNAPSHOTS, key: stream, row: row.right, entries: [] };
    const done = E.tryCatch(() => orFailed(rows.commit({ changes: [change] })), String);
    return E.isLeft(done) ? done.left : undefined;
  };
};

/** Stores snapshots one at a time, each after a moment in which others could run. */
const writer = (
  { gather }: SnapshotParts,
  written: ReturnType<typeof storing>,
): Pick<Snapshots, 'take' | 'failure' | 'stop'> => {
  const waiting = new Map<StreamName, Standing>();
  let failure: string | undefined;
  let underWay: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    for (;;) {
      await gather();
      const [next] = waiting;
      if (next === undefined) break;
      waiting.delete(next[0]);
      failure = written(next[1]);
    }
    underWay = undefined;
  };
  return {
    take: (standing) => {
      const { stream } = standing.last;
      waiting.delete(stream);
      waiting.set(stream, standing);
      const [oldest] = waiting.keys();
      if (waiting.size > MOST_WAITING && oldest !== undefined) waiting.delete(oldest);
      underWay ??= run();
    },
    failure: () => failure,
    stop: async () => underWay,
  };
};
