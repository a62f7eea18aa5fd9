import { escrowCommands, escrowSubsystem } from '../../src/index.ts';
import { against, duration } from '../harness/rounds.ts';
import { atMost, sized, type Row } from '../harness/row.ts';
import { decided, locked, selfOf, type Draft } from '../subjects/escrows.ts';

const { OfferSettlement, AcceptSettlement } = escrowCommands.of;

const PAYEES = 32;
const CURRENCIES = ['BTC', 'CHF', 'ETH', 'EUR', 'JPY', 'KWD', 'USD', 'XMR'];
const AT = 1_700_000_000_000;

const partyOf = (id: string) => ({ id, roles: [] });

const terms: Draft = {
  buyer: 'buyer',
  seller: 'seller',
  milestones: CURRENCIES.map((currency, index) => ({
    title: `part ${index + 1}`,
    amount: { currency, amount: String(123_456_789 + index) },
  })),
  split: Array.from({ length: PAYEES }, (_, index) => ({
    party: `payee-${index + 1}`,
    sharePpm: 30_001,
  })),
  arbiter: { actor: 'judge' },
};

/** The largest settlement that terms allow: every payee gets a share of every currency at once. */
export const splitRows: readonly Row[] = [
  {
    name: 'closing split, 32 payees x 8 currencies, decide alone',
    unit: 'us',
    target: atMost(3),
    baseline: 'JSON.stringify of the resulting event',
    measure: async (run) => {
      const [buyer, seller] = [partyOf('buyer'), partyOf('seller')];
      const place = { at: AT, self: selfOf('E1') };
      const { state: held } = locked('E1', terms, AT);
      const offered = decided(held, OfferSettlement({ refund: [] }), buyer, place);
      const state = offered.reduce(escrowSubsystem.decider.evolve, held);
      const settle = () => decided(state, AcceptSettlement({ offerNo: 1 }), seller, place);
      const [event] = settle();
      const postings = event !== undefined && 'postings' in event.data ? event.data.postings : [];
      const times = sized(run, 20, 300);
      const each = (work: () => unknown) => async () =>
        ((await duration(() => {
          for (let time = 0; time < times; time += 1) work();
        })) /
          times) *
        1000;
      return against(
        run,
        each(settle),
        each(() => JSON.stringify(event)),
        `${postings.length} postings, ${JSON.stringify(event).length} bytes`,
      );
    },
  },
];
