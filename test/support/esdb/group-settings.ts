import type persistent from '@eventstore/db-client/generated/persistent_pb.js';

/** How a group chooses among its consumers. */
type Strategy = 'DispatchToSingle' | 'RoundRobin' | 'Pinned';

const STRATEGIES: readonly Strategy[] = ['DispatchToSingle', 'RoundRobin', 'Pinned'];

/** What a group was created or updated with. Times are in ms; no subscriber count means any number. */
export type GroupSettings = {
  readonly resolveLinks: boolean;
  readonly extraStatistics: boolean;
  readonly messageTimeoutMs: number;
  readonly checkpointAfterMs: number;
  readonly maxRetryCount: number;
  readonly minCheckpointCount: number;
  readonly maxCheckpointCount: number;
  readonly maxSubscriberCount: number;
  readonly liveBufferSize: number;
  readonly readBatchSize: number;
  readonly historyBufferSize: number;
  readonly strategy: Strategy;
};

/** The fields are the same on creation and update. */
export const groupSettings = (
  settings: persistent.CreateReq.Settings | persistent.UpdateReq.Settings,
): GroupSettings => ({
  resolveLinks: settings.getResolveLinks(),
  extraStatistics: settings.getExtraStatistics(),
  messageTimeoutMs: settings.getMessageTimeoutMs(),
  checkpointAfterMs: settings.getCheckpointAfterMs(),
  maxRetryCount: settings.getMaxRetryCount(),
  minCheckpointCount: settings.getMinCheckpointCount(),
  maxCheckpointCount: settings.getMaxCheckpointCount(),
  maxSubscriberCount: settings.getMaxSubscriberCount(),
  liveBufferSize: settings.getLiveBufferSize(),
  readBatchSize: settings.getReadBatchSize(),
  historyBufferSize: settings.getHistoryBufferSize(),
  strategy: STRATEGIES[settings.getNamedConsumerStrategy()] ?? 'RoundRobin',
});
