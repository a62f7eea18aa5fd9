import { evolver, machine, type StateOf } from '../../../engine/machine.ts';
import type { DepositEvent } from './events.ts';

/** The life of a deposit: a final payment is booked once (marketplace L5). */
export const depositMachine = machine<DepositEvent>()('Unrecorded', {
  Unrecorded: { DepositBooked: 'Recorded' },
  Recorded: {},
});

/** A payment as it was booked. */
export type Booked = Omit<DepositEvent['data'], 'postings'>;

export type Deposit = StateOf<typeof depositMachine, { Unrecorded: object; Recorded: Booked }>;

export const initialDeposit: Deposit = { status: 'Unrecorded' };

export const evolveDeposit = evolver<typeof depositMachine, Deposit, DepositEvent>({
  DepositBooked: (_, { rail, ref, owner, money, note }) => ({
    status: 'Recorded',
    rail,
    ref,
    owner,
    money,
    note,
  }),
});
