// The public API: one list of explicit names, which no split would make clearer.
export { createEngine, type EngineOptions } from './create-engine.ts';
export { memoryStore } from './adapters/memory/memory-store.ts';
export { ArchiveFailed, type ArchiveFailure } from './adapters/archive/format.ts';
export { loadArchive, type Loaded } from './adapters/archive/load.ts';
export { writeArchive, type Archived } from './adapters/archive/write.ts';
export type { Attempt } from './adapters/resilience/attempt.ts';
export { PolicyMisconfigured, type SettingProblem } from './adapters/resilience/bounds.ts';
export type { BreakerSettings, BreakerState } from './adapters/resilience/breaker.ts';
export type { BudgetSettings } from './adapters/resilience/budget.ts';
export type { BulkheadSettings } from './adapters/resilience/bulkhead.ts';
export type { Limit } from './adapters/resilience/deadline.ts';
export {
  degradationDefaults,
  degradingReader,
  type DegradationSettings,
  type DegradingReader,
  type ReaderOptions,
  type Served,
} from './adapters/resilience/degrading-reader.ts';
export {
  describePolicyFailure,
  type AttemptFailure,
  type Classification,
  type Exhaustion,
  type PolicyFailure,
} from './adapters/resilience/failure.ts';
export type { LadderSettings, Rung } from './adapters/resilience/ladder.ts';
export { policy, type Policy, type PolicyStatus } from './adapters/resilience/policy.ts';
export type { RetrySettings } from './adapters/resilience/retry.ts';
export type { Call as PolicyCall } from './adapters/resilience/run.ts';
export {
  policyDefaults,
  type PolicyOptions,
  type PolicySettings,
} from './adapters/resilience/settings.ts';
export type {
  PolicyCounterName,
  PolicySpanName,
  PolicyTelemetry,
} from './adapters/resilience/telemetry.ts';
export { copyLog, type Copied } from './adapters/copy/copy-log.ts';
export { CopyFailed, type CopyFailure } from './adapters/copy/failures.ts';
export { backupStore } from './adapters/sqlite/backup.ts';
export { inspectSqlite } from './adapters/sqlite/inspection.ts';
export { inspectLog } from './adapters/sqlite/log-inspection.ts';
export { withLocalRows } from './adapters/sqlite/local-rows.ts';
export { createStore } from './adapters/sqlite/new-store.ts';
export { sqliteScratch } from './adapters/sqlite/scratch.ts';
export { sqliteStore } from './adapters/sqlite/sqlite-store.ts';
export { localSecrets } from './adapters/secrets.ts';
export { eventStoreDb, type EventStoreDbOptions } from './adapters/eventstoredb/event-store-db.ts';
export type { Waiting as ServerWaiting } from './adapters/eventstoredb/policies.ts';
export { systemClock } from './adapters/system-clock.ts';
export { virtualClock } from './adapters/virtual-clock.ts';
export { payWithdrawals } from './adapters/rails/pay-withdrawals.ts';
export {
  receivePayments,
  receivingEngine,
  type Claimed,
  type Receiver,
  type Receiving,
} from './adapters/rails/receive-payments.ts';
export {
  unclaimedPayments,
  type RailTrouble,
  type UnclaimedPayment,
  type UnclaimedPayments,
  type UnclaimedView,
} from './adapters/rails/unclaimed-payments.ts';
export { serveBank, type BankServer } from './adapters/rails/sandbox-bank/bank-server.ts';
export { RailFailed } from './adapters/rails/rail-failed.ts';
export {
  sandboxHttpRail,
  type HttpRailOptions,
} from './adapters/rails/sandbox-bank/sandbox-http-rail.ts';
export type { PaymentOrder } from './adapters/rails/sandbox-bank/wire.ts';
export { sandboxRail, type SandboxRail } from './adapters/rails/sandbox-bank/sandbox-rail.ts';
export {
  accountSubsystem,
  depositSubsystem,
  escrowSubsystem,
  logCheckpointSubsystem,
  subsystems,
} from './subsystems.ts';
export { fileAnchor, readAnchorFile } from './adapters/anchor-file.ts';
export { sqliteStoredLog } from './adapters/sqlite/stored-log.ts';
export type { Anchor, Anchored, AnchorFailure } from './domain/shared/anchor.ts';
export type { Proving } from './proof/checkpoint-cutter.ts';
export { describeFault, type LogFault } from './proof/fault.ts';
export type { Verified } from './proof/log-walk.ts';
export { prove, type ProveRefused, type ProveRequest } from './proof/prove.ts';
export { storeLog } from './proof/store-log.ts';
export { verifyLog, type Verification, type VerifyOptions } from './proof/verify-log.ts';
export type { Bundle, BundledEvent } from './verify/bundle.ts';
export type { StoredLog, StoredText } from './engine/stored-log.ts';
export type { Companion, CompanionOf, CompanionParts } from './engine/run/companion.ts';
export {
  logCheckpointCommands,
  type LogCheckpointCommand,
  type LogCheckpointRejection,
} from './commands/proof/log-checkpoint.ts';
export {
  logCheckpointEvents,
  type LogCheckpointEvent,
} from './domain/proof/log-checkpoint/events.ts';
export type { LogCheckpoint } from './domain/proof/log-checkpoint/state.ts';
export type { Rotation, SignedStatement } from './domain/proof/log-checkpoint/statements.ts';
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
export { escrowCommands, type EscrowCommand } from './commands/marketplace/escrow.ts';
export type { Refusal as EscrowRejection } from './commands/marketplace/escrow/answer.ts';
export { accountEvents, type AccountEvent } from './domain/marketplace/account/events.ts';
export { depositEvents, type DepositEvent } from './domain/marketplace/deposit/events.ts';
export { escrowEvents, type EscrowEvent } from './domain/marketplace/escrow/events.ts';
export type {
  CreditedTotal,
  MarketplaceSettings,
  TrialBalanceRow,
} from './domain/shared/ledger.ts';
export { Seed, chanceOf, drawBelow, type Chance, type Draw } from './domain/shared/chance.ts';
export type {
  IncomingPayment,
  PaymentRail,
  Payout,
  RailAnswer,
} from './domain/shared/payment-rail.ts';
export {
  admitEd25519Key,
  ED25519_PROFILE,
  verifyEd25519,
  type KeyUnfit,
  type SignatureCheck,
  type SignedMessage,
} from './domain/shared/ed25519.ts';
export {
  consistencyProof,
  EMPTY_FRONTIER,
  frontierRoot,
  grown,
  inclusionProof,
  leafHash,
  merkleRoot,
  nodeHash,
  rootOf,
  treeOf,
  type CompleteNode,
  type Frontier,
  type Hash,
  type Nodes,
} from './domain/shared/merkle.ts';
export {
  verifyAbsence,
  verifyConsistency,
  verifyInclusion,
  type Absence,
  type Consistency,
  type Inclusion,
  type KeyedLeaf,
  type ProofRefused,
  type Proven,
  type Verdict,
} from './domain/shared/merkle-proofs.ts';
export { didOfKey, keyOfDid, type DidRefused } from './domain/shared/did-key.ts';
export type { SignFailure, Signer } from './domain/shared/signer.ts';
export { createKeystore, openKeystore } from './adapters/keystore/keystore.ts';
export type { KeystoreFailure } from './adapters/keystore/format.ts';
export type { Sha256 } from './engine/ids.ts';
export { nativeEd25519, nativeFirst, type NativeFirst } from './adapters/native-ed25519.ts';
export type { Account } from './domain/marketplace/account/state.ts';
export type { Deposit } from './domain/marketplace/deposit/state.ts';
export type { Escrow } from './domain/marketplace/escrow/state.ts';
export { creditedTotals } from './projections/marketplace/credited-totals.ts';
export { escrows, type EscrowRow } from './projections/marketplace/escrow.ts';
export {
  openHolds,
  openWithdrawals,
  type OpenHoldRow,
  type OpenWithdrawalRow,
} from './projections/marketplace/holds.ts';
export {
  balances,
  postings,
  trialBalance,
  type Balance,
  type JournalEntry,
} from './projections/marketplace/ledger.ts';
export { defaultSettings, marketplaceDefaults } from './settings.ts';

export {
  ActorId,
  BuiltId,
  closed,
  listOf,
  optional,
  personal,
  text,
  type ClosedType,
  type FieldsOf,
  type Malformed,
  type OptionalField,
  type PersonalMark,
} from './engine/codec.ts';
export { examine, type Examination, type Examined } from './engine/doctor/doctor.ts';
export { describeFinding, type Finding } from './engine/doctor/finding.ts';
export type { Inspection, Scratch, StoredEvent } from './engine/inspection.ts';
export { Instant, type Clock, type VirtualClock } from './engine/clock.ts';
export {
  accept,
  ask,
  byCommand,
  refuse,
  type Actor,
  type Ask,
  type Command,
  type Context,
  type Decider,
  type Decision,
  type Decisions,
  type Deliberation,
  type Evolve,
  type Rejection,
  type Self,
} from './engine/decider.ts';
export {
  answerOf,
  rowOf,
  freshSeed,
  settingsOf,
  type Answers,
  type Lookup,
  type RowFact,
} from './engine/facts.ts';
export {
  evolver,
  machine,
  toMermaid,
  type Drawn,
  type Evolution,
  type Machine,
  type StateOf,
} from './engine/machine.ts';
export type { NestedMachine } from './engine/nested.ts';
export type { AnyEffect, Call, Effect, Report, Task } from './engine/outbox.ts';
export type { Outcome } from './engine/outcome.ts';
export { readModel, type Projection, type ReadModel, type Recorded } from './engine/projection.ts';
export type { Reaction, Sending } from './engine/reaction.ts';
export {
  notPermitted,
  statusForbids,
  tooMany,
  type CommonRejection,
  type EngineRejection,
} from './engine/refusal.ts';
export type {
  KeyedRow,
  Log,
  OpenLog,
  OpenStore,
  Origin,
  PageRequest,
  Store,
} from './engine/rows.ts';
export type { DeadLetter } from './engine/run/dead-letters.ts';
export type { Deadline } from './engine/run/deadline-table.ts';
export {
  EngineFailed,
  type Engine,
  type EngineStatus,
  type SendFailure,
  type SendOptions,
} from './engine/run/engine.ts';
export type { EffectStatus } from './engine/run/outbox/outbox-status.ts';
export type { KeyedWork, Stage, Work } from './engine/run/outbox/outbox-table.ts';
export type { StateAt } from './engine/run/history.ts';
export type { Journal } from './engine/run/journal.ts';
export { NotBuiltYet } from './engine/run/live-rows.ts';
export type { ProjectionStatus } from './engine/run/projection-status.ts';
export { UnknownIndex, type Query, type ReadModelChange } from './engine/run/query.ts';
export type { ReplayCheck } from './engine/run/replay-check.ts';
export type { SnapshotPolicy } from './engine/run/snapshots.ts';
export type {
  EventStore,
  Envelope,
  Page,
  Position,
  Revision,
  StoreFailure,
  StreamName,
  Subscription,
} from './engine/store.ts';
export type { Delivery, EventGroups, Joining, Parked } from './engine/group.ts';
export { SecretReference, type Secret, type SecretMissing, type Secrets } from './engine/secret.ts';
export type { Attributes, CounterName, SpanEnd, SpanName, Telemetry } from './engine/telemetry.ts';
export { subsystem, type Status, type Subsystem } from './engine/subsystem.ts';
export {
  vocabulary,
  type DomainEvent,
  type MessageOf,
  type Vocabulary,
} from './engine/vocabulary.ts';
