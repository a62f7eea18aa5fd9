import type { EventEmitter } from 'node:events';
import { setTimeout as later } from 'node:timers/promises';
import {
  START,
  streamNameFilter,
  type EventStoreDBClient,
  type PersistentSubscriptionToStream,
  type ResolvedEvent,
} from '@eventstore/db-client';
import { append } from './append.ts';
import type { Action, ConsumeStep, SubscribeAllStep, SubscribeStep, Until } from './case.ts';
import { failure } from './failure.ts';
import type { Names } from './names.ts';

/** After the last event that a step waits for, what belongs to it may still come. */
const LINGER_MS = 150;

/** When what happens meanwhile begins. */
const MEANWHILE_MS = 300;

type Notification = Readonly<Record<string, unknown>>;

/** Every subscription of the client; that it emits events its types say for each event alone. */
type Subscription = { readonly unsubscribe: () => Promise<void> };

/** Writes down what a subscription tells until the step is over; `given` may answer an event. */
const listen = async (
  names: Names,
  subscription: Subscription,
  until: Until,
  given: (event: ResolvedEvent) => Notification,
) => {
  const emitter = subscription as unknown as EventEmitter;
  const notifications: Notification[] = [];
  let events = 0;
  const ended = await new Promise<string>((end) => {
    const quiet = setTimeout(() => end('quiet'), until.ms);
    const note = (notification: Notification & { readonly on: string }): void => {
      notifications.push(notification);
      if (notification.on === 'event') events += 1;
      if (notification.on === until.on) end(until.on);
      if (notification.on === 'event' && events === until.events) end('events');
      if (notification.on !== 'error') quiet.refresh();
    };
    for (const on of ['confirmation', 'caughtUp', 'end', 'close']) {
      emitter.on(on, () => note({ on }));
    }
    emitter.on('error', (error: unknown) => note({ on: 'error', ...failure(names, error) }));
    emitter.on('data', (event: ResolvedEvent) => note({ on: 'event', ...given(event) }));
  });
  if (ended === 'events') await later(until.linger ?? LINGER_MS);
  const seen = [...notifications];
  await subscription.unsubscribe();
  return { notifications: seen, ended };
};

/** Listens, and does what is to happen meanwhile. */
const followed = async (
  client: EventStoreDBClient,
  names: Names,
  step: SubscribeStep | SubscribeAllStep,
  subscription: Subscription,
) => {
  const heard = listen(names, subscription, step.until, names.resolved);
  if (step.meanwhile !== undefined) await later(MEANWHILE_MS);
  for (const meanwhile of step.meanwhile ?? []) await append(client, names, meanwhile);
  return heard;
};

export const subscribe = (client: EventStoreDBClient, names: Names, step: SubscribeStep) =>
  followed(
    client,
    names,
    step,
    client.subscribeToStream(names.stream(step.stream), {
      fromRevision: step.from === undefined ? START : BigInt(step.from),
    }),
  );

export const subscribeAll = async (
  client: EventStoreDBClient,
  names: Names,
  step: SubscribeAllStep,
) => {
  let checkpointsSeen = false;
  const { from } = step;
  const subscription = client.subscribeToAll({
    fromPosition: typeof from === 'string' ? from : names.marks.get(from.mark)!,
    filter: streamNameFilter({
      prefixes: step.filter.prefixes.map(names.prefix),
      checkpointInterval: step.checkpoints ?? 1,
      ...(step.checkpoints !== undefined && {
        checkpointReached: () => {
          checkpointsSeen = true;
        },
      }),
    }),
  });
  const heard = await followed(client, names, step, subscription);
  return { ...heard, checkpointsSeen };
};

const act = async (
  consumer: PersistentSubscriptionToStream,
  action: Action,
  event: ResolvedEvent,
): Promise<void> => {
  if (action === 'ack') await consumer.ack(event);
  else if (action !== 'none') await consumer.nack(action, 'as the case says', event);
};

export const consume = (client: EventStoreDBClient, names: Names, step: ConsumeStep) => {
  const [stream, group] = [names.stream(step.stream), names.group(step.group)];
  const consumer: PersistentSubscriptionToStream =
    stream === '$all'
      ? client.subscribeToPersistentSubscriptionToAll(group)
      : client.subscribeToPersistentSubscriptionToStream(stream, group);
  const actions = [...(step.actions ?? [])];
  return listen(names, consumer, step.until, (event) => {
    void act(consumer, actions.shift() ?? step.otherwise ?? 'ack', event);
    const { retryCount } = event as { readonly retryCount?: number };
    return { ...names.resolved(event), retryCount };
  });
};
