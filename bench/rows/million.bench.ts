import { median } from '../harness/rounds.ts';
import { below, type Row } from '../harness/row.ts';
import { bigLog, inChild } from '../subjects/million.ts';

type Start = {
  readonly fromCreateMs: number;
  readonly fromProcessMs: number;
  readonly currentMs: number;
};
type Replay = {
  readonly events: number;
  readonly idleMib: number;
  readonly highestMib: number;
  readonly heapMib: number;
};

const SECOND_MS = 1_000;
const seconds = (values: readonly number[]): string => (median(values) / SECOND_MS).toFixed(2);
const whole = (value: number): string => value.toFixed(0);

/** What a log of 1,000,000 events costs whoever opens it, and whoever reads it from the beginning. */
export const millionRows: readonly Row[] = [
  {
    name: 'cold start with 1,000,000 events to the first outcome',
    unit: 's',
    target: below(1, 's'),
    baseline: '',
    measure: async (run) => {
      const { path, events } = await bigLog(run);
      const starts: Start[] = [];
      for (let round = 0; round < run.rounds; round += 1) {
        starts.push((await inChild('cold-start.child.ts', path)) as Start);
      }
      const fromProcess = seconds(starts.map(({ fromProcessMs }) => fromProcessMs));
      const current = seconds(starts.map(({ currentMs }) => currentMs));
      return {
        value: median(starts.map(({ fromCreateMs }) => fromCreateMs)) / SECOND_MS,
        note:
          `${events} events, from the call of createEngine; its row readable after ${current} s; ` +
          `from the start of the process ${fromProcess} s`,
      };
    },
  },
  {
    name: 'memory over idle while replaying 1,000,000 events',
    unit: 'MiB',
    target: below(150, 'MiB'),
    baseline: '',
    measure: async (run) => {
      const { path } = await bigLog(run);
      const replay = (await inChild('replay-memory.child.ts', path)) as Replay;
      return {
        value: replay.highestMib - replay.idleMib,
        note:
          `${replay.events} events; idle ${whole(replay.idleMib)} MiB, at most ` +
          `${whole(replay.highestMib)} MiB, JavaScript heap at most ${whole(replay.heapMib)} MiB`,
      };
    },
  },
];
