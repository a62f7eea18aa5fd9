import { fileURLToPath } from 'node:url';
import type { Engine } from '../../engine/run/engine.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { expectations, type Expectations } from '../market-day/expectations.ts';
import { describeTables, finalTables, type FinalTables } from '../market-day/tables.ts';
import type { Place } from '../place.ts';
import type { Output } from '../output.ts';
import type { LineOutcome } from '../run/outcome.ts';
import { sourceOf } from '../run/source.ts';
import { describeSummary, type Summary } from '../run/summary.ts';
import { runIn, type Ran } from './run.ts';

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
  const print = (outcome: LineOutcome): void => {
    wrong.push(...expected.differencesIn(outcome));
    output.progress(`market day: line ${outcome.line} of ${expected.lines}`);
  };
  const flags = { at: true, instance: INSTANCE };
  const request = { place, source, flags, output, print };
  const end = await runIn(request, async (engine, ran) =>
    ran.isStopped ? ran.summary : ended(engine, ran, output, started),
  );
  output.endProgress();
  if (!('replayIdentical' in end)) {
    output.item(end, () => describeSummary(end));
    output.notice('stopped; start it again to go on');
    return exitCodes.notRight;
  }
  wrong.push(...expected.differencesAtEnd(end));
  output.item(end, () => describe(end, wrong, expected));
  return wrong.length === 0 && end.replayIdentical ? exitCodes.done : exitCodes.notRight;
};

/** What stands where at the end, and whether replaying everything gives the same. */
const ended = async (
  engine: Engine,
  { summary }: Ran,
  output: Output,
  started: number,
): Promise<Result> => {
  const tables = await finalTables(engine);
  output.progress('market day: folding every stream and building every row anew');
  const { identical: replayIdentical } = await engine.checkReplay();
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  return { ...summary, ...tables, replayIdentical, seconds };
};

const describe = (result: Result, wrong: readonly string[], { lines }: Expectations): string =>
  [
    describeSummary(result),
    '',
    describeTables(result),
    '',
    `replay of everything: ${result.replayIdentical ? 'identical' : 'DIFFERENT'}`,
    wrong.length === 0
      ? `all ${lines} outcomes and the tables are as expected, after ${result.seconds} s`
      : `${wrong.length} DIFFERENCES from what is expected, after ${result.seconds} s`,
    ...wrong.slice(0, SHOWN_DIFFERENCES).map((difference) => `  ${difference}`),
    ...(wrong.length > SHOWN_DIFFERENCES ? ['  ...'] : []),
    '',
    'Start it again: every command is answered as before, and nothing is sent.',
    'Your own file: npx chancery run --at FILE --data DIR (chancery run --help says what a line is)',
  ].join('\n');
