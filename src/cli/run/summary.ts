import type { Sent } from '../../engine/run/wiring.ts';
import type { LineOutcome } from './outcome.ts';

const KINDS = ['accepted', 'granted', 'repeated', 'refused', 'failed', 'malformed'] as const;
type Counts = Record<LineOutcome['outcome'], number>;

/** What a run did: lines = commands + malformed; commands are the five other kinds, of the file alone. */
export type Summary = {
  readonly lines: number;
  readonly commands: number;
  readonly sent: Readonly<Sent>;
} & Readonly<Counts>;

/** Counts outcomes as they come. */
export const tally = () => {
  const counts: Counts = {
    accepted: 0,
    granted: 0,
    repeated: 0,
    refused: 0,
    failed: 0,
    malformed: 0,
  };
  return {
    count: ({ outcome }: LineOutcome): void => {
      counts[outcome] += 1;
    },
    summary: (sent: Readonly<Sent>): Summary => {
      const lines = Object.values(counts).reduce((sum, count) => sum + count, 0);
      return { lines, commands: lines - counts.malformed, ...counts, sent };
    },
  };
};

/** A summary as lines for people. */
export const describeSummary = (summary: Summary): string => {
  const { lines, commands, sent } = summary;
  return [
    `${lines} lines, ${commands} commands: ${KINDS.map((kind) => `${summary[kind]} ${kind}`).join(', ')}`,
    `sent by the engine: ${sent.reactions} by reactions, ${sent.deadlines} by deadlines, ${sent.effects} by effects`,
  ].join('\n');
};
