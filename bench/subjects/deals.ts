import { accountCommands, depositCommands, escrowCommands } from '../../src/index.ts';
import { plainTerms } from './escrows.ts';
import { person, type Market } from './market.ts';

/** How a deal ends. */
export const ENDINGS = ['release', 'refund', 'settlement', 'ruling', 'concession'] as const;
type Ending = (typeof ENDINGS)[number];

/** Sends one command and notes how long it took, if it is one of those that are measured. */
export type Step = (
  stream: string,
  command: { readonly type: string; readonly data: unknown },
  who: string,
  ...roles: readonly string[]
) => Promise<void>;

const { OpenEscrow, AmendTerms, AcceptTerms, CancelEscrow, ExtendDelivery } = escrowCommands.of;
const { MarkDelivered, ReleaseFunds, RefundBuyer, OfferSettlement } = escrowCommands.of;
const { AcceptSettlement, RaiseDispute, SettleDispute, ConcedeDispute } = escrowCommands.of;
const { PlaceHold, RequestWithdrawal, FreezeAccount, UnfreezeAccount } = accountCommands.of;
const { RecordDeposit } = depositCommands.of;

const money = (amount: string) => ({ currency: 'USD', amount });
const RulingForSeller = { outcome: { type: 'ReleaseSeller' }, grounds: [] } as const;

const endings: Readonly<Record<Ending, (step: Step, escrow: string, id: string) => Promise<void>>> =
  {
    release: async (step, escrow, id) => {
      await step(escrow, ReleaseFunds({ milestone: 1 }), `buyer-${id}`);
      await withdraw(step, id);
    },
    refund: (step, escrow, id) => step(escrow, RefundBuyer({}), `seller-${id}`),
    settlement: async (step, escrow, id) => {
      await step(escrow, OfferSettlement({ refund: [money('500')] }), `buyer-${id}`);
      await step(escrow, AcceptSettlement({ offerNo: 1 }), `seller-${id}`);
    },
    ruling: async (step, escrow, id) => {
      await dispute(step, escrow, id);
      await step(escrow, SettleDispute(RulingForSeller), 'judge');
      await withdraw(step, id);
    },
    concession: async (step, escrow, id) => {
      await dispute(step, escrow, id);
      await step(escrow, ConcedeDispute({}), `seller-${id}`);
    },
  };

const dispute = (step: Step, escrow: string, id: string): Promise<void> => {
  const claim = { type: 'RefundBuyer' } as const;
  const complaint = RaiseDispute({ reason: 'QualityIssue', claim, grounds: [] });
  return step(escrow, complaint, `buyer-${id}`);
};

const withdraw = (step: Step, id: string): Promise<void> => {
  const payment = { money: money('1000'), rail: 'sandbox', destination: 'iban' };
  return step(`account-seller-${id}`, RequestWithdrawal(payment), `seller-${id}`);
};

/** One deal from its opening to its end, and beside it an escrow that is called off and an account that is frozen for a while. */
export const playDeal = async (step: Step, id: string, ending: Ending): Promise<void> => {
  const [escrow, other] = [`escrow-${id}`, `escrow-off-${id}`];
  const [buyer, seller, artist] = [`buyer-${id}`, `seller-${id}`, `artist-${id}`];
  const terms = { ...plainTerms(buyer, seller), split: [{ party: artist, sharePpm: 400_000 }] };
  await step(escrow, OpenEscrow({ terms }), buyer);
  await step(escrow, AmendTerms({ terms: { ...terms, memo: 'as agreed' } }), seller);
  await step(escrow, AcceptTerms({ version: 2 }), buyer);
  await step(escrow, AcceptTerms({ version: 2 }), artist);
  await step(other, OpenEscrow({ terms }), buyer);
  await step(other, CancelEscrow({}), buyer);
  const deposit = { rail: 'sandbox', ref: id, owner: buyer, money: money('12000'), note: null };
  await step(`deposit-sandbox.${id}`, RecordDeposit(deposit), 'sandbox', 'rail');
  await step(`account-${buyer}`, PlaceHold({ purpose: { stream: escrow, item: null } }), buyer);
  await step(escrow, ExtendDelivery({ until: Date.now() + 400 * 86_400_000 }), buyer);
  await step(escrow, MarkDelivered({ milestone: 1 }), seller);
  await step(escrow, ReleaseFunds({ milestone: 1, amount: money('4000') }), buyer);
  await endings[ending](step, escrow, id);
  await step(`account-${artist}`, FreezeAccount({ reason: 'asked' }), 'treasurer', 'treasurer');
  await step(`account-${artist}`, UnfreezeAccount({}), 'treasurer', 'treasurer');
};

/** Steps on a market that waits until all is quiet before each command, and tells how many milliseconds the command took. */
export const timedSteps =
  ({ engine, send }: Market, took: (command: string, ms: number) => void): Step =>
  async (stream, command, who, ...roles) => {
    await engine.settle();
    const begin = performance.now();
    await send(stream, command, person(who, ...roles));
    took(command.type, performance.now() - begin);
  };
