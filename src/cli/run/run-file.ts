import type { Instant, VirtualClock } from '../../engine/clock.ts';
import { E } from '../../engine/fp.ts';
import type { Engine, SendFailure } from '../../engine/run/engine.ts';
import type { Outcome } from '../../engine/outcome.ts';
import { lineReader, type LineCommand } from './command-line.ts';
import { linesOf, type Line } from './lines.ts';
import {
  outcomeOf,
  repeatedOf,
  unreadableOutcome,
  type Answer,
  type LineOutcome,
} from './outcome.ts';
import { runJournal, type RunJournal } from './run-journal.ts';
import type { Source } from './source.ts';
import { tally, type Summary } from './summary.ts';

export type RunOptions = {
  /** The clock that the file's instants move; undefined: the file runs on the wall clock. */
  readonly clock: VirtualClock | undefined;
  /** Where a virtual clock ends, if not at the last line. */
  readonly until: Instant | undefined;
  readonly print: (outcome: LineOutcome) => void;
  /** Asked after every line: whether to end here. */
  readonly isStopped: () => boolean;
};

/** Runs a command file line by line: what a line causes has settled, and is noted, before the next one is read. */
export const runFile = async (
  engine: Engine,
  source: Source,
  options: RunOptions,
): Promise<Summary> => {
  const { clock, until, print, isStopped } = options;
  const journal = runJournal(engine, source.digest);
  const read = lineReader(engine.instance, clock !== undefined);
  const counts = tally();
  await resumed(engine, journal, clock);
  for await (const line of linesOf(source.open())) {
    if (isBlank(line)) continue;
    const outcome = await answered(engine, journal, clock, line, read(line));
    counts.count(outcome);
    print(outcome);
    if (isStopped() || isStoreFailure(outcome)) return counts.summary((await engine.status()).sent);
  }
  if (clock !== undefined && until !== undefined) await engine.runUntil(until);
  await engine.settle();
  return counts.summary((await engine.status()).sent);
};

const isBlank = (line: Line): boolean => 'text' in line && line.text.trim() === '';

/** A store that fails will fail the next line too; a stream whose history is damaged is its own trouble alone. */
const isStoreFailure = (outcome: LineOutcome): boolean =>
  outcome.outcome === 'failed' && outcome.failure.type.startsWith('Store');

/** Goes on where the last run ended: at the later of what it noted and what it wrote. */
const resumed = async (
  engine: Engine,
  journal: RunJournal,
  clock: VirtualClock | undefined,
): Promise<void> => {
  if (clock === undefined) return engine.settle();
  clock.moveTo(await journal.lastInstant());
  return engine.runUntil(clock.now());
};

const answered = async (
  engine: Engine,
  journal: RunJournal,
  clock: VirtualClock | undefined,
  line: Line,
  command: ReturnType<ReturnType<typeof lineReader>>,
): Promise<LineOutcome> => {
  if (E.isLeft(command)) return unreadableOutcome(line.number, command.left);
  const noted = journal.get(line.number);
  if (noted !== undefined) return again(noted);
  const { at = 0 } = command.right;
  const skewMs = clock === undefined ? 0 : Math.max(clock.now() - at, 0);
  if (clock !== undefined) await engine.runUntil(Math.max(at, clock.now()));
  const outcome = outcomeOf(line.number, command.right, await sent(engine, command.right), skewMs);
  if (outcome.outcome === 'failed') return outcome;
  await engine.settle();
  await journal.note(line.number, outcome);
  return outcome;
};

/** A line that has been answered is answered the same again, and its command is not sent. */
const again = (noted: LineOutcome): LineOutcome => {
  if (noted.outcome === 'malformed' || noted.outcome === 'repeated' || noted.outcome === 'failed')
    return noted;
  const { line, id, stream, command, skewMs, ...answer } = noted;
  const place = { line, id, stream, command, skewMs };
  const known = Object.entries(place).filter(([, value]) => value !== undefined);
  return { line, ...Object.fromEntries(known), ...repeatedOf(answer satisfies Answer) };
};

const sent = (
  engine: Engine,
  { stream, command, actor, id }: LineCommand,
): Promise<E.Either<SendFailure, Outcome>> =>
  engine.sendTE(stream, command, { actor, commandId: id })();
