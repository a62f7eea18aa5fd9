import { createEngine, sqliteStore, type SnapshotPolicy } from '../../src/index.ts';
import { freshFile } from '../harness/files.ts';
import { against, duration } from '../harness/rounds.ts';
import { sized, type Row } from '../harness/row.ts';
import { deskOver } from '../subjects/ticket-desk.ts';
import { fillWithTickets, projectTickets } from '../subjects/ticket-log.ts';
import { ticketSubsystem } from '../subjects/tickets.ts';

/** The first command on a stream, by an engine that has just been opened. */
const firstCommand = async (
  path: string,
  stream: string,
  snapshots: SnapshotPolicy,
): Promise<number> => {
  const store = sqliteStore(path);
  const engine = await createEngine({ store, subsystems: [ticketSubsystem], snapshots });
  try {
    await engine.settle();
    return await duration(() => deskOver(engine).note(stream));
  } finally {
    await engine.close();
  }
};

/** A long stream of which a new process knows nothing yet. */
export const coldStreamRows: readonly Row[] = [
  {
    name: 'cold first command on a long stream',
    unit: 'ms',
    target: undefined,
    baseline: 'the same without snapshots',
    measure: async (run) => {
      const path = freshFile(run, 'cold-stream');
      const events = sized(run, 5_000, 100_000);
      const [stream = ''] = await fillWithTickets(path, { streams: 1, events, closes: false });
      await projectTickets(path);
      return against(
        run,
        () => firstCommand(path, stream, { every: 500 }),
        () => firstCommand(path, stream, 'never'),
        `${events} events, from the call of send to the outcome`,
      );
    },
  },
];
