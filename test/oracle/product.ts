import { Readable } from 'node:stream';
import { runFile } from '../../src/cli/run/run-file.ts';
import type { LineOutcome } from '../../src/cli/run/outcome.ts';
import { sourceOf } from '../../src/cli/run/source.ts';
import {
  balances,
  createEngine,
  escrows,
  marketplaceDefaults,
  memoryStore,
  openHolds,
  openWithdrawals,
  payWithdrawals,
  sandboxRail,
  subsystems,
  trialBalance,
  virtualClock,
  type Engine,
  type ReadModel,
} from '../../src/index.ts';
import type { Fee } from './model.ts';

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
  /** What reactions could not do. */
  readonly deadLetters: readonly unknown[];
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

const rowsIn = async <Row>(engine: Engine, model: ReadModel<Row>) => {
  const page = await engine.query(model).page({ limit: 10_000 });
  return Object.fromEntries(page.map(({ key, row }) => [key, row]));
};

const rowsOf = async (engine: Engine): Promise<Seen['rows']> => ({
  balances: await rowsIn(engine, balances),
  escrows: await rowsIn(engine, escrows),
  openHolds: await rowsIn(engine, openHolds),
  openWithdrawals: await rowsIn(engine, openWithdrawals),
  trialBalance: await rowsIn(engine, trialBalance),
});

const isStopped = (): boolean => false;

/** Runs a command file as `chancery run --at --json` does, in memory. */
export const runProduct = async (instance: string, fee: Fee, text: string): Promise<Seen> => {
  const clock = virtualClock();
  const rail = sandboxRail(':memory:');
  const source = await sourceOf('-', Readable.from([Buffer.from(text)]));
  const engine = await createEngine({
    store: memoryStore(),
    subsystems,
    effects: [payWithdrawals(rail)],
    clock,
    instance,
    settings: { marketplace: { ...marketplaceDefaults, fee } },
  });
  try {
    const outcomes: LineOutcome[] = [];
    const print = (outcome: LineOutcome): void => void outcomes.push(outcome);
    await runFile(engine, source, { clock, until: undefined, print, isStopped });
    const deadLetters = await engine.deadLetters.list(10);
    return { outcomes, log: await logOf(engine), rows: await rowsOf(engine), deadLetters };
  } finally {
    await engine.close();
    rail.close();
    source.dispose();
  }
};
