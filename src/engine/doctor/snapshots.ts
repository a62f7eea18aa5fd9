import { compareText } from '../bytes.ts';
import { E } from '../fp.ts';
import type { Sha256 } from '../ids.ts';
import { instanceOf } from '../inspected-instance.ts';
import type { Inspection, StoredRow } from '../inspection.ts';
import { sameJson } from '../json.ts';
import {
  SNAPSHOTS,
  snapshotFingerprint,
  snapshotIn,
  storedSnapshot,
  type Snapshot,
  type StoredSnapshot,
} from '../snapshot.ts';
import { StoreFailed, type Envelope } from '../store.ts';
import type { Runnable, Status } from '../subsystem.ts';
import type { Finding } from './finding.ts';

/** The stored snapshots, asked for stream by stream in byte order. */
type SnapshotShelf = {
  readonly of: (stream: string) => StoredSnapshot | undefined;
  readonly close: () => void;
};

/** Reads the rows beside the streams, one at a time, so that memory does not grow with the store. */
const snapshotShelf = (inspection: Inspection): SnapshotShelf => {
  const rows = inspection.rows(SNAPSHOTS)[Symbol.iterator]();
  const next = (): StoredRow | undefined => {
    try {
      const row = rows.next();
      return row.done === true ? undefined : row.value;
    } catch (cause) {
      if (cause instanceof StoreFailed) return undefined; // the pass through the tables says so
      throw cause;
    }
  };
  let row = next();
  return {
    of: (stream) => {
      while (row !== undefined && compareText(row.key, stream) < 0) row = next();
      return row?.key === stream ? storedSnapshot(parsed(row.row)) : undefined;
    },
    close: () => void rows.return?.(),
  };
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the pass through the tables says so
  }
};

/** What the doctor makes of one stored snapshot. */
export type SnapshotCheck = {
  /** What is wrong with the snapshot by itself. */
  readonly begin: () => Iterable<Finding>;
  /** Whether the state after this event is to be compared. */
  readonly isAt: (event: Envelope) => boolean;
  readonly compare: (state: Status) => Iterable<Finding>;
};

export type SnapshotParts = { readonly inspection: Inspection; readonly sha256: Sha256 };

/** Makes the checks of a store's snapshots. */
export const snapshotChecks = ({ inspection, sha256 }: SnapshotParts) => {
  const shelf = snapshotShelf(inspection);
  const instance = instanceOf(inspection)?.instance;
  const fingerprints = new Map<Runnable, ReturnType<typeof snapshotFingerprint>>();
  const fingerprint = (subsystem: Runnable, of: string) => {
    const known = fingerprints.get(subsystem) ?? snapshotFingerprint(subsystem, of);
    fingerprints.set(subsystem, known);
    return known;
  };
  /** A snapshot of other code, or of another history, is never used, so it is not compared either. */
  const usable = (
    stored: StoredSnapshot | undefined,
    subsystem: Runnable,
  ): Snapshot | undefined => {
    if (stored === undefined || instance === undefined) return undefined;
    const wanted = fingerprint(subsystem, instance);
    const isOfThisCode = E.isRight(wanted) && stored.fingerprint === wanted.right;
    return isOfThisCode ? snapshotIn(stored, sha256) : undefined;
  };
  return {
    close: shelf.close,
    of: (stream: string, subsystem: Runnable): SnapshotCheck => {
      const stored = shelf.of(stream);
      const snapshot = usable(stored, subsystem);
      const revision = stored?.revision ?? -1;
      return {
        begin: function* () {
          if (stored === undefined || snapshotIn(stored, sha256) !== undefined) return;
          yield { type: 'SnapshotAltered', stream, revision, reason: 'its digest is another' };
        },
        isAt: (event) => event.revision === revision && event.hash === snapshot?.eventHash,
        compare: function* (state) {
          if (snapshot === undefined || sameJson(state, snapshot.state)) return;
          const reason = 'its state is not what the events give';
          yield { type: 'SnapshotAltered', stream, revision, reason };
        },
      };
    },
  };
};
