import { createGroups } from './groups.ts';
import { createLog } from './log.ts';
import type { Member } from './node.ts';
import { startStandIn, type StandIn } from './stand-in.ts';

/** Nodes that share one log, as the nodes of a cluster do once they have caught up. */
export type Cluster = {
  readonly nodes: readonly StandIn[];
  readonly connectionString: string;
  readonly leader: () => StandIn;
  /** Makes another node the leader: consumers of persistent subscriptions lose theirs. */
  readonly elect: (index: number) => void;
  /** Says in gossip whether a node is alive; it goes on serving until it is stopped. */
  readonly declare: (index: number, alive: boolean) => void;
  readonly stop: () => Promise<void>;
};

/** Starts a cluster of that many nodes; the first leads. */
export const startCluster = async (size: number): Promise<Cluster> => {
  const log = createLog();
  const groups = createGroups(log);
  const nodes: StandIn[] = [];
  const dead = new Set<number>();
  let leading = 0;
  const members = (): readonly Member[] =>
    nodes.map(({ endpoint }, index) => ({
      endpoint,
      state: index === leading ? 'leader' : 'follower',
      alive: !dead.has(index),
    }));
  for (let started = 0; started < size; started += 1) {
    nodes.push(await startStandIn({ log, groups, members }));
  }
  const hosts = nodes.map(({ endpoint }) => `${endpoint.address}:${endpoint.port}`);
  return {
    nodes,
    connectionString: `esdb://${hosts.join(',')}?tls=false`,
    leader: () => nodes[leading]!,
    elect: (index) => {
      leading = index;
      groups.dropConsumers();
    },
    declare: (index, alive) => {
      if (alive) dead.delete(index);
      else dead.add(index);
    },
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop('kill')));
      groups.close();
    },
  };
};
