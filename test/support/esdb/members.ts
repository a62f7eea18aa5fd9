import { randomUUID } from 'node:crypto';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import type gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import type featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import { unary } from './calls.ts';
import type { Member, Node } from './node.ts';
import { uuid } from './wire.ts';

const STREAMS = 'event_store.client.streams.Streams';
const PERSISTENT = 'event_store.client.persistent_subscriptions.PersistentSubscriptions';

const both = ['stream', 'all'];

/** Services, methods, and what of them is supported: the client asks before it uses them. */
const METHODS: readonly (readonly [string, string, readonly string[]])[] = [
  [STREAMS, 'read', ['position', 'events']],
  [STREAMS, 'append', []],
  [STREAMS, 'delete', []],
  [STREAMS, 'tombstone', []],
  [STREAMS, 'batchappend', ['deadline_duration']],
  [PERSISTENT, 'create', both],
  [PERSISTENT, 'update', both],
  [PERSISTENT, 'delete', both],
  [PERSISTENT, 'read', both],
  [PERSISTENT, 'getinfo', both],
  [PERSISTENT, 'replayparked', both],
  [PERSISTENT, 'list', both],
  [PERSISTENT, 'restartsubsystem', []],
];

const supported = (version: string): features.SupportedMethods => {
  const answer = new features.SupportedMethods();
  answer.setEventStoreServerVersion(version);
  for (const [service, method, list] of METHODS) {
    const made = new features.SupportedMethod();
    made.setServiceName(service);
    made.setMethodName(method);
    made.setFeaturesList([...list]);
    answer.addMethods(made);
  }
  return answer;
};

/** What the server says it can do. */
export const featureCalls = (node: Node): featuresGrpc.IServerFeaturesServer => ({
  getSupportedMethods: unary(node, 'features', () => ({ answer: supported(node.version) })),
});

const { VNodeState } = gossip.MemberInfo;
const STATES = { leader: VNodeState.LEADER, follower: VNodeState.FOLLOWER };

const memberInfo = ({ endpoint, state, alive }: Member): gossip.MemberInfo => {
  const http = new gossip.EndPoint();
  http.setAddress(endpoint.address);
  http.setPort(endpoint.port);
  const made = new gossip.MemberInfo();
  made.setInstanceId(uuid(randomUUID()));
  made.setTimeStamp(String(Date.now()));
  made.setState(STATES[state]);
  made.setIsAlive(alive);
  made.setHttpEndPoint(http);
  return made;
};

/** Who the members of the cluster are, and which of them leads. */
export const gossipCalls = (node: Node): gossipGrpc.IGossipServer => ({
  read: unary(node, 'gossip', () => {
    const answer = new gossip.ClusterInfo();
    answer.setMembersList(node.members().map(memberInfo));
    return { answer };
  }),
});
