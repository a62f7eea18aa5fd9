import gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import persistentGrpc from '@eventstore/db-client/generated/persistent_grpc_pb.js';
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { batchAppend } from './batch-append.ts';
import { connect, type Connections } from './connections.ts';
import { softDelete, tombstone } from './delete.ts';
import { createFaults, type Fault, type Limit, type Operation } from './faults.ts';
import { groupCalls } from './group-calls.ts';
import { createGroups, type Groups } from './groups.ts';
import { createLog, type Log } from './log.ts';
import { featureCalls, gossipCalls } from './members.ts';
import type { Member, Node } from './node.ts';
import { read } from './read.ts';
import type { Endpoint } from './refusals.ts';
import { singleAppend } from './single-append.ts';

/** What a stand-in starts with; everything has its default. */
export type StandInOptions = {
  /** 0, or nothing, is any free port. */
  readonly port?: number;
  /** A socket in the file system instead of a port. */
  readonly path?: string;
  /** A log to go on with: of an earlier server, or of another node. */
  readonly log?: Log;
  readonly groups?: Groups;
  /** A certificate and its key, in PEM: the server then speaks TLS alone. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly version?: string;
  /** How many live events may wait for a slow consumer; 32 on the real server. */
  readonly liveBuffer?: number;
  /** The cluster this node is part of; without one it leads itself. */
  readonly members?: () => readonly Member[];
};

/** A server that behaves as EventStoreDB 23.10.8 does, in this process and in memory, and fails when told to. */
export type StandIn = {
  readonly connectionString: string;
  readonly endpoint: Endpoint;
  readonly log: Log;
  readonly groups: Groups;
  /** From now on every call must bring `user:password`; over TLS alone the client sends it. */
  readonly demandLogin: (login: string) => void;
  /** Makes the next calls of an operation fail. */
  readonly fail: (operation: Operation, fault: Fault, limit?: Limit) => void;
  /** Ends every planned fault. */
  readonly heal: () => void;
  /** `kill` cuts all connections at once; `graceful` ends open calls without a status after `graceMs`. */
  readonly stop: (how: 'graceful' | 'kill', graceMs?: number) => Promise<void>;
  /** Listens again on the same port with the same log. */
  readonly restart: () => Promise<void>;
  /** Accepts connections and bytes, and answers nothing, until thawed. */
  readonly freeze: () => void;
  readonly thaw: () => void;
};

/** How long the stand-in lets open calls live on a graceful stop; the real server takes 6 to 7 s. */
const GRACE_MS = 100;

const MIB = 1024 * 1024;

/** The real server takes messages of 16 MiB. */
const LIMITS = { 'grpc.max_receive_message_length': 16 * MIB };

const serverOf = (node: Node): Server => {
  const server = new Server(LIMITS);
  server.addService(streamsGrpc.StreamsService, {
    read: read(node),
    append: singleAppend(node),
    batchAppend: batchAppend(node),
    delete: softDelete(node),
    tombstone: tombstone(node),
  });
  server.addService(persistentGrpc.PersistentSubscriptionsService, groupCalls(node));
  server.addService(featuresGrpc.ServerFeaturesService, featureCalls(node));
  server.addService(gossipGrpc.GossipService, gossipCalls(node));
  return server;
};

const credentialsOf = ({ tls }: StandInOptions): ServerCredentials => {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) };
  return ServerCredentials.createSsl(null, [pair]);
};

const sameEndpoint = (one: Endpoint, other: Endpoint): boolean =>
  one.address === other.address && one.port === other.port;

/** Starts a stand-in. */
export const startStandIn = async (options: StandInOptions = {}): Promise<StandIn> => {
  const log = options.log ?? createLog();
  const groups = options.groups ?? createGroups(log);
  const faults = createFaults(log.now);
  let endpoint: Endpoint = { address: '127.0.0.1', port: 0 };
  const alone = (): readonly Member[] => [{ endpoint, state: 'leader', alive: true }];
  const members = options.members ?? alone;
  let login: string | undefined;
  const node: Node = {
    log,
    groups,
    faults,
    version: options.version ?? '23.10.8.0',
    liveBuffer: options.liveBuffer ?? 32,
    members,
    login: () => login,
    otherLeader: () => {
      const leader = members().find(({ state }) => state === 'leader')?.endpoint;
      return leader === undefined || sameEndpoint(leader, endpoint) ? undefined : leader;
    },
  };

  let connections: Connections;
  const listen = async (port: number): Promise<void> => {
    connections = connect(serverOf(node), credentialsOf(options));
    const address = options.path === undefined ? { port } : { path: options.path };
    endpoint = { address: '127.0.0.1', port: await connections.listen(address) };
  };
  await listen(options.port ?? 0);

  const tls = options.tls === undefined ? '?tls=false' : '';
  return {
    connectionString:
      options.path === undefined
        ? `esdb://127.0.0.1:${endpoint.port}${tls}`
        : `unix:${options.path}`,
    endpoint,
    log,
    groups,
    demandLogin: (demanded) => {
      login = demanded;
    },
    fail: faults.add,
    heal: faults.clear,
    stop: async (how, graceMs = GRACE_MS) => {
      if (node.otherLeader() === undefined) groups.release();
      if (how === 'kill') await connections.cut();
      else await connections.retire(graceMs);
      log.forget();
    },
    restart: () => listen(endpoint.port),
    freeze: () => connections.freeze(),
    thaw: () => connections.thaw(),
  };
};
