import persistent from '@eventstore/db-client/generated/persistent_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import type persistentGrpc from '@eventstore/db-client/generated/persistent_grpc_pb.js';
import { unary, type Answered } from './calls.ts';
import { consume } from './group-consume.ts';
import { replayParked, type Group } from './group.ts';
import { groupInformation } from './group-information.ts';
import { groupSettings } from './group-settings.ts';
import { ALL, groupAllSource, groupStreamSource, type GroupSource } from './group-source.ts';
import type { Log } from './log.ts';
import type { Node } from './node.ts';
import { refusals } from './refusals.ts';
import { streamName } from './wire.ts';

type Naming = {
  readonly hasAll: () => boolean;
  readonly getStreamIdentifier: () => shared.StreamIdentifier | undefined;
  readonly getGroupName: () => string;
};

const optionsMissing = { refusal: refusals.badRequest('The options are missing.') } as const;

const followed = (options: Naming): string =>
  options.hasAll() ? ALL : streamName(options.getStreamIdentifier());

type Change = persistent.CreateReq.Options | persistent.UpdateReq.Options;

const sourceOf = (log: Log, options: Change): GroupSource => {
  const all = options.getAll();
  if (all !== undefined) return groupAllSource(log, all);
  return groupStreamSource(log, followed(options), options.getSettings()?.getRevision() ?? '0');
};

/** Does something with the group that a request names. */
const withGroup = <Answer>(
  node: Node,
  options: Naming | undefined,
  act: (group: Group) => Answer,
): Answered<Answer> => {
  if (options === undefined) return optionsMissing;
  const [stream, name] = [followed(options), options.getGroupName()];
  const group = node.groups.find(stream, name);
  if (group === undefined) return { refusal: refusals.groupMissing(stream, name) };
  return { answer: act(group) };
};

const create = (node: Node, request: persistent.CreateReq): Answered<persistent.CreateResp> => {
  const options = request.getOptions();
  const settings = options?.getSettings();
  if (options === undefined || settings === undefined) return optionsMissing;
  const [stream, name] = [followed(options), options.getGroupName()];
  const made = node.groups.create(
    stream,
    name,
    groupSettings(settings),
    sourceOf(node.log, options),
  );
  if (!made) return { refusal: refusals.groupExists(stream, name) };
  return { answer: new persistent.CreateResp() };
};

const update = (node: Node, request: persistent.UpdateReq): Answered<persistent.UpdateResp> => {
  const options = request.getOptions();
  const settings = options?.getSettings();
  if (options === undefined || settings === undefined) return optionsMissing;
  return withGroup(node, options, (group) => {
    node.groups.update(group, groupSettings(settings), sourceOf(node.log, options));
    return new persistent.UpdateResp();
  });
};

const list = (
  { log, groups }: Node,
  request: persistent.ListReq,
): Answered<persistent.ListResp> => {
  const asked = request.getOptions()?.getListForStream();
  const stream = asked?.hasAll() === true ? ALL : asked && streamName(asked.getStream());
  const found = groups.all().filter((group) => stream === undefined || group.stream === stream);
  if (stream !== undefined && found.length === 0) {
    return { refusal: refusals.groupMissing(stream, '') };
  }
  const answer = new persistent.ListResp();
  answer.setSubscriptionsList(found.map((group) => groupInformation(log, group)));
  return { answer };
};

const stopAt = (options: persistent.ReplayParkedReq.Options | undefined): number =>
  options?.hasStopAt() === true ? Number(options.getStopAt()) : Infinity;

/** The calls for persistent subscriptions. */
export const groupCalls = (node: Node): persistentGrpc.IPersistentSubscriptionsServer => ({
  create: unary(node, 'persistent', (request: persistent.CreateReq) => create(node, request)),
  update: unary(node, 'persistent', (request: persistent.UpdateReq) => update(node, request)),
  delete: unary(node, 'persistent', (request: persistent.DeleteReq) =>
    withGroup(node, request.getOptions(), (group) => {
      node.groups.delete(group);
      return new persistent.DeleteResp();
    }),
  ),
  getInfo: unary(node, 'persistent', (request: persistent.GetInfoReq) =>
    withGroup(node, request.getOptions(), (group) => {
      const answer = new persistent.GetInfoResp();
      answer.setSubscriptionInfo(groupInformation(node.log, group));
      return answer;
    }),
  ),
  list: unary(node, 'persistent', (request: persistent.ListReq) => list(node, request)),
  replayParked: unary(node, 'persistent', (request: persistent.ReplayParkedReq) =>
    withGroup(node, request.getOptions(), (group) => {
      replayParked(node.log, group, stopAt(request.getOptions()));
      return new persistent.ReplayParkedResp();
    }),
  ),
  restartSubsystem: unary(node, 'persistent', () => {
    node.groups.dropConsumers();
    return { answer: new shared.Empty() };
  }),
  read: consume(node),
});
