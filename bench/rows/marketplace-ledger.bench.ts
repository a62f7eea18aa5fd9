import { createEngine, sqliteStore } from '../../src/index.ts';
import { freshFile } from '../harness/files.ts';
import { against, rate } from '../harness/rounds.ts';
import { atLeast, sized, type Row } from '../harness/row.ts';
import { fillWithLocked, plainTerms } from '../subjects/escrows.ts';
import { openMarket } from '../subjects/market.ts';
import { fillWithTickets } from '../subjects/ticket-log.ts';
import { ticketSubsystem } from '../subjects/tickets.ts';

/** Deposit, hold and lock have one posting each. */
const POSTINGS = 3;

/** The books built anew from the whole log. */
export const ledgerRows: readonly Row[] = [
  {
    name: 'rebuild of postings and balances',
    unit: 'postings/s',
    target: atLeast(0.5),
    baseline: "the engine's projection rebuild, events/s",
    measure: async (run) => {
      const escrows = sized(run, 100, 4_000, 20_000);
      const path = freshFile(run, 'ledger');
      await fillWithLocked(path, escrows, Date.now(), (index) => ({
        id: `e${index}`,
        terms: plainTerms(`buyer-${index}`, `seller-${index}`),
      }));
      const tickets = freshFile(run, 'tickets');
      const log = { streams: sized(run, 100, 4_000, 20_000), events: 5, closes: true };
      await fillWithTickets(tickets, log);
      const market = await openMarket(path);
      const desk = await createEngine({
        store: sqliteStore(tickets),
        subsystems: [ticketSubsystem],
      });
      await market.engine.settle();
      await desk.settle();
      try {
        return await against(
          run,
          () =>
            rate(async () => {
              await market.engine.rebuild('ledger');
              return escrows * POSTINGS;
            }),
          () =>
            rate(async () => {
              await desk.rebuild('tickets');
              return log.streams * log.events;
            }),
          `${escrows * POSTINGS} postings`,
        );
      } finally {
        await market.engine.close();
        await desk.close();
      }
    },
  },
];
