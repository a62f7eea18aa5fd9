import * as t from 'io-ts';
import { ActorId, BuiltId, text } from '../../../engine/codec.ts';
import { vocabulary, type MessageOf } from '../../../engine/vocabulary.ts';
import { Postings } from '../../shared/ledger.ts';
import { Money } from '../../shared/money.ts';

/** A treasurer's reason for an adjustment: 1 to 500 characters; null for a payment that a rail reports. */
const Note = t.union([
  text('a note (1 to 500 characters)', (note) => note.length > 0 && note.length <= 500),
  t.null,
]);

/** What a final payment is: the same fields in the command that reports it and the event that books it. */
export const depositFields = {
  rail: BuiltId,
  ref: BuiltId,
  owner: ActorId,
  money: Money,
  note: Note,
};

export const depositEvents = vocabulary({
  DepositBooked: { ...depositFields, postings: Postings },
});
export type DepositEvent = MessageOf<typeof depositEvents>;
