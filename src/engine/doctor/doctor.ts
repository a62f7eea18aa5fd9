import type { AnyCheck } from '../check.ts';
import type { Instant } from '../clock.ts';
import { pureSha256, eventHash as pureEventHash, type Sha256 } from '../ids.ts';
import { leaseSubsystem } from '../lease.ts';
import type { Inspection, Scratch } from '../inspection.ts';
import type { AnyProjection } from '../projection.ts';
import type { Checkpoint } from '../rows.ts';
import { runnable, type AnySubsystem, type Runnable } from '../subsystem.ts';
import { builderOf, type Builder } from './builders.ts';
import type { Finding } from './finding.ts';
import { logPass, type EventHash, type LogSeen } from './log-pass.ts';
import { guarded, modelPass, otherTables } from './row-pass.ts';
import { streamPass } from './stream-pass.ts';
import { unreadable } from './unreadable.ts';

/** What a doctor has looked at. */
export type Examined = LogSeen & { streams: number; rows: number };

export type Examination = {
  readonly inspection: Inspection;
  readonly scratch: Scratch;
  readonly subsystems: readonly AnySubsystem[];
  /** When the doctor comes, told the latest instant of the log: what is overdue by then is found. */
  readonly now: (latest: Instant) => Instant;
  /** Faster ones than the pure defaults. */
  readonly sha256?: Sha256;
  readonly eventHash?: EventHash;
  /** Hears what is looked at now. */
  readonly stage?: (what: string) => void;
};

/**
 * Looks through a whole store and gives what is not right, as it finds it: how the file is kept, every event's hash, positions,
 * revisions, every stream's history, every projection's count, digest, rows and index entries, what is overdue, and dead letters. It
 * reads page by page, so its memory does not grow with the store.
 */
export function* examine(examination: Examination): Generator<Finding, Examined> {
  const { inspection, stage = () => undefined } = examination;
  const { eventHash = pureEventHash } = examination;
  const seen: Examined = { events: 0, head: undefined, latest: 0, streams: 0, rows: 0 };
  stage('the file');
  for (const reason of structureOf(inspection)) {
    yield { type: 'FileDamaged', part: 'the file', reason };
  }
  const { checkpoints, findings } = checkpointsOf(inspection);
  yield* findings;
  const builders = buildersOf(examination, checkpoints);
  stage('the log');
  yield* logPass(inspection, eventHash, builders, seen, stage);
  for (const [consumer, { position }] of checkpoints) {
    const head = seen.head ?? '0';
    if (inspection.compare(position, head) > 0) {
      yield { type: 'CheckpointAhead', consumer, position, head };
    }
  }
  stage('the streams');
  const { sha256 = pureSha256 } = examination;
  yield* streamPass({ inspection, sha256 }, subsystemsOf(examination), seen);
  yield* rowsPass(examination, builders, seen);
  return seen;
}

function* rowsPass(
  { inspection, scratch, subsystems, now, stage = () => undefined }: Examination,
  builders: readonly Builder[],
  seen: Examined,
): Generator<Finding> {
  const checks: readonly AnyCheck[] = subsystems.flatMap((row) => row.checks ?? []);
  const pass = { inspection, scratch, checks, at: now(seen.latest) };
  for (const { projection, tableOf, finish, isComparable } of builders) {
    stage(`the rows of ${projection.name}`);
    yield* guarded(`the rows of ${projection.name}`, finish);
    if (!isComparable()) continue;
    for (const { name: model } of projection.models) {
      yield* modelPass(pass, { model, table: tableOf(model) }, seen);
    }
  }
  const known = new Set(builders.flatMap(({ tables }) => tables));
  yield* guarded('the tables', () => otherTables(pass, known));
}

const structureOf = (inspection: Inspection): readonly string[] => {
  try {
    return inspection.structure();
  } catch (cause) {
    return [unreadable(cause)];
  }
};

type Checkpoints = ReadonlyMap<string, Checkpoint>;

/** How far consumers have come, and what is wrong with those that are at no position. */
const checkpointsOf = (
  inspection: Inspection,
): { readonly checkpoints: Checkpoints; readonly findings: readonly Finding[] } => {
  const checkpoints = new Map<string, Checkpoint>();
  const findings: Finding[] = [];
  try {
    for (const { consumer, ...value } of inspection.checkpoints()) {
      if (inspection.isPosition(value.position)) checkpoints.set(consumer, value);
      else findings.push({ type: 'CheckpointUnreadable', consumer, position: value.position });
    }
  } catch (cause) {
    findings.push({ type: 'FileDamaged', part: 'the checkpoints', reason: unreadable(cause) });
  }
  return { checkpoints, findings };
};

const subsystemsOf = ({ subsystems }: Examination): ReadonlyMap<string, Runnable> =>
  new Map([...subsystems, leaseSubsystem].map((row) => [row.category, runnable(row)]));

const projectionsOf = ({ subsystems }: Examination): readonly AnyProjection[] => [
  ...new Set(subsystems.flatMap((row) => row.projections)),
];

const buildersOf = (examination: Examination, checkpoints: Checkpoints): readonly Builder[] => {
  const { inspection, scratch, sha256 = pureSha256 } = examination;
  const owners = new Map(
    [...subsystemsOf(examination).values()].flatMap((subsystem) =>
      Object.keys(subsystem.events.payloads).map((type) => [type, subsystem] as const),
    ),
  );
  return projectionsOf(examination).map((projection) =>
    builderOf(projection, { inspection, scratch, owners, sha256, checkpoints }),
  );
};
