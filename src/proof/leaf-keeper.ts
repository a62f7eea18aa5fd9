import { frontierRoot, rootOf, type Frontier } from '../domain/shared/merkle.ts';
import { leafOf } from '../domain/proof/log-checkpoint/leaf.ts';
import { toHex } from '../engine/bytes.ts';
import { frozenJson } from '../engine/frozen-json.ts';
import type { HashedEvent, Sha256 } from '../engine/ids.ts';
import type { OpenStore } from '../engine/rows.ts';
import { consumer, orFailed, type Consumer } from '../engine/run/consumer.ts';
import type { Gathering } from '../engine/run/gathering.ts';
import type { Envelope, Page, Position } from '../engine/store.ts';
import { originOf } from './origin.ts';
import { frontierAt, growing, leavesFrom, storedLeaf, storedNodes } from './tree-store.ts';

/** The name under which the side store knows how far it has come. */
export const TREE_CONSUMER = 'logTree';

/** Streams of the store itself are no events of any instance. */
export const isOfTheStore = (stream: string): boolean => stream.startsWith('$');

export type LeafKeeperParts = {
  readonly instance: string;
  readonly store: Pick<OpenStore, 'events' | 'rows'>;
  readonly sha256: Sha256;
  readonly gather: Gathering;
  /** Hears of each page's leaves, the first of them at an index, once they are stored. */
  readonly kept: (first: number, events: readonly Envelope[]) => void;
};

/** Follows the whole log and keeps the tree over it beside it, exactly once: tiles change in one transaction with how far it has come. */
export type LeafKeeper = Pick<Consumer, 'advance' | 'follow' | 'stop' | 'failure' | 'position'> & {
  readonly size: () => number;
  readonly root: () => string;
  /** The root that the first `size` leaves have here. */
  readonly rootAt: (size: number) => string;
  /** Where the last leaf lies. */
  readonly lastPosition: () => Position | undefined;
  /** The kept leaves from an index on. */
  readonly leavesFrom: (index: number) => Iterable<readonly [index: number, stream: string]>;
};

/** An event as texts: its payload and metadata in RFC 8785 form, which our own stores keep as they are. */
export const storedForm = (event: Envelope): HashedEvent => {
  const { stream, revision, id, type, version } = event;
  const [data, metadata] = [frozenJson(event.data).text, frozenJson(event.metadata).text];
  return { stream, revision, id, type, version, data, metadata };
};

/** An event has no leaf although an engine of this instance has written it. */
class NoLeafError extends Error {
  override readonly name = 'NoLeafError';
}

export const leafKeeper = (parts: LeafKeeperParts): LeafKeeper => {
  const { instance, store, sha256, gather, kept } = parts;
  const { rows, events } = store;
  const stored = () => orFailed(rows.checkpoint(TREE_CONSUMER));
  const restored = (): Frontier => frontierAt(storedNodes(rows, sha256), stored()?.events ?? 0);
  let tree = growing(rows, restored(), sha256);
  const isOwn = originOf(instance, sha256);

  const leafFor = (event: Envelope) => {
    const hash = leafOf(instance, storedForm(event), sha256);
    if (hash !== undefined) return hash;
    throw new NoLeafError(`revision ${event.revision} of ${event.stream} has no leaf`);
  };
  const keep = ({ events: all, position }: Page): void => {
    const first = tree.frontier().size;
    const own = all.filter((event) => !isOfTheStore(event.stream) && isOwn(event));
    for (const event of own) tree.add({ ...event, hash: leafFor(event) });
    const { size } = tree.frontier();
    const digest = toHex(frontierRoot(tree.frontier(), sha256));
    const checkpoint = { consumer: TREE_CONSUMER, value: { position, events: size, digest } };
    orFailed(rows.commit({ changes: tree.taken(), checkpoint }));
    kept(first, own);
  };
  const running = consumer({
    events,
    types: undefined,
    after: stored()?.position,
    // What was not stored is not in the tree either.
    resumeAfter: () => {
      tree = growing(rows, restored(), sha256);
      return stored()?.position;
    },
    gather,
    handle: async (page) => keep(page),
  });
  const { advance, follow, stop, failure, position } = running;
  const size = () => tree.frontier().size;
  return {
    advance,
    follow,
    stop,
    failure,
    position,
    size,
    root: () => toHex(frontierRoot(tree.frontier(), sha256)),
    rootAt: (first) => toHex(rootOf(storedNodes(rows, sha256), first, sha256)),
    lastPosition: () => storedLeaf(rows, size() - 1)?.position,
    leavesFrom: (index) => leavesFrom(rows, index, size()),
  };
};
