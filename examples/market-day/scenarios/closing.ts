import { ask, newDeal, type Deal, type Status } from '../deal.ts';
import { refused } from '../lines.ts';
import type { Market, Script } from '../market.ts';
import { deliver, dispute, open } from '../moves.ts';
import { CLOSING, DAY } from '../time.ts';
import { agreed, minutes, paid } from './steps.ts';

/** Brings a new deal as far as a status, and leaves it there. */
const upTo: Readonly<Partial<Record<Status, (deal: Deal) => Script>>> = {
  *Proposed(deal) {
    open(deal);
    yield minutes(deal.market);
  },
  *Agreed(deal) {
    yield* agreed(deal);
  },
  *Locked(deal) {
    yield* agreed(deal);
    yield* paid(deal);
  },
  *AwaitingRelease(deal) {
    yield* agreed(deal);
    yield* paid(deal);
    yield minutes(deal.market);
    deliver(deal);
  },
  *Disputed(deal) {
    yield* agreed(deal);
    yield* paid(deal);
    yield minutes(deal.market);
    dispute(deal, deal.terms.buyer, 'WrongItem');
  },
};

/** A deal that is still under way when the market closes; somebody looks at it last of all. */
export const unfinished = (status: keyof typeof upTo) =>
  function* unfinishedDeal(market: Market): Script {
    const deal = newDeal(market, { reviewMs: 20 * DAY });
    yield* upTo[status]!(deal);
    yield CLOSING;
    ask(deal, deal.terms.buyer, 'ExpireEscrow', {}, refused('NothingDue'));
  };
