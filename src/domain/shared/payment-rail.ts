import * as t from 'io-ts';
import { closed, text } from '../../engine/codec.ts';
import type { Money } from './money.ts';

/** Where a payment goes on its rail, in the rail's own words: 1 to 512 characters. */
export const Destination = text(
  'a destination (1 to 512 characters)',
  (value) => value.length > 0 && value.length <= 512,
);

/** A payment that an account has ordered; the withdrawal's id is its idempotency key everywhere. */
export type Payout = {
  readonly withdrawalId: string;
  readonly money: Money;
  readonly rail: string;
  readonly destination: string;
};

/** What a rail knows of a payout. `NotSent` is definitive: nothing went out, and nothing will. */
export type RailAnswer =
  | { readonly type: 'Paid'; readonly railRef: string }
  | { readonly type: 'NotSent'; readonly reason: string }
  | { readonly type: 'Unknown' };

const Told = text('a text (at most 1,024 characters)', (value) => value.length <= 1_024);

/**
 * A final payment that came in, in the rail's own words: whether its owner, its money and its reference can be booked is for
 * RecordDeposit to say. `position` is where it stands in the bank's order, opaque; `owner` is null where the payment names nobody.
 */
export const IncomingPayment = closed(
  {
    position: text(
      'a position (1 to 1,024 characters)',
      (at) => at.length > 0 && at.length <= 1_024,
    ),
    ref: Told,
    owner: t.union([Told, t.null]),
    money: closed({ currency: Told, amount: Told }),
  },
  'an incoming payment',
);
export type IncomingPayment = t.TypeOf<typeof IncomingPayment>;

/**
 * The port of whatever moves money in the world. `prepare` stores a payout under its withdrawal id before anything is sent, and
 * `submit` sends what was prepared: both may be repeated harmlessly. A rejected promise is an unknown outcome, to be looked up.
 */
export type PaymentRail = {
  /** The name under which accounts order withdrawals by this rail. */
  readonly name: string;
  readonly prepare: (payout: Payout) => Promise<void>;
  /** The answers that came back, in order: usually one, none where the answer was lost, more where the rail repeats itself. */
  readonly submit: (withdrawalId: string) => Promise<readonly RailAnswer[]>;
  readonly lookUp: (withdrawalId: string) => Promise<RailAnswer>;
  /**
   * The next final payments after a position (undefined: from the first), in the bank's order; none: there are no more yet. The same
   * position gives the same payments again, followed by what has come in since.
   */
  readonly incoming: (
    after: string | undefined,
    signal: AbortSignal,
  ) => Promise<readonly IncomingPayment[]>;
};
