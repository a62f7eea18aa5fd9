import { isDeepStrictEqual } from 'node:util';
import Database from 'better-sqlite3';
import type { Outcome } from '../../src/engine/outcome.ts';
import type { Line } from './crash-deals.ts';

/** What the processes have printed: every command that was sent, and the first answer to each that wrote something. */
export type Memory = {
  readonly asked: ReadonlyMap<string, Line>;
  readonly first: ReadonlyMap<string, Outcome>;
  readonly ask: (line: Line) => void;
  /** Who has written something before is answered as then. */
  readonly answer: (id: string, outcome: Outcome) => void;
  /** What nobody has answered, and the last commands that somebody has. */
  readonly recent: (count: number) => readonly Line[];
  /** The same knowledge for a copy of the files that has a future of its own. */
  readonly copy: () => Memory;
};

const wrote = (outcome: Outcome): boolean =>
  outcome.outcome === 'accepted' || (outcome.outcome === 'granted' && outcome.lapsed.length > 0);

export const memory = (): Memory => {
  const asked = new Map<string, Line>();
  const first = new Map<string, Outcome>();
  const answered = new Set<string>();
  return {
    asked,
    first,
    ask: (line) => {
      asked.set(line.id, line);
    },
    answer: (id, outcome) => {
      const before = first.get(id);
      answered.add(id);
      if (before === undefined) {
        if (wrote(outcome)) first.set(id, outcome);
        return;
      }
      const right = { ...before, repeated: true };
      // Thousands of times; what is wrong is shown by `expect`.
      if (!isDeepStrictEqual(outcome, right))
        expect({ id, outcome }).toEqual({ id, outcome: right });
    },
    recent: (count) => {
      const lines = [...asked.values()];
      const from = lines.length - count;
      return lines.filter(({ id }, index) => index >= from || !answered.has(id));
    },
    copy: () => {
      const other = memory();
      for (const line of asked.values()) other.ask(line);
      for (const [id, outcome] of first) other.answer(id, outcome);
      return other;
    },
  };
};

type Row = {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
};

/**
 * N8, as SQL alone sees it: positions and revisions have no hole and no repeat, a command's events follow each other, and every acknowledged
 * event lies where its answer said. Returns how many events there are.
 */
export const expectAllThere = (path: string, { first, asked }: Memory): number => {
  const db = new Database(path, { readonly: true });
  try {
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    const rows = db.prepare<[], Row>('SELECT * FROM events ORDER BY position').all();
    expect(rows.findIndex(({ position }, index) => position !== index + 1)).toBe(-1);
    const heads = new Map<string, number>();
    for (const { stream, revision } of rows) {
      if (revision !== (heads.get(stream) ?? -1) + 1) throw new Error(`${stream} ${revision}`);
      heads.set(stream, revision);
    }
    const lost = [...first].filter(([id, outcome]) => {
      const events = outcome.outcome === 'accepted' ? outcome.events : [];
      const end = outcome.outcome === 'accepted' ? Number(outcome.position) : 0;
      const own = rows.slice(end - events.length, end);
      return !own.every(({ stream, type, data, metadata }, index) => {
        const event = events[index]!;
        const isSame = type === event.type && sameText(data, event.data);
        const { commandId } = JSON.parse(metadata) as { commandId: string };
        return isSame && commandId === id && stream === asked.get(id)!.stream;
      });
    });
    expect(lost).toEqual([]);
    return rows.length;
  } finally {
    db.close();
  }
};

const sorted = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).map(([key, part]) => [key, sorted(part)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
};
const sameText = (text: string, value: unknown): boolean =>
  JSON.stringify(sorted(JSON.parse(text))) === JSON.stringify(sorted(value));
