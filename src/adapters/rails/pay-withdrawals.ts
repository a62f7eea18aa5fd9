import type { PaymentRail, Payout, RailAnswer } from '../../domain/shared/payment-rail.ts';
import { answerOf } from '../../engine/facts.ts';
import type { Effect, Report, Task } from '../../engine/outbox.ts';
import type { Recorded } from '../../engine/projection.ts';
import type { DomainEvent } from '../../engine/vocabulary.ts';

type WithdrawalRequested = DomainEvent<'WithdrawalRequested', Payout>;

/** What an answer tells the account; an unknown outcome tells it nothing. */
const reportOf = (
  { data: { withdrawalId }, envelope: { stream } }: Recorded<WithdrawalRequested>,
  answer: RailAnswer,
): Report | undefined => {
  if (answer.type === 'Unknown') return undefined;
  if (answer.type === 'Paid') {
    const data = { withdrawalId, railRef: answer.railRef };
    return { stream, command: { type: 'ConfirmWithdrawal', data } };
  }
  return {
    stream,
    command: { type: 'FailWithdrawal', data: { withdrawalId, reason: answer.reason } },
  };
};

const isKnown = ({ type }: RailAnswer): boolean => type !== 'Unknown';

const payoutOf = ({ recorded: { data } }: Pick<Task<WithdrawalRequested>, 'recorded'>): Payout => ({
  withdrawalId: data.withdrawalId,
  money: data.money,
  rail: data.rail,
  destination: data.destination,
});

/**
 * Pays the withdrawals of one rail and reports what became of them, in the rail's name. The withdrawal's id is the key everywhere. What
 * nobody knows the outcome of stays open, is looked up again, and is sent again only under the same key (marketplace L6).
 */
export const payWithdrawals = (
  rail: PaymentRail,
): Effect<WithdrawalRequested, null, RailAnswer> => ({
  name: `payWithdrawals:${rail.name}`,
  on: ['WithdrawalRequested'],
  concerns: ({ data }) => data.rail === rail.name,
  key: ({ data }) => data.withdrawalId,
  // One payout that cannot be made holds up no other.
  order: ({ data }) => data.withdrawalId,
  prepare: async (task) => {
    await rail.prepare(payoutOf(task));
    return null;
  },
  submit: async ({ key }) => (await rail.submit(key)).filter(isKnown),
  lookUp: async ({ key }) => {
    const answer = await rail.lookUp(key);
    return isKnown(answer) ? answer : undefined;
  },
  rereads: ({ data, envelope }) => ({
    isOpen: answerOf<boolean>(envelope.stream, 'isWithdrawalOpen', data.withdrawalId),
  }),
  isWanted: (_, { isOpen }) => isOpen === true,
  actor: { id: rail.name, roles: ['rail'] },
  ends: ['WithdrawalNotOpen'],
  report: reportOf,
});
