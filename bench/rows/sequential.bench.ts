import { freshFile } from '../harness/files.ts';
import { against, finely, rate } from '../harness/rounds.ts';
import { atLeast, sized, type Measured, type Row, type Run } from '../harness/row.ts';
import { bareInserts, insertMany } from '../subjects/bare-inserts.ts';
import { oneByOne, openDesk } from '../subjects/ticket-desk.ts';
import { ticketSubsystem, watchedTicketSubsystem } from '../subjects/tickets.ts';

const measured = async (run: Run, tickets: typeof ticketSubsystem): Promise<Measured> => {
  const count = sized(run, 50, 300);
  const desk = await openDesk(freshFile(run, 'sequential'), tickets);
  const bare = bareInserts(freshFile(run, 'bare'));
  try {
    return await against(
      finely(run),
      () =>
        rate(async () => {
          await oneByOne(count, desk.open);
          await desk.caughtUp();
          return count;
        }),
      () => rate(() => insertMany(bare, count)),
      `${count} per round, read model caught up at its end`,
    );
  } finally {
    bare.close();
    await desk.engine.close();
  }
};

const baseline = 'bare one-insert transactions';

/** One caller who waits for each answer. */
export const sequentialRows: readonly Row[] = [
  {
    name: 'sequential durable commands on new streams',
    unit: '/s',
    target: atLeast(0.7),
    baseline,
    measure: (run) => measured(run, ticketSubsystem),
  },
  {
    name: 'sequential, with a deadline and a reaction per stream',
    unit: '/s',
    target: undefined,
    baseline,
    measure: (run) => measured(run, watchedTicketSubsystem),
  },
];
