import type { PaymentRail, RailAnswer } from '../../../domain/shared/payment-rail.ts';
import { LATE_MS, about, openBank, type Bank, type Telling } from './bank.ts';
import type { PaymentOrder } from './wire.ts';

/** A rail that ends at a bank of our own, which moves no real money, and the connection to its file. */
export type SandboxRail = PaymentRail & {
  /** A payment comes in, from whomever; throws where its reference stands for another payment. */
  readonly receive: (order: PaymentOrder) => void;
  readonly close: () => void;
};

const heard = async (withdrawalId: string, telling: Telling): Promise<readonly RailAnswer[]> => {
  if (telling.how === 'lost') return [];
  if (telling.how === 'never') throw new Error('the sandbox did not answer in time');
  const answers = about(withdrawalId, telling.told);
  if (telling.how === 'at once') return answers;
  return new Promise((resolve) => setTimeout(resolve, LATE_MS, answers));
};

/**
 * The rail `sandbox` within this process: a small bank in a SQLite file of its own (or ':memory:'), opened on first use. It remembers
 * every payout by its withdrawal's id, so submitting one twice pays once. Destinations `fault:late`, `fault:lost`, `fault:double`,
 * `fault:reordered`, `fault:timeout` and `fault:refuse` make that payment misbehave so.
 */
export const sandboxRail = (path: string): SandboxRail => {
  let bank: Bank | undefined;
  const open = () => (bank ??= openBank(path));
  return {
    name: 'sandbox',
    prepare: async (payout) => open().prepare(payout),
    submit: async (withdrawalId) => heard(withdrawalId, open().submit(withdrawalId)),
    lookUp: async (withdrawalId) => open().lookUp(withdrawalId),
    incoming: async (after) => open().incoming(after),
    receive: (order) => open().receive(order),
    close: () => {
      bank?.close();
      bank = undefined;
    },
  };
};
