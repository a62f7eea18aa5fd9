import { FEE, watched } from './cast.ts';
import { dealsOf, type Status } from './deal.ts';
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

type Scenario = (market: Market) => Script;

/** What happens between eight in the morning and eight in the evening, and how often. */
const daily: readonly (readonly [Scenario, times: number])[] = [
  [(market) => sold(market), 50],
  [(market) => sold(market, { payeeCount: 1 }), 15],
  [soldUnmarked, 15],
  [soldBySilence, 25],
  [atTheLastMoment, 10],
  [neverDelivered, 12],
  [justDelivered, 6],
  [extended, 7],
  [timeLocked, 9],
  [opensByItself, 4],
  [inParts, 24],
  [byInstalments, 10],
  [givenUp, 10],
  [shared, 22],
  [choir, 1],
  [amended, 10],
  [neverAccepted, 9],
  [justInTime, 5],
  [neverFunded, 9],
  [withdrawn, 9],
  [badTerms, 6],
  [refunded, 10],
  [settled, 20],
  [twoSettlers, 7],
  [haggled, 1],
  [conceded, 12],
  [ruled, 18],
  [unruled, 20],
  [wrongHolds, 6],
  [byStandingOrder, 14],
  [impersonated, 5],
  [meddled, 8],
  [wordy, 1],
  [insistent, 7],
  [deposits, 5],
  [wrongWithdrawals, 3],
  [garbled, 1],
];

/** In the weeks after it people take out what they have earned. */
const later: readonly (readonly [Scenario, times: number])[] = [
  [(market) => cashedOut(market), 70],
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

const escrowsByStatus = (market: Market): Readonly<Record<string, number>> => {
  const deals = dealsOf.get(market) ?? [];
  return Object.fromEntries(
    STATUSES.map((status) => [
      status,
      status === 'Unopened' ? 0 : deals.filter((deal) => deal.status === status).length,
    ]),
  );
};

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
