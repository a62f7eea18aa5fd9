import { connectWriter } from '../../src/adapters/sqlite/connection.ts';
import { createEngine } from '../../src/index.ts';
import { freshFile, removeFile } from '../harness/files.ts';
import { against, rate } from '../harness/rounds.ts';
import { sized, type Row, type Target } from '../harness/row.ts';
import { bareBatches, capturingStore, upsertBatches } from '../subjects/captured-rows.ts';
import { fillWithTickets } from '../subjects/ticket-log.ts';
import { ticketSubsystem } from '../subjects/tickets.ts';

const PER_SECOND = 100_000;
const SHARE = 0.5;

const target: Target = {
  text: `>= ${PER_SECOND} events/s or ${SHARE} x`,
  isMet: ({ value, baseline = 0 }) => value >= Math.min(PER_SECOND, SHARE * baseline),
};

/** Rows built anew from the whole log. */
export const rebuildRows: readonly Row[] = [
  {
    name: 'projection rebuild into SQLite',
    unit: 'events/s',
    target,
    baseline: 'bare batched upserts of the same rows',
    measure: async (run) => {
      const path = freshFile(run, 'rebuild');
      const log = { streams: sized(run, 500, 10_000, 50_000), events: 5, closes: true };
      await fillWithTickets(path, log);
      const capture = capturingStore(path);
      const engine = await createEngine({ store: capture.store, subsystems: [ticketSubsystem] });
      await engine.settle();
      const count = log.streams * log.events;
      capture.capturing = true;
      await engine.rebuild('tickets');
      capture.capturing = false;
      const bare = bareBatches(capture.batches);
      const upserts = () => {
        const fresh = freshFile(run, 'upserts');
        connectWriter(fresh).close();
        return rate(() => {
          upsertBatches(fresh, bare);
          return count;
        }).finally(() => removeFile(fresh));
      };
      const rebuild = () =>
        rate(async () => {
          await engine.rebuild('tickets');
          return count;
        });
      try {
        return await against(run, rebuild, upserts, `${count} events of ${log.streams} streams`);
      } finally {
        await engine.close();
      }
    },
  },
];
