import { FEE, watched } from './cast.ts';
import type { Status } from './deal.ts';
import { filesOf } from './lines.ts';
import { openMarket, type Market, type Script } from './market.ts';
import { randomOf } from './random.ts';
import {
  cashedOut,
  byStandingOrder,
  deposits,
  frozen,
  wrongHolds,
  wrongWithdrawals,
} from './scenarios/accounts.ts';
import {
  amended,
  badTerms,
  justInTime,
  neverAccepted,
  neverFunded,
  withdrawn,
} from './scenarios/agreement.ts';
import { unfinished } from './scenarios/closing.ts';
import { garbled } from './scenarios/malformed.ts';
import { byInstalments, choir, givenUp, inParts, shared } from './scenarios/milestones.ts';
import {
  conceded,
  haggled,
  refunded,
  ruled,
  settled,
  twoSettlers,
  unruled,
} from './scenarios/quarrels.ts';
import { impatient, insistent } from './scenarios/repeats.ts';
import {
  atTheLastMoment,
  extended,
  justDelivered,
  neverDelivered,
  opensByItself,
  sold,
  soldBySilence,
  soldUnmarked,
  timeLocked,
} from './scenarios/sales.ts';
import { impersonated, meddled, wordy } from './scenarios/strangers.ts';
import { CLOSING, DAY, HOUR, OPENING } from './time.ts';

// Of all refusals of escrow, account and deposit these cannot be had from a file: HoldMismatch (the system alone offers a hold),
// LedgerInDoubt (the books would have to be wrong), TooMany holds or payouts (they end before the next line), DeadlineAhead and
// RateLimited (no command of theirs says so). Malformed is an outcome of its own.

type Scenario = (market: Market) => Script;

/** What happens between eight in the morning and eight in the evening, and how often. */
const daily: readonly (readonly [Scenario, times: number])[] = [
  [(market) => sold(market), 44],
  [(market) => sold(market, { payeeCount: 1 }), 12],
  [soldUnmarked, 12],
  [soldBySilence, 22],
  [atTheLastMoment, 8],
  [neverDelivered, 9],
  [justDelivered, 5],
  [extended, 5],
  [timeLocked, 8],
  [opensByItself, 4],
  [inParts, 15],
  [byInstalments, 6],
  [givenUp, 7],
  [shared, 12],
  [choir, 1],
  [amended, 6],
  [neverAccepted, 7],
  [justInTime, 5],
  [neverFunded, 7],
  [withdrawn, 7],
  [badTerms, 5],
  [refunded, 8],
  [settled, 14],
  [twoSettlers, 6],
  [haggled, 1],
  [conceded, 9],
  [ruled, 12],
  [unruled, 16],
  [wrongHolds, 4],
  [byStandingOrder, 11],
  [impersonated, 4],
  [meddled, 5],
  [wordy, 1],
  [insistent, 5],
  [deposits, 4],
  [wrongWithdrawals, 3],
  [garbled, 1],
];

/** In the weeks after it people take out what they have earned. */
const later: readonly (readonly [Scenario, times: number])[] = [
  [(market) => cashedOut(market), 28],
  [impatient, 6],
];

const UNFINISHED = ['Proposed', 'Agreed', 'Locked', 'AwaitingRelease', 'Disputed'] as const;

/** Everybody's plans for the day, begun at their hours. */
const planned = (market: Market): void => {
  const { random, begin } = market;
  for (const [scenario, times] of daily) {
    for (let n = 0; n < times; n += 1) {
      begin(OPENING + random.int(0, 12 * HOUR), scenario(market));
    }
  }
  for (const owner of watched) begin(OPENING + random.int(0, 12 * HOUR), frozen(owner)(market));
  for (const [scenario, times] of later) {
    for (let n = 0; n < times; n += 1) begin(OPENING + random.int(DAY, 40 * DAY), scenario(market));
  }
  begin(CLOSING - 2 * DAY, cashedOut(market, FEE.payee));
  for (const status of UNFINISHED) {
    for (let n = 0; n < 3; n += 1) {
      begin(CLOSING - random.int(14 * HOUR, 18 * HOUR), unfinished(status)(market));
    }
  }
};

const STATUSES: readonly Status[] = [
  'Unopened',
  'Proposed',
  'Agreed',
  'Locked',
  'AwaitingRelease',
  'Disputed',
  'Released',
  'Refunded',
  'Expired',
  'Cancelled',
];

/** How many deals end in each status; one that nobody opened is none. */
const escrowsByStatus = ({ deals }: Market): Readonly<Record<string, number>> =>
  Object.fromEntries(
    STATUSES.map((status) => [
      status,
      status === 'Unopened' ? 0 : deals.filter((deal) => deal.status === status).length,
    ]),
  );

/** The market day of a seed: the command file, and what must come of it. */
export const marketDay = (seed: number): ReturnType<typeof filesOf> => {
  const market = openMarket(randomOf(seed));
  planned(market);
  const lines = market.run();
  return filesOf(lines, [
    { escrowsByStatus: escrowsByStatus(market) },
    { balances: market.accounts.table() },
  ]);
};
