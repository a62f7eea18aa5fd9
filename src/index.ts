export { createEngine, type EngineOptions } from './create-engine.ts';
export { memoryStore } from './adapters/memory/memory-store.ts';
export { sqliteStore } from './adapters/sqlite/sqlite-store.ts';
export { systemClock } from './adapters/system-clock.ts';
export { virtualClock } from './adapters/virtual-clock.ts';
export { payWithdrawals } from './adapters/rails/pay-withdrawals.ts';
export { sandboxRail, type SandboxRail } from './adapters/rails/sandbox.ts';
export { accountSubsystem, depositSubsystem, escrowSubsystem, subsystems } from './subsystems.ts';
export {
  accountCommands,
  type AccountCommand,
  type AccountRejection,
} from './commands/marketplace/account.ts';
export {
  depositCommands,
  type DepositCommand,
  type DepositRejection,
} from './commands/marketplace/deposit.ts';
export {
  escrowCommands,
  type EscrowCommand,
  type EscrowRejection,
} from './commands/marketplace/escrow.ts';
export { accountEvents, type AccountEvent } from './domain/marketplace/account/events.ts';
export { depositEvents, type DepositEvent } from './domain/marketplace/deposit/events.ts';
export { escrowEvents, type EscrowEvent } from './domain/marketplace/escrow/events.ts';
export type { Account } from './domain/marketplace/account/state.ts';
export type { Deposit } from './domain/marketplace/deposit/state.ts';
export type { Escrow } from './domain/marketplace/escrow/state.ts';
export { creditedTotals } from './projections/marketplace/credited-totals.ts';
export { escrows, type EscrowRow } from './projections/marketplace/escrow.ts';
export { openHolds, openWithdrawals } from './projections/marketplace/holds.ts';
export { balances, postings, trialBalance } from './projections/marketplace/ledger.ts';
export { defaultSettings, marketplaceDefaults } from './settings.ts';

export { ActorId, BuiltId, closed, listOf, optional, personal, text } from './engine/codec.ts';
export { Instant, type Clock, type VirtualClock } from './engine/clock.ts';
export {
  accept,
  ask,
  byCommand,
  refuse,
  type Actor,
  type Command,
  type Context,
  type Decider,
  type Rejection,
  type Self,
} from './engine/decider.ts';
export { answerOf, rowOf, settingsOf } from './engine/facts.ts';
export { evolver, machine, toMermaid, type StateOf } from './engine/machine.ts';
export type { Outcome } from './engine/outcome.ts';
export { readModel, type Projection, type ReadModel, type Recorded } from './engine/projection.ts';
export type { Reaction, Sending } from './engine/reaction.ts';
export { notPermitted, statusForbids, tooMany, type CommonRejection } from './engine/refusal.ts';
export {
  EngineFailed,
  type Engine,
  type EngineStatus,
  type SendOptions,
} from './engine/run/engine.ts';
export type {
  EventStore,
  Envelope,
  Position,
  Revision,
  StoreFailure,
  StreamName,
} from './engine/store.ts';
export { subsystem, type Subsystem } from './engine/subsystem.ts';
export { vocabulary, type DomainEvent, type MessageOf } from './engine/vocabulary.ts';
