import { E } from '../fp.ts';
import type { StoredEvent } from '../inspection.ts';
import { replay, decodeEvent, type HistoryFailure } from '../replay.ts';
import { INSTANCE_STREAM, instanceEvents } from '../run/instance.ts';
import { partsOf, type Envelope } from '../store.ts';
import type { Runnable, Status } from '../subsystem.ts';
import type { Finding } from './finding.ts';
import { snapshotChecks, type SnapshotCheck, type SnapshotParts } from './snapshots.ts';
import { unreadable } from './unreadable.ts';

/** Events that are folded at once. */
const PAGE = 500;

type Fold = {
  readonly take: (event: Envelope) => HistoryFailure | undefined;
  readonly finish: () => HistoryFailure | undefined;
  /** The state after what has been folded. */
  readonly state: () => Status;
};

const foldOf = (subsystem: Runnable): Fold => {
  let state: Status = structuredClone(subsystem.decider.initial);
  let page: Envelope[] = [];
  const finish = (): HistoryFailure | undefined => {
    const folded = replay(subsystem, state, page);
    page = [];
    if (E.isLeft(folded)) return folded.left;
    state = folded.right;
    return undefined;
  };
  return {
    finish,
    state: () => state,
    take: (event) => {
      page.push(event);
      return page.length < PAGE ? undefined : finish();
    },
  };
};

/** The stream of the instance has no machine: its events are decoded. */
const instanceFold: Fold = {
  finish: () => undefined,
  state: () => ({ status: 'Created' }),
  take: (event) => {
    const decoded = decodeEvent({ events: instanceEvents }, event);
    return E.isLeft(decoded) ? decoded.left : undefined;
  },
};

/** One stream while its events come by. */
type Walk = {
  readonly stream: string;
  readonly fold: Fold | undefined;
  readonly snapshot: SnapshotCheck | undefined;
  next: number;
  /** Whether what is wrong has been said: what follows it cannot be folded. */
  isOver: boolean;
};

const walkOf = (
  stream: string,
  subsystems: ReadonlyMap<string, Runnable>,
  snapshots: ReturnType<typeof snapshotChecks>,
): Walk => {
  const subsystem = subsystems.get(partsOf(stream)?.category ?? '');
  const snapshot = subsystem && snapshots.of(stream, subsystem);
  const own = stream === INSTANCE_STREAM ? instanceFold : undefined;
  const fold = subsystem === undefined ? own : foldOf(subsystem);
  return { stream, fold, snapshot, next: 0, isOver: false };
};

function* broken(walk: Walk, failure: HistoryFailure | undefined): Generator<Finding> {
  if (failure === undefined) return;
  walk.isOver = true;
  yield { type: 'HistoryBroken', failure };
}

function* ended(walk: Walk | undefined): Generator<Finding> {
  if (walk === undefined || walk.isOver || walk.fold === undefined) return;
  yield* broken(walk, walk.fold.finish());
}

function* taken(walk: Walk, event: StoredEvent): Generator<Finding> {
  const { stream, revision, position, envelope } = event;
  const expected = walk.next;
  walk.next = revision + 1;
  if (revision !== expected) {
    if (!walk.isOver) yield* ended(walk);
    walk.isOver = true;
    yield { type: 'RevisionsBroken', stream, revision, position, expected };
  }
  if (walk.isOver) return;
  if (envelope === undefined) {
    yield* ended(walk);
    walk.isOver = true; // the pass through the log has named it
    return;
  }
  yield* broken(walk, walk.fold?.take(envelope));
  yield* compared(walk, envelope);
}

/** Holds the state after an event against the snapshot that was taken there. */
function* compared(walk: Walk, event: Envelope): Generator<Finding> {
  const { fold, snapshot } = walk;
  if (walk.isOver || fold === undefined || snapshot?.isAt(event) !== true) return;
  yield* broken(walk, fold.finish());
  if (!walk.isOver) yield* snapshot.compare(fold.state());
}

/** Reads the log stream by stream: revisions without hole or repeat, a history that the machine allows, and the snapshot that it gives. */
export function* streamPass(
  parts: SnapshotParts,
  subsystems: ReadonlyMap<string, Runnable>,
  seen: { streams: number },
): Generator<Finding> {
  const snapshots = snapshotChecks(parts);
  let walk: Walk | undefined;
  try {
    for (const event of parts.inspection.streams()) {
      if (walk?.stream !== event.stream) {
        yield* ended(walk);
        walk = walkOf(event.stream, subsystems, snapshots);
        seen.streams += 1;
        if (walk.fold === undefined) yield { type: 'StreamUnknown', stream: event.stream };
        yield* walk.snapshot?.begin() ?? [];
      }
      yield* taken(walk, event);
    }
    yield* ended(walk);
  } catch (cause) {
    const part = `the streams behind ${walk?.stream ?? 'the first'}`;
    yield { type: 'FileDamaged', part, reason: unreadable(cause) };
  } finally {
    snapshots.close();
  }
}
