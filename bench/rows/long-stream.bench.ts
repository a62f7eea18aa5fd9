import { freshFile } from '../harness/files.ts';
import { against, finely, rate } from '../harness/rounds.ts';
import { atLeast, sized, type Row } from '../harness/row.ts';
import { oneByOne, openDesk } from '../subjects/ticket-desk.ts';
import { fillWithTickets } from '../subjects/ticket-log.ts';

const EVENTS = 2_000;

/** A stream that is long already, whose state is at hand. */
export const longStreamRows: readonly Row[] = [
  {
    name: 'command on a stream of 2,000 events, warm',
    unit: '/s',
    target: atLeast(0.9),
    baseline: 'the same engine on new streams',
    measure: async (run) => {
      const path = freshFile(run, 'long');
      // Several, so that none of them grows much during the measurement.
      const streams = await fillWithTickets(path, { streams: 16, events: EVENTS, closes: false });
      const desk = await openDesk(path);
      await desk.engine.settle();
      const count = sized(run, 50, 200);
      let turn = 0;
      const next = () => streams[(turn += 1) % streams.length] ?? '';
      const timed = (work: () => Promise<unknown>) =>
        rate(async () => {
          await oneByOne(count, work);
          await desk.caughtUp();
          return count;
        });
      try {
        return await against(
          finely(run),
          () => timed(() => desk.note(next())),
          () => timed(desk.open),
          `${streams.length} streams in turn, ${count} commands per round`,
        );
      } finally {
        await desk.engine.close();
      }
    },
  },
];
