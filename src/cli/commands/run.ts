import { virtualClock } from '../../adapters/virtual-clock.ts';
import type { Engine } from '../../engine/run/engine.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { running, type Place } from '../open.ts';
import type { Output } from '../output.ts';
import { describeOutcome, type LineOutcome } from '../run/outcome.ts';
import { runFile } from '../run/run-file.ts';
import { sourceOf, type Source } from '../run/source.ts';
import { describeSummary, type Summary } from '../run/summary.ts';

export type RunFlags = {
  /** The file carries its own instants, and virtual time follows them. */
  readonly at?: boolean;
  readonly until?: number;
  readonly instance?: string;
};

export type Ran = { readonly summary: Summary; readonly isStopped: boolean };

/** Stops after the line that is being run when the process is asked to end. */
const stopRequest = () => {
  let isStopped = false;
  const stop = (): void => {
    isStopped = true;
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  return {
    isStopped: () => isStopped,
    release: () => void process.off('SIGINT', stop).off('SIGTERM', stop),
  };
};

/** Runs a command file in the place given; what follows sees the engine before it closes. */
export const runIn = async <T>(
  place: Place,
  source: Source,
  flags: RunFlags,
  print: (outcome: LineOutcome) => void,
  then: (engine: Engine, ran: Ran) => Promise<T>,
): Promise<T> => {
  const clock = flags.at === true ? virtualClock() : undefined;
  const stop = stopRequest();
  const options = { ...(clock === undefined ? {} : { clock }), instance: flags.instance };
  try {
    return await running(place, options, async (engine) => {
      const { isStopped } = stop;
      const summary = await runFile(engine, source, {
        clock,
        until: flags.until,
        print,
        isStopped,
      });
      return then(engine, { summary, isStopped: isStopped() });
    });
  } finally {
    stop.release();
    source.dispose();
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
  const source = await sourceOf(file, process.stdin);
  let storeFailed = false;
  const print = (outcome: LineOutcome): void => {
    storeFailed ||= outcome.outcome === 'failed' && outcome.failure.type.startsWith('Store');
    output.endProgress();
    output.item(outcome, () => describeOutcome(outcome));
    output.progress(`line ${outcome.line} of ${source.name}`);
  };
  const { summary, isStopped } = await runIn(place, source, flags, print, async (_, ran) => ran);
  output.endProgress();
  output.item(summary, () => describeSummary(summary));
  if (isStopped) output.progress('stopped after a whole line; run it again to go on\n');
  return isStopped ? exitCodes.notRight : exitCodeOf(summary, storeFailed);
};
