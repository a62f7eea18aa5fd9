import {
  persistentSubscriptionToAllSettingsFromDefaults,
  persistentSubscriptionToStreamSettingsFromDefaults,
  START,
  streamNameFilter,
  type EventStoreDBClient,
} from '@eventstore/db-client';
import type { GroupStep } from './case.ts';
import type { Names } from './names.ts';

/** Groups begin with the first event, whatever else a case sets. */
export const createGroup = async (
  client: EventStoreDBClient,
  names: Names,
  step: { readonly stream: string; readonly group: string; readonly settings?: object },
) => {
  await client.createPersistentSubscriptionToStream(
    names.stream(step.stream),
    names.group(step.group),
    persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: START, ...step.settings }),
  );
  return { created: true };
};

export const createGroupOnAll = async (
  client: EventStoreDBClient,
  names: Names,
  step: { readonly group: string; readonly prefixes: readonly string[] },
) => {
  await client.createPersistentSubscriptionToAll(
    names.group(step.group),
    persistentSubscriptionToAllSettingsFromDefaults({ startFrom: START }),
    { filter: streamNameFilter({ prefixes: step.prefixes.map(names.prefix) }) },
  );
  return { created: true };
};

export const groupInfo = async (client: EventStoreDBClient, names: Names, step: GroupStep) => {
  const [stream, group] = [names.stream(step.stream), names.group(step.group)];
  const { status, stats, connections } =
    stream === '$all'
      ? await client.getPersistentSubscriptionToAllInfo(group)
      : await client.getPersistentSubscriptionToStreamInfo(stream, group);
  return { status, parked: String(stats.parkedMessageCount), connections: connections.length };
};

export const replayParked = async (client: EventStoreDBClient, names: Names, step: GroupStep) => {
  const [stream, group] = [names.stream(step.stream), names.group(step.group)];
  if (stream === '$all') await client.replayParkedMessagesToAll(group);
  else await client.replayParkedMessagesToStream(stream, group);
  return { replayed: true };
};

export const deleteGroup = async (client: EventStoreDBClient, names: Names, step: GroupStep) => {
  const [stream, group] = [names.stream(step.stream), names.group(step.group)];
  if (stream === '$all') await client.deletePersistentSubscriptionToAll(group);
  else await client.deletePersistentSubscriptionToStream(stream, group);
  return { deleted: true };
};
