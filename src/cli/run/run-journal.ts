import type { Instant } from '../../engine/clock.ts';
import type { Engine } from '../../engine/run/engine.ts';
import type { LineOutcome } from './outcome.ts';

/** What a run has noted of its lines: each line's outcome once all it caused has settled, and the clock then. */
export type RunJournal = {
  readonly get: (line: number) => LineOutcome | undefined;
  readonly note: (line: number, outcome: LineOutcome) => Promise<void>;
  /** The later of the last noted instant and the instants of the events written since. */
  readonly lastInstant: () => Promise<Instant>;
};

type Last = { readonly at: Instant; readonly position: string };

const LAST = 'last';

/** The journal of one command file, known by its digest, in one store. */
export const runJournal = (engine: Engine, digest: string): RunJournal => {
  const outcomes = engine.journal<LineOutcome>('run');
  const ends = engine.journal<Last>('runEnds');
  const keyOf = (line: number) => `${digest}:${line}`;
  return {
    get: (line) => outcomes.get(keyOf(line)),
    note: async (line, outcome) => {
      const { head } = await engine.status();
      if (head !== undefined) ends.put(LAST, { at: engine.now(), position: head } satisfies Last);
      outcomes.put(keyOf(line), outcome);
    },
    lastInstant: async () => {
      const known = ends.get(LAST);
      return Math.max(known?.at ?? 0, await latestInLog(engine, known?.position));
    },
  };
};

const latestInLog = async (engine: Engine, after: string | undefined): Promise<Instant> => {
  const aborted = new AbortController();
  let latest = 0;
  for await (const page of engine.log({ after, signal: aborted.signal })) {
    for (const { metadata } of page.events) latest = Math.max(latest, metadata.at);
    if (page.caughtUp) break;
  }
  aborted.abort();
  return latest;
};
