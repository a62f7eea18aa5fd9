import { machine } from '../../../engine/machine.ts';
import type { NestedMachine } from '../../../engine/nested.ts';
import type { AccountEvent } from './events.ts';
import type { Account } from './state.ts';

/** The life of a hold: placed by the owner, then taken by what it is for, settled leg by leg, or returned. */
const holdMachine = machine<AccountEvent>()('Absent', {
  Absent: { HoldPlaced: 'Open' },
  Open: { HoldTaken: 'Taken', HoldSettled: ['Open', 'Settled'], HoldReturned: 'Returned' },
  Taken: {},
  Settled: {},
  Returned: {},
});

/** The life of a withdrawal: requested, then paid by the rail, or failed and the money given back. */
const withdrawalMachine = machine<AccountEvent>()('Absent', {
  Absent: { WithdrawalRequested: 'Open' },
  Open: { WithdrawalPaid: 'Paid', WithdrawalFailed: 'Failed' },
  Paid: {},
  Failed: {},
});

const allOpen = (members: object): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.keys(members).map((id) => [id, 'Open']));

/** What is under way in an account. What has ended is in the state no more. */
export const accountNested: readonly NestedMachine<Account>[] = [
  { name: 'Holds', machine: holdMachine, members: ({ holds }) => allOpen(holds) },
  {
    name: 'Withdrawals',
    machine: withdrawalMachine,
    members: ({ withdrawals }) => allOpen(withdrawals),
  },
];
