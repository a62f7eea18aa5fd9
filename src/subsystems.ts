import { account, accountAbout, accountCommands } from './commands/marketplace/account.ts';
import { deposit, depositAbout, depositCommands } from './commands/marketplace/deposit.ts';
import { escrow, escrowAbout, escrowCommands } from './commands/marketplace/escrow.ts';
import {
  logCheckpoint,
  logCheckpointAbout,
  logCheckpointCommands,
} from './commands/proof/log-checkpoint.ts';
import { accountEvents } from './domain/marketplace/account/events.ts';
import { accountNested } from './domain/marketplace/account/nested.ts';
import { isWithdrawalOpen, openHold } from './domain/marketplace/account/rules.ts';
import { accountMachine } from './domain/marketplace/account/state.ts';
import { depositEvents } from './domain/marketplace/deposit/events.ts';
import { depositMachine } from './domain/marketplace/deposit/state.ts';
import { escrowEvents } from './domain/marketplace/escrow/events.ts';
import { due } from './domain/marketplace/escrow/lapse.ts';
import { stand } from './domain/marketplace/escrow/stand.ts';
import { escrowMachine } from './domain/marketplace/escrow/state.ts';
import { logCheckpointEvents } from './domain/proof/log-checkpoint/events.ts';
import { logCheckpointMachine } from './domain/proof/log-checkpoint/state.ts';
import { standing } from './domain/shared/ledger.ts';
import { subsystem } from './engine/subsystem.ts';
import { creditedTotalsProjection } from './projections/marketplace/credited-totals.ts';
import { escrowsProjection } from './projections/marketplace/escrow.ts';
import { holds } from './projections/marketplace/holds.ts';
import { overdueHolds, overdueWithdrawals } from './projections/marketplace/holds/overdue.ts';
import { ledger } from './projections/marketplace/ledger.ts';
import { lockEscrowWhenHoldIsPlaced } from './reactions/marketplace/lock-escrow-when-hold-is-placed.ts';
import { reviewHoldWhenEscrowDecides } from './reactions/marketplace/review-hold-when-escrow-decides.ts';
import { withdrawWhenEscrowPaysByStandingOrder } from './reactions/marketplace/withdraw-when-escrow-pays-by-standing-order.ts';

/** One deal: money held until it is delivered, refunded, settled or ruled on. */
export const escrowSubsystem = subsystem({
  category: 'escrow',
  area: 'marketplace',
  decider: escrow,
  events: escrowEvents,
  commands: escrowCommands,
  machine: escrowMachine,
  about: escrowAbout,
  projections: [escrowsProjection],
  reactions: [reviewHoldWhenEscrowDecides, withdrawWhenEscrowPaysByStandingOrder],
  due,
  answers: { stand: standing(stand) },
});

/** One final payment from outside. */
export const depositSubsystem = subsystem({
  category: 'deposit',
  area: 'marketplace',
  decider: deposit,
  events: depositEvents,
  commands: depositCommands,
  machine: depositMachine,
  about: depositAbout,
  projections: [ledger, creditedTotalsProjection],
  reactions: [],
});

/** One owner's wallet: what leaves it. */
export const accountSubsystem = subsystem({
  category: 'account',
  area: 'marketplace',
  decider: account,
  events: accountEvents,
  commands: accountCommands,
  machine: accountMachine,
  nested: accountNested,
  about: accountAbout,
  projections: [holds],
  reactions: [lockEscrowWhenHoldIsPlaced],
  answers: { openHold, isWithdrawalOpen },
  checks: [overdueHolds, overdueWithdrawals],
});

/** The signed checkpoints of a log: one stream, named by the instance. */
export const logCheckpointSubsystem = subsystem({
  category: 'logCheckpoint',
  area: 'proof',
  decider: logCheckpoint,
  events: logCheckpointEvents,
  commands: logCheckpointCommands,
  machine: logCheckpointMachine,
  about: logCheckpointAbout,
  projections: [],
  reactions: [],
});

/** Every subsystem, in one table: laws, docs, command line and composition iterate over it. */
export const subsystems = [
  escrowSubsystem,
  depositSubsystem,
  accountSubsystem,
  logCheckpointSubsystem,
] as const;
