import { EMPTY, concatMap, defer, from, type Observable } from 'rxjs';
import type { PaymentRail, Payout, RailAnswer } from '../../domain/shared/payment-rail.ts';
import type { Recorded } from '../../engine/projection.ts';
import type { Reaction, Sending } from '../../engine/reaction.ts';
import type { DomainEvent } from '../../engine/vocabulary.ts';

type WithdrawalRequested = DomainEvent<'WithdrawalRequested', Payout>;

/** What an answer tells the account; an unknown outcome tells it nothing. */
const reportOf = (
  { data: { withdrawalId }, envelope: { stream } }: Recorded<WithdrawalRequested>,
  answer: RailAnswer,
): readonly Sending[] => {
  if (answer.type === 'Unknown') return [];
  if (answer.type === 'Paid') {
    const data = { withdrawalId, railRef: answer.railRef };
    return [{ stream, command: { type: 'ConfirmWithdrawal', data } }];
  }
  const data = { withdrawalId, reason: answer.reason };
  return [{ stream, command: { type: 'FailWithdrawal', data } }];
};

/** Sends what was prepared; a time-out or a lost connection tells nothing of what became of it. */
const submitted = async (
  rail: PaymentRail,
  withdrawalId: string,
): Promise<readonly RailAnswer[]> => {
  try {
    return await rail.submit(withdrawalId);
  } catch {
    return [{ type: 'Unknown' }];
  }
};

const known = (answers: readonly RailAnswer[]): readonly RailAnswer[] =>
  answers.filter(({ type }) => type !== 'Unknown');

/** All that the rail answers about a payout. What an earlier attempt may have sent is looked up before anything is sent. */
const answersOf = async (rail: PaymentRail, payout: Payout): Promise<readonly RailAnswer[]> => {
  const { withdrawalId } = payout;
  const before = known([await rail.lookUp(withdrawalId)]);
  if (before.length > 0) return before;
  await rail.prepare(payout);
  const answers = known(await submitted(rail, withdrawalId));
  if (answers.length > 0) return answers;
  const after = known([await rail.lookUp(withdrawalId)]);
  if (after.length > 0) return after;
  throw new Error(`rail ${rail.name} does not know what became of ${withdrawalId}`);
};

const paying =
  (rail: PaymentRail) =>
  (recorded: Recorded<WithdrawalRequested>): Observable<Sending> => {
    const { withdrawalId, money, destination } = recorded.data;
    if (recorded.data.rail !== rail.name) return EMPTY;
    const payout = { withdrawalId, money, rail: rail.name, destination };
    return defer(() => answersOf(rail, payout)).pipe(
      concatMap((answers) => from(answers.flatMap((answer) => reportOf(recorded, answer)))),
    );
  };

/**
 * Pays the withdrawals of one rail and reports what became of them, in the rail's name. It performs I/O, so it runs in the
 * outermost layer and never during a replay. An outcome that stays unknown is an error: the runner tries again with back-off, and
 * looks it up before it sends anything (marketplace L6).
 */
export const payWithdrawals = (rail: PaymentRail): Reaction<WithdrawalRequested> => ({
  name: `payWithdrawals:${rail.name}`,
  on: ['WithdrawalRequested'],
  key: ({ envelope }) => envelope.stream,
  each: paying(rail),
  actor: { id: rail.name, roles: ['rail'] },
  ends: ['WithdrawalNotOpen'],
});
