import { E } from '../../fp.ts';
import { performable, type AnyEffect, type Effect } from '../../outbox.ts';
import type { Recorded } from '../../projection.ts';
import { decodeEvent } from '../../replay.ts';
import type { Checkpoint, RowChange, RowStore } from '../../rows.ts';
import { describeFailure, type Envelope, type Page, type Position } from '../../store.ts';
import type { Runnable } from '../../subsystem.ts';
import { orFailed } from '../consumer.ts';
import { passing } from '../passing.ts';
import { outboxConsumer, type OutboxTable, type Work } from './outbox-table.ts';

export type IntakeParts = {
  readonly rows: RowStore;
  readonly table: OutboxTable;
  readonly owners: ReadonlyMap<string, Runnable>;
};

/** Turns events into works of the table: both and the place in the log change in one transaction. */
export type Intake = {
  /** How far the log was taken in, as the store has it: where to begin, and to go on after a failure. */
  readonly recall: () => Position | undefined;
  readonly take: (page: Page) => void;
  /** Stores how far the log was read. */
  readonly flush: () => void;
};

export const outboxIntake = (effect: AnyEffect, { rows, table, owners }: IntakeParts): Intake => {
  const consumer = outboxConsumer(effect.name);
  let [position, events]: [Position | undefined, number] = [undefined, 0];
  const saved = (at: Position, changes: readonly RowChange[]) => {
    const value: Checkpoint = { position: at, events, digest: '' };
    return rows.commit({ changes, checkpoint: { consumer, value } });
  };
  // Pages that hold nothing may be read again: that this could not be stored is nobody's trouble.
  const unstored = passing((at) => void saved(at, []));
  return {
    recall: () => {
      const stored = orFailed(rows.checkpoint(consumer));
      [position, events] = [stored?.position, stored?.events ?? 0];
      unstored.overtaken();
      return position;
    },
    take: (page) => {
      const lanes = new Set<string>();
      const changes: RowChange[] = [];
      for (const envelope of page.events) {
        const work = workOf(performable(effect), owners, envelope, position);
        position = envelope.position;
        if (work === undefined) continue;
        const isFree = table.isLaneFree(effect.name, work.lane) && !lanes.has(work.lane);
        const isFailed = work.stage.state === 'failed';
        if (!isFailed) lanes.add(work.lane);
        changes.push(
          ...table.changed(undefined, { ...work, nextAt: isFree && !isFailed ? 0 : null }),
        );
        events += 1;
      }
      position = page.position;
      if (changes.length === 0) return unstored.passed(page.position);
      orFailed(saved(page.position, changes));
      unstored.overtaken();
    },
    flush: unstored.flush,
  };
};

/** What an event asks an effect for; undefined: nothing. An event that cannot be read is a work that has failed. */
const workOf = (
  effect: Effect,
  owners: ReadonlyMap<string, Runnable>,
  envelope: Envelope,
  behind: Position | undefined,
): Work | undefined => {
  const { type, stream, revision, position, id, metadata } = envelope;
  const common = {
    effect: effect.name,
    event: { type, stream, revision, position, behind: behind ?? null },
    attempts: 0,
    nextAt: null,
    since: metadata.at,
  };
  const asked = E.flatMap((recorded: Recorded) => askedBy(effect, recorded))(
    recordedIn(owners, envelope),
  );
  if (E.isLeft(asked)) {
    const stage = { state: 'failed', before: { state: 'waiting' } } as const;
    return { ...common, key: id, lane: stream, stage, lastError: asked.left };
  }
  if (asked.right === undefined) return undefined;
  return { ...common, ...asked.right, stage: { state: 'waiting' }, lastError: null };
};

/** Under which key and in which lane an event is worked on; undefined: it does not concern the effect. */
export const askedBy = (
  effect: Effect,
  recorded: Recorded,
): E.Either<string, Pick<Work, 'key' | 'lane'> | undefined> =>
  E.tryCatch(() => {
    if (effect.concerns?.(recorded) === false) return undefined;
    return {
      key: effect.key?.(recorded) ?? recorded.envelope.id,
      lane: effect.order?.(recorded) ?? recorded.envelope.stream,
    };
  }, String);

/** The event in an envelope with its place, or why nobody can read it. */
export const recordedIn = (
  owners: ReadonlyMap<string, Runnable>,
  envelope: Envelope,
): E.Either<string, Recorded> => {
  const owner = owners.get(envelope.type);
  if (owner === undefined) return E.left(`no subsystem has the event ${envelope.type}`);
  const event = decodeEvent(owner, envelope);
  if (E.isLeft(event)) return E.left(describeFailure(event.left));
  return E.right({ ...event.right, envelope });
};
