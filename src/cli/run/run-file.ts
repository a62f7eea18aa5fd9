import type { Instant, VirtualClock } from '../../engine/clock.ts';
import { E } from '../../engine/fp.ts';
import type { Engine } from '../../engine/run/engine.ts';
import type { Sent } from '../../engine/run/wiring.ts';
import { failureIn } from '../failure-text.ts';
import { lineReader, type LineCommand, type Unreadable } from './command-line.ts';
import { linesOf, type Line } from './lines.ts';
import {
  failedOutcome,
  isStoreFailure,
  outcomeOf,
  repeatedOutcome,
  unreadableOutcome,
  type LineOutcome,
} from './outcome.ts';
import { runJournal, type RunJournal } from './run-journal.ts';
import type { Source } from './source.ts';
import { tally, type Summary } from './summary.ts';
import { noteClock, resume } from './virtual-time.ts';

export type RunOptions = {
  /** The clock that the file's instants move; undefined: the file runs on the wall clock. */
  readonly clock: VirtualClock | undefined;
  /** Where a virtual clock ends, if not at the last line. */
  readonly until: Instant | undefined;
  readonly print: (outcome: LineOutcome) => void;
  /** Asked after every line: whether to end here. */
  readonly isStopped: () => boolean;
};

type Run = RunOptions & { readonly engine: Engine; readonly journal: RunJournal };

/** Runs a command file line by line: what a line causes has settled, and is noted, before the next one is read. */
export const runFile = async (
  engine: Engine,
  source: Source,
  options: RunOptions,
): Promise<Summary> => {
  const run = { ...options, engine, journal: runJournal(engine, source.digest) };
  const read = lineReader(engine.instance, options.clock !== undefined);
  const counts = tally();
  await resume(engine, options.clock);
  for await (const line of linesOf(source.read())) {
    if (isBlank(line)) continue;
    const outcome = await answered(run, line, read(line));
    counts.count(outcome);
    options.print(outcome);
    if (isStoreFailure(outcome) || options.isStopped()) return counts.summary(await sentBy(engine));
  }
  await finish(run);
  return counts.summary(await sentBy(engine));
};

const isBlank = (line: Line): boolean => 'text' in line && line.text.trim() === '';

const finish = async ({ engine, clock, until }: Run): Promise<void> => {
  if (clock !== undefined && until !== undefined) {
    await engine.runUntil(until);
    await noteClock(engine);
  }
  await engine.settle();
};

const answered = async (
  run: Run,
  line: Line,
  command: E.Either<Unreadable, LineCommand>,
): Promise<LineOutcome> => {
  if (E.isLeft(command)) return unreadableOutcome(line.number, command.left);
  try {
    const noted = run.journal.get(line.number);
    return noted === undefined ? await sent(run, line, command.right) : repeatedOutcome(noted);
  } catch (cause) {
    const failure = failureIn(cause);
    if (failure === undefined) throw cause;
    return failedOutcome(line.number, command.right, failure);
  }
};

const sent = async (
  { engine, clock, journal }: Run,
  { number }: Line,
  command: LineCommand,
): Promise<LineOutcome> => {
  const { stream, actor, id, at = 0 } = command;
  const skewMs = clock === undefined ? 0 : Math.max(clock.now() - at, 0);
  if (clock !== undefined) await engine.runUntil(Math.max(at, clock.now()));
  const answer = await engine.sendTE(stream, command.command, { actor, commandId: id })();
  if (E.isLeft(answer)) return failedOutcome(number, command, answer.left);
  await engine.settle();
  const outcome = outcomeOf(number, command, answer.right, skewMs);
  if (clock !== undefined) await noteClock(engine);
  journal.note(number, outcome);
  return outcome;
};

/** What the engine has sent by itself; a store that cannot be read any more leaves that unknown, and none is counted. */
const sentBy = async (engine: Engine): Promise<Readonly<Sent>> => {
  try {
    return (await engine.status()).sent;
  } catch (cause) {
    if (failureIn(cause) === undefined) throw cause;
    return { reactions: 0, deadlines: 0, effects: 0 };
  }
};
