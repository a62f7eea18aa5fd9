import type { IncomingPayment } from '../../domain/shared/payment-rail.ts';
import { E } from '../../engine/fp.ts';
import { digestOf } from '../../engine/ids.ts';
import type { Rejection } from '../../engine/decider.ts';
import { EngineFailed, type Engine } from '../../engine/run/engine.ts';
import type { UnclaimedPayments } from './unclaimed-payments.ts';

/** Where the payments of a rail are booked. */
export type Booking = {
  readonly engine: Engine;
  readonly rail: { readonly name: string };
  readonly unclaimed: UnclaimedPayments;
};

const reasonOf = ({ type, ...facts }: Rejection): string =>
  `${type} ${JSON.stringify(facts)}`.slice(0, 1_000);

/** The engine's answer: undefined where the payment stands booked, else why it never will as it is. Rejects with `EngineFailed`. */
const recorded = async (
  { engine, rail }: Booking,
  { ref, money }: IncomingPayment,
  owner: string,
): Promise<string | undefined> => {
  const data = { rail: rail.name, ref, owner, money, note: null };
  const answer = await engine.sendTE(
    `deposit-${rail.name}.${ref}`,
    { type: 'RecordDeposit', data },
    // Another payment under the same reference is another command: it is told what differs.
    { actor: { id: rail.name, roles: ['rail'] }, commandId: `incoming-${digestOf(data)}` },
  )();
  if (E.isLeft(answer)) throw new EngineFailed(answer.left);
  return answer.right.outcome === 'refused' ? reasonOf(answer.right.refusal) : undefined;
};

/**
 * Books a payment for the owner that it names, or that an operator has claimed it for; what cannot be booked stands in the list of
 * unclaimed payments, with the reason, which is the answer. May be repeated: the reference is the stream's name (marketplace L5).
 */
export const bookPayment = async (
  booking: Booking,
  payment: IncomingPayment,
): Promise<string | undefined> => {
  const { unclaimed, rail } = booking;
  const claimed = unclaimed.claimOf(rail.name, payment.position);
  const owner = claimed ?? payment.owner;
  const reason = owner === null ? 'it names no owner' : await recorded(booking, payment, owner);
  if (reason === undefined) unclaimed.booked(rail.name, payment.position);
  else unclaimed.keep(rail.name, payment, reason, claimed);
  return reason;
};
