import { escrowCommands, type Engine } from '../../src/index.ts';
import { freshFile } from '../harness/files.ts';
import { compared, inTurns, median, rate } from '../harness/rounds.ts';
import { atLeast, atMost, shared, sized, type Row, type Run } from '../harness/row.ts';
import { fillWithLocked, plainTerms } from '../subjects/escrows.ts';
import { openMarket, person, type Market } from '../subjects/market.ts';
import { shiftedClock, type ShiftedClock } from '../subjects/shifted-clock.ts';
import { CALLERS, crowd, openDesk } from '../subjects/ticket-desk.ts';

const DAY_MS = 86_400_000;
const STEP_MS = 2 * DAY_MS;
const FAR_MS = 360 * DAY_MS;

type Sizes = { readonly due: number; readonly open: number };
/** As at the sizes of the specification, neither market's open escrows fit into what an engine keeps in memory. */
const sizesOf = (run: Run): Sizes => ({
  due: sized(run, 20, 1_200, 10_000),
  open: sized(run, 200, 12_000, 100_000),
});

/** Each round needs escrows of its own that fall due; a round that does not count comes first. */
const roundsOf = (run: Run): number => Math.min(run.rounds, 3);

const openAll = async (run: Run, { due, open }: Sizes, clock: ShiftedClock): Promise<Market> => {
  const path = freshFile(run, 'deadlines');
  const falling = due * (roundsOf(run) + 1);
  const now = clock.now();
  await fillWithLocked(path, falling + open - due, now, (index) => {
    const waits = index <= falling ? Math.ceil(index / due) * STEP_MS : FAR_MS;
    return { id: `e${index}`, terms: plainTerms(`buyer-${index}`, `seller-${index}`, waits) };
  });
  const market = await openMarket(path, clock);
  await market.engine.settle();
  return market;
};

/** Resolves when so many escrows have expired behind where the log ends now. */
const expired = async (engine: Engine, count: number): Promise<void> => {
  const { head } = await engine.status();
  const ends = new AbortController();
  const types = ['EscrowExpired'];
  const pages = engine.log({ after: head, types, signal: ends.signal });
  let seen = 0;
  for await (const { events } of pages) {
    seen += events.length;
    if (seen >= count) break;
  }
  ends.abort();
};

/**
 * Puts the clock to where some escrows fall due; an escrow that is opened then wakes the alarm, as each change does. What follows from
 * their end is done before the next contender's turn, and is in nobody's time.
 */
const fallingDue = (market: Market, clock: ShiftedClock, { due }: Sizes) => {
  let round = 0;
  return async (): Promise<number> => {
    round += 1;
    await market.engine.settle();
    const all = expired(market.engine, due);
    clock.putForward(STEP_MS);
    const taken = await rate(async () => {
      const [buyer, seller] = [`late-buyer-${round}`, `late-seller-${round}`];
      const opening = escrowCommands.of.OpenEscrow({ terms: plainTerms(buyer, seller) });
      await market.send(`escrow-late-${round}`, opening, person(buyer));
      await all;
      return due;
    });
    await market.engine.settle();
    return taken;
  };
};

const measured = shared(async (run) => {
  const sizes = sizesOf(run);
  const tenfold = { ...sizes, open: sizes.open * 10 };
  const [clock, otherClock] = [shiftedClock(), shiftedClock()];
  const market = await openAll(run, sizes, clock);
  const large = await openAll(run, tenfold, otherClock);
  const desk = await openDesk(freshFile(run, 'desk'));
  const each = sized(run, 3, 30);
  try {
    const taken = await inTurns(roundsOf(run), {
      due: fallingDue(market, clock, sizes),
      tenfold: fallingDue(large, otherClock, tenfold),
      callers: () => rate(async () => (await crowd(CALLERS, each, desk.open)).done),
    });
    return { ...taken, sizes, open: tenfold.open };
  } finally {
    await Promise.all([market.engine.close(), large.engine.close(), desk.engine.close()]);
  }
});

/** Many deadlines at one instant: each is a command of its own, with what follows from it. */
export const deadlineRows: readonly Row[] = [
  {
    name: 'a tenth of all open escrows due at one instant',
    unit: '/s',
    target: atLeast(0.7),
    baseline: 'plain commands of 64 callers, acknowledged',
    measure: async (run) => {
      const { due, callers, sizes } = await measured(run);
      const note = `${sizes.due} of ${sizes.open} open (the specification: 10,000 of 100,000: --full)`;
      return compared(due, callers, note);
    },
  },
  {
    name: 'as many due with 10 x as many open',
    unit: 's',
    target: atMost(1.2),
    baseline: 'the row above',
    measure: async (run) => {
      const { due, tenfold, sizes, open } = await measured(run);
      const seconds = (rates: readonly number[]) => rates.map((each) => sizes.due / each);
      const note = `${sizes.due} of ${open} open; ${median(tenfold).toFixed(0)}/s`;
      return compared(seconds(tenfold), seconds(due), note);
    },
  },
];
