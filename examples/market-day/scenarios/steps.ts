import { newDeal, type Deal } from '../deal.ts';
import type { Market, Script } from '../market.ts';
import { accept, consenters, open, placeHold, topUp } from '../moves.ts';
import type { Wishes } from '../terms.ts';
import { HOUR, MINUTE, SECOND } from '../time.ts';

/** What some minutes are, and some hours, in which people think. */
export const minutes = ({ within }: Market): number => within(20 * SECOND, 40 * MINUTE);
export const hours = ({ within }: Market): number => within(HOUR, 9 * HOUR);

/** Terms are proposed by either side and accepted by all others. */
export function* agreed(deal: Deal): Script {
  const { market, terms } = deal;
  const author = market.random.oneIn(4) ? terms.seller : terms.buyer;
  open(deal, author);
  yield minutes(market);
  for (const party of consenters(deal).filter((each) => each !== author)) {
    accept(deal, party);
    if (market.random.oneIn(2)) yield minutes(market);
  }
}

/** The buyer brings in what is lacking and pays; a few set it aside later than they brought it. */
export function* paid(deal: Deal): Script {
  const { market } = deal;
  topUp(deal);
  if (market.random.oneIn(3)) yield minutes(market);
  topUp(deal);
  placeHold(deal);
}

/** A new deal whose money is locked. */
export function* locked(market: Market, wishes: Wishes = {}): Generator<number, Deal> {
  const deal = newDeal(market, wishes);
  yield* agreed(deal);
  yield market.random.oneIn(2) ? minutes(market) : hours(market);
  yield* paid(deal);
  return deal;
}
