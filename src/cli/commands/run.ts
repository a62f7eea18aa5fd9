import { systemClock } from '../../adapters/system-clock.ts';
import { virtualClock } from '../../adapters/virtual-clock.ts';
import type { Engine } from '../../engine/run/engine.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { writing } from '../open.ts';
import type { Place } from '../place.ts';
import { provingOf, type SigningFlags } from '../proof/signing.ts';
import type { Output } from '../output.ts';
import { describeOutcome, isStoreFailure, type LineOutcome } from '../run/outcome.ts';
import { runFile } from '../run/run-file.ts';
import { sourceOf, type Source } from '../run/source.ts';
import { describeSummary, type Summary } from '../run/summary.ts';
import { stopRequest } from '../stop-request.ts';

export type RunFlags = SigningFlags & {
  /** The file carries its own instants, and virtual time follows them. */
  readonly at?: boolean;
  readonly until?: number;
  readonly instance?: string;
};

/** How a run has gone; stopped: somebody asked the process to end, or nobody reads its output any more. */
export type Ran = { readonly summary: Summary; readonly isStopped: boolean };

/** What a run is given: where, which file, how, and who hears of it. */
export type RunRequest = {
  readonly place: Place;
  readonly source: Source;
  readonly flags: RunFlags;
  readonly output: Output;
  readonly print: (outcome: LineOutcome) => void;
};

/** Runs a command file in the place given; what follows sees the engine before it closes. */
export const runIn = async <T>(
  { place, source, flags, output, print }: RunRequest,
  then: (engine: Engine, ran: Ran) => Promise<T>,
): Promise<T> => {
  const { until, instance } = flags;
  const clock = flags.at === true ? virtualClock() : undefined;
  const proof = await provingOf(flags);
  const stop = stopRequest();
  const isStopped = (): boolean => stop.isRequested() || output.isUnread();
  try {
    const how = { clock: clock ?? systemClock(), instance, proof };
    return await writing(place, how, async (engine) => {
      const summary = await runFile(engine, source, { clock, until, print, isStopped });
      return then(engine, { summary, isStopped: isStopped() });
    });
  } finally {
    stop.release();
    source.dispose();
    proof?.signer.close();
  }
};

const exitCodeOf = ({ malformed, failed }: Summary, storeFailed: boolean): ExitCode => {
  if (storeFailed) return exitCodes.storeFailed;
  return malformed + failed > 0 ? exitCodes.notRight : exitCodes.done;
};

/** `chancery run`: every line's outcome, then the summary. */
export const run = async (
  place: Place,
  file: string,
  flags: RunFlags,
  output: Output,
): Promise<ExitCode> => {
  if (file === '-') output.progress('reading command lines from standard input to its end');
  const source = await sourceOf(file, process.stdin);
  let [last, storeFailed] = [0, false];
  const print = (outcome: LineOutcome): void => {
    last = outcome.line;
    storeFailed ||= isStoreFailure(outcome);
    output.endProgress();
    output.item(outcome, () => describeOutcome(outcome));
    output.progress(`line ${last} of ${source.name}`);
  };
  const request = { place, source, flags, output, print };
  const { summary, isStopped } = await runIn(request, async (_, ran) => ran);
  output.endProgress();
  output.item(summary, () => describeSummary(summary));
  if (!isStopped) return exitCodeOf(summary, storeFailed);
  if (!output.isUnread()) {
    output.notice(`stopped after line ${last} of ${source.name}; run it again to go on`);
  }
  return exitCodes.notRight;
};
