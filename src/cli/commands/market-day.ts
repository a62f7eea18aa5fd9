import { fileURLToPath } from 'node:url';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { expectations } from '../market-day/expectations.ts';
import { describeTables, finalTables, type FinalTables } from '../market-day/tables.ts';
import type { Place } from '../open.ts';
import type { Output } from '../output.ts';
import type { LineOutcome } from '../run/outcome.ts';
import { sourceOf } from '../run/source.ts';
import { describeSummary, type Summary } from '../run/summary.ts';
import { runIn } from './run.ts';

const exampleFile = (name: string): string =>
  fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url));

/** The instance of a market day's store: a fixed one, so that every run agrees to the byte. */
const INSTANCE = 'market-day';
const SHOWN_DIFFERENCES = 10;

type Result = Summary &
  FinalTables & { readonly replayIdentical: boolean; readonly seconds: number };

/** `npm start`: runs the market day, says how it ended, and holds every outcome against the expected one. */
export const marketDay = async (place: Place, output: Output): Promise<ExitCode> => {
  const started = performance.now();
  const expected = expectations(exampleFile('market-day.outcomes.jsonl'));
  const source = await sourceOf(exampleFile('market-day.jsonl'), process.stdin);
  const wrong: string[] = [];
  const judge = (outcome: LineOutcome): void => {
    const difference = expected.differenceIn(outcome);
    if (difference !== undefined) wrong.push(difference);
    output.progress(`market day: line ${outcome.line} of ${expected.count}`);
  };
  const flags = { at: true, instance: INSTANCE };
  const { result, isStopped } = await runIn(place, source, flags, judge, async (engine, ran) => {
    const tables = await finalTables(engine);
    output.progress('market day: folding every stream and building every row anew');
    const { identical } = await engine.checkReplay();
    output.endProgress();
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const all: Result = { ...ran.summary, ...tables, replayIdentical: identical, seconds };
    return { result: all, isStopped: ran.isStopped };
  });
  const isWhole = result.lines === expected.count && wrong.length === 0;
  if (!output.json) describe(result, wrong, expected.count, output);
  if (output.json) output.item(result, () => '');
  return isWhole && result.replayIdentical && !isStopped ? exitCodes.done : exitCodes.notRight;
};

const describe = (
  result: Result,
  wrong: readonly string[],
  expected: number,
  output: Output,
): void => {
  output.line(describeSummary(result));
  output.line('');
  output.line(describeTables(result));
  output.line(`replay of everything: ${result.replayIdentical ? 'identical' : 'DIFFERENT'}`);
  const met = result.lines - wrong.length;
  output.line(`outcomes as expected: ${met} of ${expected}, in ${result.seconds} s`);
  for (const difference of wrong.slice(0, SHOWN_DIFFERENCES)) output.line(`  ${difference}`);
  output.line('');
  output.line('Start it again: every command is answered as before, and nothing is sent.');
  output.line(
    'Your own file: npx chancery run --at FILE --data DIR (chancery run --help says what a line is)',
  );
};
