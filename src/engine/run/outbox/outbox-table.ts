import type { Instant } from '../../clock.ts';
import type { Report } from '../../outbox.ts';
import type { KeyedRow, RowChange, RowStore } from '../../rows.ts';
import type { Position, Revision, StreamName } from '../../store.ts';
import { orFailed } from '../consumer.ts';

/** How far a piece of work has come. */
export type Stage =
  | { readonly state: 'waiting' }
  | { readonly state: 'prepared'; readonly prepared: unknown }
  /** It is going out, or was when the process died. */
  | { readonly state: 'submitted'; readonly prepared: unknown; readonly submits: number }
  /** It may have gone out, and nobody has said what became of it. */
  | { readonly state: 'unknown'; readonly prepared: unknown; readonly submits: number }
  /** It has ended; what is to be reported of that. */
  | { readonly state: 'reporting'; readonly reports: readonly Report[] }
  /** It could not be done; an operator may have it tried again from where it stood. */
  | { readonly state: 'failed'; readonly before: Exclude<Stage, { readonly state: 'failed' }> };

/** A piece of an effect's work, from the event that asks for it to its end. */
export type Work = {
  readonly effect: string;
  /** Under which the outside world knows it. */
  readonly key: string;
  /** Works of a lane go out one after the other. */
  readonly lane: string;
  readonly event: {
    readonly type: string;
    readonly stream: StreamName;
    readonly revision: Revision;
    readonly position: Position;
    /** Up to where the log had been read before it; null: it is the first. */
    readonly behind: Position | null;
  };
  readonly stage: Stage;
  /** Tries that have led to no answer or, once there is one, to no report of it, and why the last one did not. */
  readonly attempts: number;
  readonly lastError: string | null;
  /** When it is tried next; null: it waits for another of its lane, or has failed. */
  readonly nextAt: Instant | null;
  readonly since: Instant;
};

export type KeyedWork = KeyedRow<Work>;

/** The table of all that effects have to do, and their turns in the order of time. */
export const OUTBOX = 'outbox';
const TURNS = 'outboxTurns';
export const OUTBOX_TABLES = [OUTBOX, TURNS];

/** The consumer that takes an effect's events in. */
export const outboxConsumer = (effect: string): string => `outbox:${effect}`;

const padded = (position: Position): string => position.padStart(20, '0');
const behindAllOf = (effect: string): string => `${effect}\u0001`;

export const workKey = ({ effect, event }: Pick<Work, 'effect' | 'event'>): string =>
  `${effect}\u0001${padded(event.position)}`;

const turnKey = (work: Work, at: Instant): string =>
  [work.effect, String(at).padStart(16, '0'), padded(work.event.position)].join('\u0001');

const laneOf = (effect: string, lane: string) => ({
  index: 'lane',
  value: `${effect}\u0001${lane}`,
});

const PAGE = 500;

export type OutboxTable = {
  readonly get: (key: string) => Work | undefined;
  /** The effect's works in the order of the log. */
  readonly all: (effect: string) => Iterable<KeyedWork>;
  /** The first turns, whether or not their instant has come. */
  readonly turns: (effect: string, limit: number) => readonly { at: Instant; work: Work }[];
  readonly isLaneFree: (effect: string, lane: string) => boolean;
  /** The changes by which a work becomes another; undefined: there was none, or it is over. */
  readonly changed: (before: Work | undefined, after: Work | undefined) => readonly RowChange[];
};

export const outboxTable = (rows: RowStore): OutboxTable => {
  // Only the outbox writes under these names.
  const get = (key: string) => orFailed(rows.get(OUTBOX, key)) as Work | undefined;
  const inLane = (effect: string, lane: string) =>
    orFailed(rows.where(OUTBOX, laneOf(effect, lane), { limit: 2 })) as readonly KeyedWork[];
  /** The next of a lane that one has left. */
  const successor = (left: Work): readonly RowChange[] => {
    const next = inLane(left.effect, left.lane).find(({ key }) => key !== workKey(left));
    if (next === undefined || next.row.nextAt !== null) return [];
    return written(next.row, { ...next.row, nextAt: 0 });
  };
  return {
    get,
    all: function* (effect) {
      for (const { key, row } of behind(rows, OUTBOX, effect)) yield { key, row: row as Work };
    },
    turns: (effect, limit) => {
      const found: { at: Instant; work: Work }[] = [];
      for (const { row } of behind(rows, TURNS, effect, limit)) {
        const { at, key } = row as Turn;
        const work = get(key);
        if (work !== undefined) found.push({ at, work });
        if (found.length >= limit) break;
      }
      return found;
    },
    isLaneFree: (effect, lane) => inLane(effect, lane).length === 0,
    changed: (before, after) => {
      const changes = written(before, after);
      const hasLeft = before !== undefined && isLive(before) && !isLive(after);
      return hasLeft ? [...changes, ...successor(before)] : changes;
    },
  };
};

type Turn = { readonly at: Instant; readonly key: string };

const isLive = (work: Work | undefined): work is Work =>
  work !== undefined && work.stage.state !== 'failed';

function* behind(rows: RowStore, table: string, effect: string, limit = PAGE) {
  let after = behindAllOf(effect);
  for (;;) {
    const page = orFailed(rows.page(table, { after, limit }));
    for (const each of page) {
      if (!each.key.startsWith(behindAllOf(effect))) return;
      yield each;
      after = each.key;
    }
    if (page.length < limit) return;
  }
}

const written = (before: Work | undefined, after: Work | undefined): readonly RowChange[] => {
  const one = after ?? before;
  if (one === undefined) return [];
  const key = workKey(one);
  const entries = isLive(after) ? [laneOf(after.effect, after.lane)] : [];
  return [
    ...turnChange(before, key, false),
    ...turnChange(after, key, true),
    { table: OUTBOX, key, row: after, entries },
  ];
};

const turnChange = (
  work: Work | undefined,
  key: string,
  isThere: boolean,
): readonly RowChange[] => {
  if (work === undefined || work.nextAt === null) return [];
  const row = isThere ? ({ at: work.nextAt, key } satisfies Turn) : undefined;
  return [{ table: TURNS, key: turnKey(work, work.nextAt), row, entries: [] }];
};

/** All works of all effects, a page at a time. */
export const works = (rows: RowStore, limit: number, after?: string): readonly KeyedWork[] =>
  orFailed(
    rows.page(OUTBOX, after === undefined ? { limit } : { limit, after }),
  ) as readonly KeyedWork[];
