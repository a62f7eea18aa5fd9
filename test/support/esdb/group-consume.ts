import { randomUUID } from 'node:crypto';
import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { refuse } from './calls.ts';
import {
  acknowledge,
  pump,
  refuseMessages,
  removeConsumer,
  type Consumer,
  type Group,
  type Message,
  type Nack,
} from './group.ts';
import { ALL } from './group-source.ts';
import { obstacle, type Node } from './node.ts';
import { refusals } from './refusals.ts';
import { fillEvent, streamName, uuidText } from './wire.ts';

const { ReadResp } = persistent;

type Call = ServerDuplexStream<persistent.ReadReq, persistent.ReadResp>;

/**
 * The server takes a moment to see that a client has left: until then it counts the connection. The moment has two parts, so that a
 * process that was held up hears between them what has arrived meanwhile.
 */
const NOTICED_AFTER_MS = [120, 30] as const;

const NACKS: readonly Nack[] = ['unknown', 'park', 'retry', 'skip', 'stop'];

const eventAnswer = ({ resolved, retryCount }: Message): persistent.ReadResp => {
  const { ReadEvent } = ReadResp;
  const event = fillEvent(new ReadEvent(), resolved, () => new ReadEvent.RecordedEvent());
  event.setRetryCount(retryCount);
  const answer = new ReadResp();
  answer.setEvent(event);
  return answer;
};

const confirmation = (): persistent.ReadResp => {
  const confirmed = new ReadResp.SubscriptionConfirmation();
  confirmed.setSubscriptionId(randomUUID());
  const answer = new ReadResp();
  answer.setSubscriptionConfirmation(confirmed);
  return answer;
};

const connectionName = (call: Call): string =>
  String(call.metadata.get('connection-name')[0] ?? '');

const join = (node: Node, call: Call, group: Group, slots: number): void => {
  const { log } = node;
  const consumer: Consumer = {
    name: connectionName(call),
    slots,
    deliver: (message) => {
      if (!call.cancelled) call.write(eventAnswer(message));
    },
    drop: (refusal) => refuse(call, refusal),
  };
  group.consumers.push(consumer);
  const leave = (): void => {
    const [first, second] = NOTICED_AFTER_MS;
    const remove = (): void => removeConsumer(log, group, consumer);
    setTimeout(() => setTimeout(remove, second).unref(), first).unref();
  };
  call.once('cancelled', leave);
  call.once('end', leave);
  call.write(confirmation());
  pump(log, group);
};

const joined = (node: Node, call: Call, options: persistent.ReadReq.Options): Group | undefined => {
  const stream = options.hasAll() ? ALL : streamName(options.getStreamIdentifier());
  const name = options.getGroupName();
  const group = node.groups.find(stream, name);
  if (group === undefined) {
    refuse(call, refusals.groupMissing(stream, name));
    return undefined;
  }
  const { maxSubscriberCount } = group.settings;
  if (maxSubscriberCount > 0 && group.consumers.length >= maxSubscriberCount) {
    refuse(call, refusals.groupFull(stream, name));
    return undefined;
  }
  join(node, call, group, options.getBufferSize());
  return group;
};

const idsOf = (message: persistent.ReadReq.Ack | persistent.ReadReq.Nack): readonly string[] =>
  message
    .getIdsList()
    .map(uuidText)
    .filter((id) => id !== undefined);

const hear = (node: Node, group: Group, request: persistent.ReadReq): void => {
  const [ack, nack] = [request.getAck(), request.getNack()];
  if (ack !== undefined) acknowledge(node.log, group, idsOf(ack));
  if (nack === undefined) return;
  const action = NACKS[nack.getAction()] ?? 'unknown';
  refuseMessages(node.log, group, action, idsOf(nack), nack.getReason());
};

/** A consumer's call: it says what group it wants, then answers what it is sent. */
export const consume =
  (node: Node) =>
  (call: Call): void => {
    let group: Group | undefined;
    call.on('error', () => undefined);
    call.on('data', (request: persistent.ReadReq) => {
      const options = request.getOptions();
      if (options === undefined) {
        if (group !== undefined) hear(node, group, request);
        return;
      }
      const met = obstacle(node, 'persistent', call.metadata);
      if (met?._tag === 'Effect' && met.answer !== 'nothing') return refuse(call, met.answer);
      if (met === undefined || met._tag === 'Delay') group = joined(node, call, options);
      return undefined;
    });
  };
