import type { Metadata } from '@grpc/grpc-js';
import type { Faults, Met, Operation } from './faults.ts';
import type { Groups } from './groups.ts';
import type { Log } from './log.ts';
import { refusals, type Endpoint } from './refusals.ts';

/** A member of a cluster as gossip shows it. */
export type Member = {
  readonly endpoint: Endpoint;
  readonly state: 'leader' | 'follower';
  readonly alive: boolean;
};

/** What the calls of one node work with: the log and the groups may be shared with other nodes. */
export type Node = {
  readonly log: Log;
  readonly groups: Groups;
  readonly faults: Faults;
  readonly version: string;
  /** How many live events may wait for a slow consumer before it is dropped. */
  readonly liveBuffer: number;
  readonly members: () => readonly Member[];
  /** `user:password` that every call must bring; undefined: none. */
  readonly login: () => string | undefined;
  /** Where the leader is; undefined when it is this node. */
  readonly otherLeader: () => Endpoint | undefined;
};

/** What stands in the way of a call: another node leads and the call wants the leader, nobody knows its user, or a planned fault. */
export const obstacle = (node: Node, operation: Operation, metadata: Metadata): Met | undefined => {
  const leader = node.otherLeader();
  const wantsLeader =
    operation === 'persistent' || metadata.get('requires-leader').includes('true');
  if (leader !== undefined && wantsLeader) {
    return { _tag: 'Effect', name: 'not-leader', works: false, answer: refusals.notLeader(leader) };
  }
  // Features and gossip are told to anybody.
  const isPublic = operation === 'features' || operation === 'gossip';
  const login = isPublic ? undefined : node.login();
  const basic = login === undefined ? undefined : `Basic ${btoa(login)}`;
  if (basic !== undefined && !metadata.get('authorization').includes(basic)) {
    return {
      _tag: 'Effect',
      name: 'unauthenticated',
      works: false,
      answer: refusals.unauthenticated(),
    };
  }
  return node.faults.meet(operation);
};
