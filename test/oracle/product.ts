import { Readable } from 'node:stream';
import { runFile } from '../../src/cli/run/run-file.ts';
import type { LineOutcome } from '../../src/cli/run/outcome.ts';
import { sourceOf } from '../../src/cli/run/source.ts';
import {
  balances,
  createEngine,
  escrows,
  memoryStore,
  openHolds,
  openWithdrawals,
  payWithdrawals,
  sandboxRail,
  subsystems,
  trialBalance,
  virtualClock,
  type Engine,
} from '../../src/index.ts';

/** An event as the log holds it. */
export type LogEvent = {
  readonly stream: string;
  readonly type: string;
  readonly data: unknown;
  readonly actor: string;
  readonly at: number;
};

/** All that can be seen of a run: an answer per line, the log, and the read models at its end. */
export type Seen = {
  readonly outcomes: readonly LineOutcome[];
  readonly log: readonly LogEvent[];
  readonly rows: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

const logOf = async (engine: Engine): Promise<readonly LogEvent[]> => {
  const aborted = new AbortController();
  const log: LogEvent[] = [];
  for await (const page of engine.log({ after: undefined, signal: aborted.signal })) {
    for (const { stream, type, data, metadata } of page.events) {
      log.push({ stream, type, data, actor: metadata.actor, at: metadata.at });
    }
    if (page.caughtUp) break;
  }
  aborted.abort();
  return log;
};

const models = { balances, escrows, openHolds, openWithdrawals, trialBalance };

const rowsOf = async (engine: Engine): Promise<Seen['rows']> => {
  const found: Record<string, Record<string, unknown>> = {};
  for (const [name, model] of Object.entries(models)) {
    const page = await engine.query<unknown>(model).page({ limit: 10_000 });
    found[name] = Object.fromEntries(page.map(({ key, row }) => [key, row]));
  }
  return found;
};

/** Runs a command file as `chancery run --at --json` does, in memory. */
export const runProduct = async (instance: string, text: string): Promise<Seen> => {
  const clock = virtualClock();
  const rail = sandboxRail(':memory:');
  const source = await sourceOf('-', Readable.from([Buffer.from(text)]));
  const engine = await createEngine({
    store: memoryStore(),
    subsystems,
    effects: [payWithdrawals(rail)],
    clock,
    instance,
  });
  try {
    const outcomes: LineOutcome[] = [];
    const print = (outcome: LineOutcome): void => void outcomes.push(outcome);
    const isStopped = (): boolean => false;
    await runFile(engine, source, { clock, until: undefined, print, isStopped });
    return { outcomes, log: await logOf(engine), rows: await rowsOf(engine) };
  } finally {
    await engine.close();
    rail.close();
    source.dispose();
  }
};
