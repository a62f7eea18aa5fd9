import { readFileSync } from 'node:fs';
import * as t from 'io-ts';
import { E } from '../../engine/fp.ts';
import { sameJson } from '../../engine/json.ts';
import { CliError, exitCodes, reasonOf } from '../exit-codes.ts';
import { firstOutcome, type LineOutcome } from '../run/outcome.ts';
import type { FinalTables } from './tables.ts';

const ExpectedLine = t.intersection([
  t.type({ line: t.number, outcome: t.string }),
  t.partial({
    first: t.string,
    events: t.readonlyArray(t.string),
    refusal: t.string,
    path: t.string,
  }),
]);
type ExpectedLine = t.TypeOf<typeof ExpectedLine>;

const ExpectedTable = t.union([
  t.type({ escrowsByStatus: t.record(t.string, t.number) }),
  t.type({ balances: t.record(t.string, t.record(t.string, t.string)) }),
]);

const Expected = t.union([ExpectedLine, ExpectedTable]);
type Expected = t.TypeOf<typeof Expected>;

/** What the generator of a command file says that every line must be answered, and where all must stand at the end. */
export type Expectations = {
  /** How many lines have expected outcomes. */
  readonly lines: number;
  /** What is wrong with an outcome; empty: it is the expected one. */
  readonly differencesIn: (outcome: LineOutcome) => readonly string[];
  /** What is wrong at the end: lines that were not answered, tables that differ. */
  readonly differencesAtEnd: (end: FinalTables & { readonly lines: number }) => readonly string[];
};

const parsed = (path: string): readonly Expected[] => {
  const read = E.tryCatch(
    () =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== ''),
    reasonOf,
  );
  if (E.isLeft(read)) {
    const remedy = 'it comes with Chancery: install it anew';
    throw new CliError(`cannot read ${path}: ${read.left}; ${remedy}`, exitCodes.wrongUsage);
  }
  return read.right.map((line, index) => {
    const decoded = E.tryCatch(() => Expected.decode(JSON.parse(line)), reasonOf);
    if (E.isRight(decoded) && E.isRight(decoded.right)) return decoded.right.right;
    const remedy = 'npm run examples writes it anew';
    throw new CliError(
      `${path}, line ${index + 1} is no expected outcome; ${remedy}`,
      exitCodes.wrongUsage,
    );
  });
};

/** What of an expectation an outcome can be held against; a run that goes on repeats what it had answered. */
const compared = (expected: ExpectedLine, outcome: LineOutcome) => ({
  outcome: [expected.first ?? expected.outcome, firstOutcome(outcome)],
  events: [expected.events?.join(), expected.events && eventsOf(outcome)],
  refusal: [expected.refusal, expected.refusal && refusalOf(outcome)],
  path: [expected.path, expected.path && pathOf(outcome)],
});

const eventsOf = (outcome: LineOutcome): string | undefined =>
  'events' in outcome ? outcome.events.map(({ type }) => type).join() : undefined;
const refusalOf = (outcome: LineOutcome): string | undefined =>
  'refusal' in outcome ? outcome.refusal.type : undefined;
const pathOf = (outcome: LineOutcome): string | undefined =>
  'path' in outcome ? outcome.path : undefined;

/** Reads the expected outcomes of a command file. Throws `CliError`. */
export const expectations = (path: string): Expectations => {
  const all = parsed(path);
  const lines = all.filter((each) => ExpectedLine.is(each));
  const tables = all.filter((each) => ExpectedTable.is(each));
  const byLine = new Map(lines.map((expected) => [expected.line, expected]));
  return {
    lines: lines.length,
    differencesIn: (outcome) => {
      const expected = byLine.get(outcome.line);
      if (expected === undefined) return [`line ${outcome.line} has no expected outcome`];
      return Object.entries(compared(expected, outcome))
        .filter(([, [wanted, found]]) => wanted !== found)
        .map(
          ([what, [wanted, found]]) =>
            `line ${outcome.line}: expected ${what} ${wanted}, found ${found}`,
        )
        .slice(0, 1);
    },
    differencesAtEnd: (end) => [
      ...(end.lines === lines.length ? [] : [`${end.lines} lines of ${lines.length} were run`]),
      ...tables
        .flatMap((table) => Object.entries(table))
        .flatMap(([name, wanted]) => differing(name, wanted, end)),
    ],
  };
};

const differing = (
  name: string,
  wanted: Readonly<Record<string, unknown>>,
  end: FinalTables,
): readonly string[] => {
  const found: Readonly<Record<string, unknown>> =
    name === 'balances' ? end.balances : end.escrowsByStatus;
  return [...new Set([...Object.keys(wanted), ...Object.keys(found)])]
    .filter((key) => !sameJson(wanted[key], found[key]))
    .map(
      (key) =>
        `${name} ${key}: expected ${JSON.stringify(wanted[key])}, found ${JSON.stringify(found[key])}`,
    );
};
