import type { AnyCheck, Concern } from '../check.ts';
import type { Instant } from '../clock.ts';
import type { Inspection, Scratch, StoredRow } from '../inspection.ts';
import { sameJson } from '../json.ts';
import { DEAD_LETTERS } from '../run/dead-letters.ts';
import { isOwnTable } from '../run/names.ts';
import { OUTBOX } from '../run/outbox/outbox-table.ts';
import type { Finding } from './finding.ts';
import { unreadable } from './unreadable.ts';

const NO_JSON = Symbol('no JSON');

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return NO_JSON;
  }
};

/** Keys may have another order where a row was not read back between two events; nothing else may differ. */
const isSame = (stored: StoredRow, built: StoredRow): boolean => {
  if (stored.entries !== built.entries) return false;
  if (stored.row === built.row) return true;
  const row = parsed(stored.row);
  return row !== NO_JSON && JSON.stringify(row) === stored.row && sameJson(row, parsed(built.row));
};

export type RowPass = {
  readonly inspection: Inspection;
  readonly scratch: Scratch;
  readonly checks: readonly AnyCheck[];
  /** When the doctor comes. */
  readonly at: Instant;
};

/** Findings of a part of the store; that it cannot be read is one too. */
export function* guarded(part: string, findings: () => Iterable<Finding>): Generator<Finding> {
  try {
    yield* findings();
  } catch (cause) {
    yield { type: 'FileDamaged', part, reason: unreadable(cause) };
  }
}

/** A read model, and the table of its rows that readers see. */
export type ModelTable = { readonly model: string; readonly table: string };

function* rowFindings(
  pass: RowPass,
  { model, table }: ModelTable,
  seen: { rows: number },
): Generator<Finding> {
  const { inspection, scratch, at } = pass;
  const checks = pass.checks.filter((check) => check.model.name === model);
  for (const stored of inspection.rows(table)) {
    const { key } = stored;
    const built = scratch.take(model, key);
    seen.rows += 1;
    if (built === undefined) yield { type: 'RowUnexpected', model, key };
    else if (!isSame(stored, built)) yield { type: 'RowAltered', model, key };
    else {
      for (const { concern } of checks) {
        // The row is one that the model's own projection has built.
        const ask = concern as (row: unknown, at: Instant) => Concern | undefined;
        const found = ask(parsed(stored.row), at);
        if (found !== undefined) yield { type: 'Overdue', model, key, ...found };
      }
    }
  }
  for (const key of scratch.keys(model)) yield { type: 'RowMissing', model, key };
}

function* entryFindings(
  { inspection, scratch }: RowPass,
  { model, table }: ModelTable,
): Generator<Finding> {
  for (const entry of inspection.entries(table)) {
    if (!scratch.takeEntry(model, entry)) yield { type: 'EntryUnexpected', model, ...entry };
  }
  for (const entry of scratch.entries(model)) yield { type: 'EntryMissing', model, ...entry };
}

/** Compares the stored rows of a read model, and the entries of its indexes, with those built anew. */
export function* modelPass(
  pass: RowPass,
  of: ModelTable,
  seen: { rows: number },
): Generator<Finding> {
  yield* guarded(`the rows of ${of.model}`, () => rowFindings(pass, of, seen));
  yield* guarded(`the indexes of ${of.model}`, () => entryFindings(pass, of));
}

const fieldIn = (row: unknown, field: string): unknown =>
  typeof row === 'object' && row !== null
    ? Object.entries(row).find(([name]) => name === field)?.[1]
    : undefined;

const textIn = (row: unknown, field: string): string => {
  const found = fieldIn(row, field);
  return typeof found === 'string' ? found : 'unknown';
};

/** What a row of the engine's own says of work that nobody does any more. */
const letterIn = (table: string, key: string, row: unknown): Finding | undefined => {
  if (table === DEAD_LETTERS) {
    return { type: 'DeadLetter', key, cause: textIn(row, 'cause') };
  }
  if (table !== OUTBOX || fieldIn(fieldIn(row, 'stage'), 'state') !== 'failed') return undefined;
  return { type: 'EffectFailed', key, cause: textIn(row, 'lastError') };
};

function* ownFindings({ inspection }: RowPass, table: string): Generator<Finding> {
  for (const { key, row: text } of inspection.rows(table)) {
    const row = parsed(text);
    const letter = letterIn(table, key, row);
    if (row === NO_JSON) yield { type: 'RowAltered', model: table, key };
    else if (letter !== undefined) yield letter;
  }
}

/** What is wrong in tables that are of no read model: what the engine and its runs remember can be read at least. */
export function* otherTables(pass: RowPass, known: ReadonlySet<string>): Generator<Finding> {
  const tables = pass.inspection.tables().filter((table) => !known.has(table));
  for (const table of tables) {
    if (!isOwnTable(table)) yield { type: 'TableUnknown', table };
    yield* guarded(`the rows of ${table}`, () => ownFindings(pass, table));
  }
}
