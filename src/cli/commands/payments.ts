import type { UnclaimedPayment } from '../../adapters/rails/unclaimed-payments.ts';
import { ActorId } from '../../engine/codec.ts';
import { CliError, exitCodes, type ExitCode } from '../exit-codes.ts';
import { mending, unclaimedIn } from '../open.ts';
import type { Place } from '../place.ts';
import { inline, type Output } from '../output.ts';
import { noteClock } from '../run/virtual-time.ts';

export type PaymentFlags = { readonly claim?: string; readonly owner?: string };

const described = ({ rail, payment, reason, claimedFor }: UnclaimedPayment): string => {
  const { ref, owner, money } = payment;
  const named = owner === null ? '' : `, for ${owner}`;
  const claimed = claimedFor === null ? '' : `; claimed for ${claimedFor}, not booked yet`;
  return inline(`${rail} ${ref}: ${money.currency} ${money.amount}${named}: ${reason}${claimed}`);
};

/** `chancery payments`: what came in and could not be booked; to be claimed for its owner. */
export const payments = (
  place: Place,
  { claim, owner }: PaymentFlags,
  output: Output,
): Promise<ExitCode> => {
  if ((claim === undefined) !== (owner === undefined)) {
    throw new CliError('--claim REF and --owner ID go together', exitCodes.wrongUsage);
  }
  if (claim === undefined || owner === undefined) return listed(place, output);
  if (!ActorId.is(owner)) throw new CliError(`--owner is ${ActorId.name}`, exitCodes.wrongUsage);
  return claimed(place, claim, owner, output);
};

const listed = async (place: Place, output: Output): Promise<ExitCode> => {
  const { payments: found, troubles } = unclaimedIn(place);
  for (const each of found) output.item(each, () => described(each));
  for (const { rail, failure } of troubles) output.notice(`rail ${rail} is not read: ${failure}`);
  if (!output.json && found.length === 0) output.line('nothing is unclaimed');
  return found.length + troubles.length === 0 ? exitCodes.done : exitCodes.notRight;
};

/** The payment of a reference that nobody has booked: several under one reference are told apart by nobody but the bank. */
const waiting = (place: Place, ref: string): UnclaimedPayment => {
  const [found, another] = unclaimedIn(place).payments.filter(({ payment }) => payment.ref === ref);
  const lists = 'chancery payments lists those there are';
  if (found === undefined) {
    throw new CliError(
      `no unclaimed payment has the reference ${ref}; ${lists}`,
      exitCodes.notRight,
    );
  }
  if (another === undefined) return found;
  const remedy = 'ask the bank, and correct it by a deposit on rail adjustment';
  throw new CliError(`several payments have the reference ${ref}; ${remedy}`, exitCodes.notRight);
};

const claimed = (place: Place, ref: string, owner: string, output: Output): Promise<ExitCode> =>
  mending(place, async (engine, clock, receiver) => {
    const { payment } = waiting(place, ref);
    const answer = await receiver.claim(payment.position, owner);
    await engine.settle();
    if (clock !== undefined) await noteClock(engine);
    const refused = answer?.refused;
    output.item({ ref, owner, booked: refused === undefined, ...(refused && { refused }) }, () =>
      refused === undefined
        ? `${ref} is booked for ${owner}`
        : `${ref} is not booked for ${owner}, and stays: ${refused}`,
    );
    return refused === undefined ? exitCodes.done : exitCodes.notRight;
  });
