import {
  depositEvents,
  depositFields,
  type DepositEvent,
} from '../../domain/marketplace/deposit/events.ts';
import {
  evolveDeposit,
  initialDeposit,
  type Booked,
  type Deposit,
} from '../../domain/marketplace/deposit/state.ts';
import { ADJUSTMENT, isCurrency, marketplaceSettings } from '../../domain/shared/ledger.ts';
import type { Malformed } from '../../engine/codec.ts';
import {
  accept,
  ask,
  byCommand,
  refuse,
  type Context,
  type Decider,
  type Deliberation,
} from '../../engine/decider.ts';
import { sameJson } from '../../engine/json.ts';
import { notPermitted, type CommonRejection } from '../../engine/refusal.ts';
import type { About } from '../../engine/subsystem.ts';
import { vocabulary, type MessageOf } from '../../engine/vocabulary.ts';

export const depositCommands = vocabulary({ RecordDeposit: depositFields });
export type DepositCommand = MessageOf<typeof depositCommands>;

export type DepositRejection =
  | CommonRejection
  /** Another payment is booked under this reference; `fields` are those that differ, in the payload's order. */
  | { readonly type: 'DepositConflict'; readonly fields: readonly string[] }
  | { readonly type: 'RailUnknown'; readonly rail: string }
  | { readonly type: 'UnknownCurrency'; readonly currency: string };

const { DepositBooked } = depositEvents.of;

const FIELDS = ['rail', 'ref', 'owner', 'money', 'note'] as const;

/** What one field alone does not show: the reference is the stream's name (L5), and adjustments alone are explained. */
const wrongForm = (deposit: Booked, { self }: Context): Malformed | undefined => {
  const { rail, ref, note } = deposit;
  if (`${rail}.${ref}` !== self.id) {
    const expected = `the reference that deposit-${rail}.<ref> names, in ${self.stream}`;
    return { type: 'Malformed', path: 'ref', expected, found: JSON.stringify(ref) };
  }
  if (rail === ADJUSTMENT && note === null) {
    return { type: 'Malformed', path: 'note', expected: 'a note', found: 'null' };
  }
  if (rail !== ADJUSTMENT && note !== null) {
    const expected = `null (only ${ADJUSTMENT} has a note)`;
    return { type: 'Malformed', path: 'note', expected, found: JSON.stringify(note) };
  }
  return undefined;
};

const mayRecord = ({ actor }: Context, rail: string): boolean =>
  actor.roles.includes(rail === ADJUSTMENT ? 'treasurer' : 'rail');

const recordDeposit = (
  deposit: Booked,
  state: Deposit,
  context: Context,
): Deliberation<DepositRejection, DepositEvent> => {
  const wrong = wrongForm(deposit, context);
  if (wrong !== undefined) return refuse(wrong);
  if (state.status === 'Recorded') {
    const fields = FIELDS.filter((field) => !sameJson(state[field], deposit[field]));
    return fields.length === 0 ? accept() : refuse({ type: 'DepositConflict', fields });
  }
  const { rail, owner, money } = deposit;
  if (!mayRecord(context, rail)) return notPermitted(context.actor);
  return ask(
    { settings: marketplaceSettings },
    ({ settings }): Deliberation<DepositRejection, DepositEvent> => {
      const { currency } = money;
      if (!isCurrency(settings, currency)) return refuse({ type: 'UnknownCurrency', currency });
      if (rail !== ADJUSTMENT && !settings.rails.includes(rail)) {
        return refuse({ type: 'RailUnknown', rail });
      }
      const postings = [{ from: `world:${rail}`, to: `wallet:${owner}`, money }];
      return accept(DepositBooked({ ...deposit, postings }));
    },
  );
};

/** A final payment into a wallet, recorded once under the rail's own reference. */
export const deposit: Decider<DepositCommand, Deposit, DepositEvent, DepositRejection> = {
  version: 1,
  initial: initialDeposit,
  evolve: evolveDeposit,
  decide: byCommand({ RecordDeposit: recordDeposit }),
};

export const depositAbout: About<DepositCommand, DepositRejection> = {
  summary: 'A final payment that a rail reports, or a correction by a treasurer: booked once.',
  commands: {
    RecordDeposit: {
      who: 'rail; a treasurer on rail adjustment, with a note',
      when: 'Unrecorded, under the name deposit-<rail>.<ref>',
      refusals: ['DepositConflict', 'UnknownCurrency', 'RailUnknown'],
    },
  },
};
