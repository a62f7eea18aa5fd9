import { leafBytes, leafEvent } from '../domain/proof/log-checkpoint/leaf.ts';
import type { SignedStatement } from '../domain/proof/log-checkpoint/statements.ts';
import type { SignatureCheck } from '../domain/shared/ed25519.ts';
import { inclusionProof, leafHash, rootOf, sameHash, type Nodes } from '../domain/shared/merkle.ts';
import { toHex } from '../engine/bytes.ts';
import { E } from '../engine/fp.ts';
import type { Sha256 } from '../engine/ids.ts';
import type { OpenStore } from '../engine/rows.ts';
import { orFailed } from '../engine/run/consumer.ts';
import type { Envelope, StreamName } from '../engine/store.ts';
import { BUNDLE_FORMAT, BUNDLE_VERSION, type Bundle, type BundledEvent } from '../verify/bundle.ts';
import { knownCheckpoints, type KnownCheckpoints } from './known-checkpoints.ts';
import { storedForm, TREE_CONSUMER } from './leaf-keeper.ts';
import { storeLog } from './store-log.ts';
import { storedLeaf, storedNodes, type Leaf } from './tree-store.ts';

/** Why there is nothing to prove with. */
export type ProveRefused =
  | { readonly type: 'NoSuchEvents'; readonly stream: string }
  | { readonly type: 'NoCheckpoint' }
  /** No checkpoint covers the event yet. */
  | { readonly type: 'NotCovered'; readonly stream: string; readonly revision: number }
  /** The tree beside the log is not the one that was signed, or an event not the one in it: `chancery verify` says what is wrong. */
  | { readonly type: 'LogDiffers'; readonly stream: string; readonly revision: number };

export type ProveRequest = {
  readonly instance: string;
  readonly stream: StreamName;
  /** The one revision to prove; left out: all from 0 on that a checkpoint covers. */
  readonly revision?: number | undefined;
};

type Parts = {
  readonly store: OpenStore;
  readonly sha256: Sha256;
  readonly check: SignatureCheck;
};

/** The place of an event among the leaves, of which the first `size` are looked through by halves. */
const indexOf = (
  { store: { rows, events } }: Parts,
  { position }: Envelope,
  size: number,
): { readonly index: number; readonly leaf: Leaf } | undefined => {
  let [low, high] = [0, size];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const leaf = storedLeaf(rows, middle);
    if (leaf === undefined) return undefined;
    const order = events.compare(leaf.position, position);
    if (order === 0) return { index: middle, leaf };
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return undefined;
};

/** The last checkpoint, if the tree beside the log is the one that it signs. */
const newest = (
  { store, sha256 }: Parts,
  { checkpoints }: KnownCheckpoints,
): { readonly checkpoint: SignedStatement; readonly nodes: Nodes } | undefined => {
  const kept = orFailed(store.rows.checkpoint(TREE_CONSUMER))?.events ?? 0;
  const checkpoint = checkpoints.findLast(({ size }) => size <= kept);
  if (checkpoint === undefined) return undefined;
  const nodes = storedNodes(store.rows, sha256);
  return toHex(rootOf(nodes, checkpoint.size, sha256)) === checkpoint.root
    ? { checkpoint, nodes }
    : undefined;
};

type Proof = { readonly checkpoint: SignedStatement; readonly nodes: Nodes };

/** What proves one event; undefined: no checkpoint covers it. */
const bundled = (
  parts: Parts,
  instance: string,
  { checkpoint, nodes }: Proof,
  event: Envelope,
): E.Either<ProveRefused, BundledEvent | undefined> => {
  const { size } = checkpoint;
  const last = storedLeaf(parts.store.rows, size - 1);
  const isCovered =
    last !== undefined && parts.store.events.compare(event.position, last.position) <= 0;
  if (!isCovered) return E.right(undefined);
  const found = indexOf(parts, event, size);
  const read = leafEvent(instance, storedForm(event));
  const bytes = read === undefined ? undefined : leafBytes(read);
  if (found === undefined || bytes === undefined) return differs(event);
  if (!sameHash(leafHash(bytes, parts.sha256), found.leaf.hash)) return differs(event);
  const proof = inclusionProof(nodes, size, found.index, parts.sha256).map(toHex);
  return E.right({ index: found.index, bytes: toHex(bytes), proof });
};

const differs = ({ stream, revision }: Envelope): E.Either<ProveRefused, never> =>
  E.left({ type: 'LogDiffers', stream, revision });

/** A bundle that proves a stream's events to whoever trusts one of the keys. Throws `StoreFailed` where the store fails. */
export const prove = async (
  parts: Parts,
  { instance, stream, revision }: ProveRequest,
): Promise<E.Either<ProveRefused, Bundle>> => {
  const known = await knownCheckpoints(storeLog(parts.store), instance, { check: parts.check });
  const range = revision === undefined ? {} : { from: revision, limit: 1 };
  const all = orFailed(await parts.store.events.read(stream, range)());
  const [first] = all;
  if (first === undefined || (revision ?? 0) !== first.revision) {
    return E.left({ type: 'NoSuchEvents', stream });
  }
  const proof = newest(parts, known);
  const [key] = known.keys;
  if (proof === undefined || key === undefined) return E.left({ type: 'NoCheckpoint' });
  const events: BundledEvent[] = [];
  for (const event of all) {
    const one = bundled(parts, instance, proof, event);
    if (E.isLeft(one)) return one;
    if (one.right === undefined) break;
    events.push(one.right);
  }
  const from = first.revision;
  if (events.length === 0) return E.left({ type: 'NotCovered', stream, revision: from });
  const { size, root, instant, keyId, signature } = proof.checkpoint;
  const signing = known.keys.findIndex((each) => each.keyId === keyId);
  const rotations = known.keys.slice(1, signing + 1).flatMap(({ rotation }) => rotation ?? []);
  return E.right({
    format: BUNDLE_FORMAT,
    v: BUNDLE_VERSION,
    instance,
    stream,
    from,
    to: from + events.length - 1,
    checkpoint: { size, root, instant, keyId, signature },
    keys: { first: key.keyId, rotations },
    events,
  });
};
