import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import { parkedCount, type Consumer, type Group } from './group.ts';
import { ALL } from './group-source.ts';
import type { Log } from './log.ts';
import type { LogRecord } from './record.ts';

const { SubscriptionInfo } = persistent;

const connectionOf = (
  group: Group,
  consumer: Consumer,
): persistent.SubscriptionInfo.ConnectionInfo => {
  const made = new SubscriptionInfo.ConnectionInfo();
  const inFlight = [...group.inFlight.values()].filter(({ to }) => to === consumer).length;
  made.setFrom('127.0.0.1');
  made.setConnectionName(consumer.name);
  made.setAvailableSlots(consumer.slots - inFlight);
  made.setInFlightMessages(inFlight);
  made.setTotalItems('0');
  made.setCountSinceLastMeasurement('0');
  return made;
};

/** How the server writes the place of a record: a revision, or a position where the group follows everything. */
const placeOf = ({ stream }: Group, record: LogRecord | undefined): string => {
  if (record === undefined) return '';
  const { position, revision } = record;
  return stream === ALL ? `C:${position}/P:${position}` : revision.toString();
};

const tellSettings = (made: persistent.SubscriptionInfo, { settings, source }: Group): void => {
  made.setStartFrom(source.startFrom);
  made.setResolveLinkTos(settings.resolveLinks);
  made.setExtraStatistics(settings.extraStatistics);
  made.setMessageTimeoutMilliseconds(settings.messageTimeoutMs);
  made.setCheckPointAfterMilliseconds(settings.checkpointAfterMs);
  made.setMaxRetryCount(settings.maxRetryCount);
  made.setMinCheckPointCount(settings.minCheckpointCount);
  made.setMaxCheckPointCount(settings.maxCheckpointCount);
  made.setMaxSubscriberCount(settings.maxSubscriberCount);
  made.setLiveBufferSize(settings.liveBufferSize);
  made.setReadBatchSize(settings.readBatchSize);
  made.setBufferSize(settings.historyBufferSize);
  made.setNamedConsumerStrategy(settings.strategy);
};

/** What the server says of a group. */
export const groupInformation = (log: Log, group: Group): persistent.SubscriptionInfo => {
  const made = new SubscriptionInfo();
  const list = group.source.list();
  made.setEventSource(group.stream);
  made.setGroupName(group.name);
  made.setStatus('Live');
  tellSettings(made, group);
  made.setTotalItems(String(group.delivered));
  made.setCountSinceLastMeasurement('0');
  made.setLiveBufferCount('0');
  made.setRetryBufferCount(group.retries.length);
  made.setTotalInFlightMessages(group.inFlight.size);
  made.setOutstandingMessagesCount(group.inFlight.size);
  made.setParkedMessageCount(String(parkedCount(log, group)));
  made.setLastKnownEventPosition(placeOf(group, list.at(-1)));
  made.setLastCheckpointedEventPosition(placeOf(group, list[group.cursor - 1]));
  made.setConnectionsList(group.consumers.map((consumer) => connectionOf(group, consumer)));
  return made;
};
