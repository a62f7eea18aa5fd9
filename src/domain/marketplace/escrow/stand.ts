import type { Stand } from '../../shared/ledger.ts';
import type { Escrow } from './state.ts';
import { totalOf } from './terms.ts';

/** How an escrow stands to a hold that was placed for it, or, without one, to a hold to come. It locks one and refuses all others. */
export const stand = (state: Escrow, holdId: string | undefined): Stand => {
  if (state.status === 'Unopened' || state.status === 'Proposed') return { type: 'Pending' };
  if (state.status === 'Agreed') {
    return { type: 'Awaited', payer: state.terms.buyer, amounts: totalOf(state.terms) };
  }
  if (state.status === 'Cancelled') return { type: 'Refused' };
  return { type: holdId === state.holdId ? 'Taken' : 'Refused' };
};
