import * as t from 'io-ts';
import { BuiltId, closed, listOf, personal, text } from '../../../engine/codec.ts';
import { vocabulary, type MessageOf } from '../../../engine/vocabulary.ts';
import { Account, Postings, Purpose } from '../../shared/ledger.ts';
import { Amounts, Money } from '../../shared/money.ts';
import { Destination } from '../../shared/payment-rail.ts';

/** Why somebody froze an account, or why a payment failed: 1 to 500 characters. */
export const Reason = text(
  'a reason (1 to 500 characters)',
  (reason) => reason.length > 0 && reason.length <= 500,
);

/** The id of the event that carries a payer's own command or signature; null where the payer asked in person. */
export const Consent = t.union([BuiltId, t.null]);

/** Totals per currency, sorted by code. Unlike an amount, what was ever credited has no upper bound. */
const Totals = listOf(
  closed(
    { currency: t.string, amount: text('a total', (n) => /^[1-9][0-9]*$/.test(n)) },
    'a total',
  ),
  'totals',
);

/**
 * `creditedSeen` is what the decision knew of all that was ever credited to the wallet (marketplace L2). HoldTaken has no
 * postings: those of the taker's event moved the money.
 */
export const accountEvents = vocabulary({
  HoldPlaced: {
    holdId: BuiltId,
    purpose: Purpose,
    amounts: Amounts,
    creditedSeen: Totals,
    consent: Consent,
    postings: Postings,
  },
  HoldTaken: { holdId: BuiltId },
  HoldSettled: {
    holdId: BuiltId,
    legs: listOf(closed({ to: Account, money: Money }, 'a leg')),
    final: t.boolean,
    returned: Amounts,
    postings: Postings,
  },
  HoldReturned: { holdId: BuiltId, amounts: Amounts, postings: Postings },
  WithdrawalRequested: {
    withdrawalId: BuiltId,
    money: Money,
    rail: BuiltId,
    destination: personal(Destination, 'withdrawalId'),
    creditedSeen: Totals,
    postings: Postings,
  },
  WithdrawalPaid: {
    withdrawalId: BuiltId,
    railRef: BuiltId,
    railFee: t.union([Money, t.null]),
    postings: Postings,
  },
  WithdrawalFailed: { withdrawalId: BuiltId, reason: Reason, postings: Postings },
  AccountFrozen: { reason: Reason },
  AccountUnfrozen: {},
});
export type AccountEvent = MessageOf<typeof accountEvents>;
