import type { Concern } from '../check.ts';
import type { HistoryFailure } from '../replay.ts';
import type { Broken } from '../run/generations.ts';
import { typedId } from '../typed-key.ts';

type At = { readonly stream: string; readonly revision: number; readonly position: string };

/** Something that is not right with a store, named by its place. */
export type Finding =
  /** How the store keeps its data is damaged, or a part of it cannot be read. */
  | { readonly type: 'FileDamaged'; readonly part: string; readonly reason: string }
  /** What lies there of an event is not what its hash was made of. */
  | ({ readonly type: 'EventAltered'; readonly stored: string; readonly computed: string } & At)
  | ({ readonly type: 'EventUnreadable'; readonly reason: string } & At)
  /** A stream goes on with another revision than the next. */
  | ({ readonly type: 'RevisionsBroken'; readonly expected: number } & At)
  /** The log goes on with another position than the next. */
  | ({ readonly type: 'PositionsBroken'; readonly expected: string } & At)
  /** An event that this code does not know, cannot decode, or to which no edge of the machine leads. */
  | { readonly type: 'HistoryBroken'; readonly failure: HistoryFailure }
  | { readonly type: 'StreamUnknown'; readonly stream: string }
  /** Something says that it has come further than the log goes. */
  | {
      readonly type: 'CheckpointAhead';
      readonly consumer: string;
      readonly position: string;
      readonly head: string;
    }
  | { readonly type: 'CheckpointUnreadable'; readonly consumer: string; readonly position: string }
  /** What a projection says it has consumed is not what the log has for it. */
  | {
      readonly type: 'CheckpointDiffers';
      readonly projection: string;
      readonly position: string;
      readonly stored: { readonly events: number; readonly digest: string };
      readonly computed: { readonly events: number; readonly digest: string };
    }
  /** The rows are of another version than this code builds. */
  | {
      readonly type: 'ProjectionStale';
      readonly projection: string;
      readonly stored: string;
      readonly known: number;
    }
  /** An event has stopped a projection: the rows that readers see, or those that are built to take their place. */
  | ({
      readonly type: 'ProjectionBroken';
      readonly projection: string;
      readonly version: number;
      readonly isLive: boolean;
    } & Broken)
  /** Rows of an earlier build that nobody sees any more have not been removed yet. */
  | {
      readonly type: 'RowsLeftOver';
      readonly projection: string;
      readonly version: number;
      readonly generation: number;
    }
  /** The rows cannot be built from the log, so they could not be compared. */
  | { readonly type: 'ProjectionUnbuildable'; readonly projection: string; readonly reason: string }
  | { readonly type: 'RowAltered'; readonly model: string; readonly key: string }
  | { readonly type: 'RowMissing'; readonly model: string; readonly key: string }
  | { readonly type: 'RowUnexpected'; readonly model: string; readonly key: string }
  | {
      readonly type: 'EntryMissing' | 'EntryUnexpected';
      readonly model: string;
      readonly index: string;
      readonly value: string;
      readonly key: string;
    }
  /** The stored state of a long stream is not the one that its events give: the stream is decided on wrongly. */
  | {
      readonly type: 'SnapshotAltered';
      readonly stream: string;
      readonly revision: number;
      readonly reason: string;
    }
  | { readonly type: 'TableUnknown'; readonly table: string }
  | ({ readonly type: 'Overdue'; readonly model: string; readonly key: string } & Concern)
  | { readonly type: 'DeadLetter'; readonly key: string; readonly cause: string }
  /** Something was to be done in the outside world and could not be. */
  | { readonly type: 'EffectFailed'; readonly key: string; readonly cause: string };

type Describe = {
  readonly [T in Finding['type']]: (finding: Extract<Finding, { type: T }>) => string;
};

const event = ({ stream, revision, position }: At): string =>
  `revision ${revision} of ${stream} (position ${position})`;
const row = ({ model, key }: { readonly model: string; readonly key: string }): string =>
  `row ${key} of ${model}`;

const HOUR_MS = 3_600_000;

/** How long something has waited, for people: hours, or days. */
const age = (ageMs: number): string =>
  ageMs < 48 * HOUR_MS
    ? `${Math.floor(ageMs / HOUR_MS)} hours`
    : `${Math.floor(ageMs / (24 * HOUR_MS))} days`;

const entry = ({ model, index, value, key }: Extract<Finding, { index: string }>): string =>
  `the entry of ${key} under ${index}=${value} of ${model}`;

const DESCRIBE: Describe = {
  FileDamaged: ({ part, reason }) => `${part}: ${reason}`,
  EventAltered: (found) =>
    `${event(found)} is not what was written: its hash is ${found.computed} and not ${found.stored}`,
  EventUnreadable: (found) => `${event(found)} cannot be read: ${found.reason}`,
  RevisionsBroken: (found) => `${event(found)} stands where revision ${found.expected} belongs`,
  PositionsBroken: (found) => `${event(found)} stands where position ${found.expected} belongs`,
  HistoryBroken: ({ failure }) =>
    `${event(failure)} ${failure.eventType}${failure.path === '' ? '' : ` ${failure.path}`}: ${failure.reason}`,
  StreamUnknown: ({ stream }) => `stream ${stream} is of no subsystem that this chancery has`,
  CheckpointAhead: ({ consumer, position, head }) =>
    `${consumer} has come to position ${position}, but the log ends at ${head}`,
  CheckpointUnreadable: ({ consumer, position }) =>
    `${consumer} has come to ${position}, which is no position`,
  CheckpointDiffers: ({ projection, position, stored, computed }) =>
    `projection ${projection} has consumed ${stored.events} events (digest ${stored.digest}) up to position ${position}; the log has ${computed.events} (digest ${computed.digest})`,
  ProjectionStale: ({ projection, stored, known }) =>
    `projection ${projection} has rows of version ${stored}, this chancery builds version ${known}: chancery rebuild ${projection}`,
  ProjectionBroken: ({ projection, version, isLive, position, cause }) =>
    `${isLive ? '' : 'the new build of '}projection ${projection} (version ${version}) is broken at position ${position}: ${cause}`,
  RowsLeftOver: ({ projection, version, generation }) =>
    `rows of build ${generation} of projection ${projection} (version ${version}) are still there: the next process that writes removes them`,
  ProjectionUnbuildable: ({ projection, reason }) =>
    `projection ${projection} cannot be built from the log, so its rows were not compared: ${reason}`,
  RowAltered: (found) => `${row(found)} is not what the log makes of it`,
  RowMissing: (found) => `${row(found)} is missing`,
  RowUnexpected: (found) => `${row(found)} should not be there`,
  EntryMissing: (found) => `${entry(found)} is missing`,
  EntryUnexpected: (found) => `${entry(found)} should not be there`,
  SnapshotAltered: ({ stream, revision, reason }) =>
    `the snapshot of ${stream} at revision ${revision} was altered: ${reason}`,
  TableUnknown: ({ table }) => `there are rows of ${table}, which this chancery does not have`,
  Overdue: ({ what, owner, ageMs, nextStep }) =>
    `${what} of ${owner} has waited for ${age(ageMs)}; next: ${nextStep}`,
  DeadLetter: ({ key, cause }) =>
    `dead letter ${typedId(key)}: ${cause}; chancery dead-letters --retry or --drop`,
  EffectFailed: ({ key, cause }) =>
    `effect ${typedId(key)}: ${cause}; chancery effects --retry or --drop`,
};

/** A finding in one line for people. */
export const describeFinding = <T extends Finding['type']>(
  finding: Extract<Finding, { type: T }>,
): string => {
  // Each describer takes the findings of the type it is listed under.
  const describe = DESCRIBE[finding.type] as unknown as (found: Finding) => string;
  return describe(finding);
};
