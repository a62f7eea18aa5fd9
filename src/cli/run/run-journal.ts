import type { Engine } from '../../engine/run/engine.ts';
import type { LineOutcome } from './outcome.ts';

/** What a run has noted of its lines: each line's outcome once all it caused has settled. */
export type RunJournal = {
  readonly get: (line: number) => LineOutcome | undefined;
  readonly note: (line: number, outcome: LineOutcome) => void;
};

/** The journal of one command file, known by its digest, in one store. */
export const runJournal = (engine: Engine, digest: string): RunJournal => {
  const outcomes = engine.journal<LineOutcome>('run');
  const keyOf = (line: number) => `${digest}:${line}`;
  return {
    get: (line) => outcomes.get(keyOf(line)),
    note: (line, outcome) => outcomes.put(keyOf(line), outcome),
  };
};
