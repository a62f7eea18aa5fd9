import * as t from 'io-ts';
import { Money } from '../../../domain/shared/money.ts';
import { Destination, IncomingPayment } from '../../../domain/shared/payment-rail.ts';
import { BuiltId, closed, listOf, optional, text } from '../../../engine/codec.ts';

/** What goes over the wire between the bank's process and its clients, as JSON. */
export const PayoutOrder = closed({
  withdrawalId: BuiltId,
  money: Money,
  rail: BuiltId,
  destination: Destination,
});

/** A payment into the bank under a reference of the payer's; whom it is for may be missing. */
export const PaymentOrder = closed({
  ref: BuiltId,
  owner: optional(
    t.union([text('an owner (at most 512 characters)', (owner) => owner.length <= 512), t.null]),
  ),
  money: Money,
});
export type PaymentOrder = t.TypeOf<typeof PaymentOrder>;

export const Payments = listOf(IncomingPayment);

export const Answer = t.union([
  closed({ type: t.literal('Paid'), railRef: BuiltId }),
  closed({ type: t.literal('NotSent'), reason: text('a reason') }),
  closed({ type: t.literal('Unknown') }),
]);

export const Answers = listOf(closed({ withdrawalId: BuiltId, answer: Answer }));

/** The most bytes of a request. */
export const REQUEST_BYTES = 64 * 1024;
