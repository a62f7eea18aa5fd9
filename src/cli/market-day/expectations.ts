import { readFileSync } from 'node:fs';
import * as t from 'io-ts';
import { E } from '../../engine/fp.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { firstOutcome, type LineOutcome } from '../run/outcome.ts';

const Expected = t.intersection([
  t.type({ line: t.number, outcome: t.string }),
  t.partial({
    first: t.string,
    events: t.readonlyArray(t.string),
    refusal: t.string,
    path: t.string,
  }),
]);
type Expected = t.TypeOf<typeof Expected>;

/** What the generator of a command file says that every line must be answered. */
export type Expectations = {
  /** How many lines have expected outcomes. */
  readonly count: number;
  /** What is wrong with an outcome; undefined: it is the expected one. */
  readonly differenceIn: (outcome: LineOutcome) => string | undefined;
};

const parsed = (path: string, text: string): readonly Expected[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => Expected.decode(JSON.parse(line)))
    .flatMap((decoded) => {
      if (E.isLeft(decoded))
        throw new CliError(`${path} is not what its generator writes`, exitCodes.notRight);
      return [decoded.right];
    });

const eventTypes = (outcome: LineOutcome): readonly string[] | undefined =>
  'events' in outcome && Array.isArray(outcome.events)
    ? outcome.events.map((event: { readonly type: string }) => event.type)
    : undefined;

const refusalType = (outcome: LineOutcome): string | undefined =>
  'refusal' in outcome &&
  typeof outcome.refusal === 'object' &&
  outcome.refusal !== null &&
  'type' in outcome.refusal
    ? String(outcome.refusal.type)
    : undefined;

/** What of an expectation an outcome can be held against; a run that goes on repeats what it had answered. */
const compared = (expected: Expected, outcome: LineOutcome) => ({
  outcome: [expected.first ?? expected.outcome, firstOutcome(outcome)],
  events: [expected.events?.join(), expected.events && eventTypes(outcome)?.join()],
  refusal: [expected.refusal, expected.refusal && refusalType(outcome)],
  path: [expected.path, expected.path && ('path' in outcome ? outcome.path : undefined)],
});

/** Reads the expected outcomes of a command file. */
export const expectations = (path: string): Expectations => {
  const byLine = new Map(
    parsed(path, readFileSync(path, 'utf8')).map((expected) => [expected.line, expected]),
  );
  return {
    count: byLine.size,
    differenceIn: (outcome) => {
      const expected = byLine.get(outcome.line);
      if (expected === undefined) return `line ${outcome.line} has no expected outcome`;
      const wrong = Object.entries(compared(expected, outcome)).find(
        ([, [wanted, found]]) => wanted !== found,
      );
      if (wrong === undefined) return undefined;
      const [what, [wanted, found]] = wrong;
      return `line ${outcome.line}: expected ${what} ${wanted}, found ${found}`;
    },
  };
};
