import { compareBytes } from '../../engine/bytes.ts';
import { pureSha256, type Sha256 } from '../../engine/ids.ts';

/**
 * Merkle trees of RFC 9162 (section 2.1): a leaf hashes to SHA-256(0x00 || data), a node to SHA-256(0x01 || left || right), nothing to
 * SHA-256(""). Leaves are neither sorted nor doubled. Sizes and indexes are safe integers.
 */
export type Hash = Uint8Array;

const LEAF = 0;
const NODE = 1;

export const HASH_BYTES = 32;

export const leafHash = (data: Uint8Array, sha256: Sha256 = pureSha256): Hash => {
  const bytes = new Uint8Array(1 + data.length);
  bytes[0] = LEAF;
  bytes.set(data, 1);
  return sha256(bytes);
};

export const nodeHash = (left: Hash, right: Hash, sha256: Sha256 = pureSha256): Hash => {
  const bytes = new Uint8Array(1 + 2 * HASH_BYTES);
  bytes[0] = NODE;
  bytes.set(left, 1);
  bytes.set(right, 1 + HASH_BYTES);
  return sha256(bytes);
};

/** The hashes of complete subtrees: level 0 are the leaves, and node `index` of a level covers 2^level leaves from index * 2^level on. */
export type Nodes = (level: number, index: number) => Hash;

/** The largest power of two below `size`, which is at least 2, and its exponent. */
const splitOf = (size: number): { readonly width: number; readonly level: number } => {
  let [width, level] = [1, 0];
  while (width * 2 < size) [width, level] = [width * 2, level + 1];
  return { width, level };
};

/** The hash of the leaves in `[start, end)`, where `start` is a multiple of the least power of two that is not below its width. */
const rangeHash = (nodes: Nodes, start: number, end: number, sha256: Sha256): Hash => {
  if (end - start === 1) return nodes(0, start);
  const { width, level } = splitOf(end - start);
  if (width * 2 === end - start) return nodes(level + 1, start / (width * 2));
  const right = rangeHash(nodes, start + width, end, sha256);
  return nodeHash(nodes(level, start / width), right, sha256);
};

/** The root of the first `size` leaves. */
export const rootOf = (nodes: Nodes, size: number, sha256: Sha256 = pureSha256): Hash =>
  size === 0 ? sha256(new Uint8Array()) : rangeHash(nodes, 0, size, sha256);

/** What proves that the leaf at `index` is among the first `size` leaves, from the leaf upwards. Throws where there is no such leaf. */
export const inclusionProof = (
  nodes: Nodes,
  size: number,
  index: number,
  sha256: Sha256 = pureSha256,
): readonly Hash[] => {
  if (!isPlace(index, size)) throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  const proof: Hash[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + splitOf(end - start).width;
    const isLeft = index < middle;
    proof.push(
      isLeft ? rangeHash(nodes, middle, end, sha256) : rangeHash(nodes, start, middle, sha256),
    );
    if (isLeft) end = middle;
    else start = middle;
  }
  return proof.toReversed();
};

/** What proves that the first `oldSize` of `newSize` leaves are what they were. Throws unless 0 < oldSize <= newSize. */
export const consistencyProof = (
  nodes: Nodes,
  oldSize: number,
  newSize: number,
  sha256: Sha256 = pureSha256,
): readonly Hash[] => {
  if (!isPlace(oldSize - 1, newSize)) {
    throw new RangeError(`no tree of ${newSize} goes on from one of ${oldSize}`);
  }
  const proof: Hash[] = [];
  let [start, end] = [0, newSize];
  while (end !== oldSize) {
    const middle = start + splitOf(end - start).width;
    if (oldSize <= middle) {
      proof.push(rangeHash(nodes, middle, end, sha256));
      end = middle;
    } else {
      proof.push(rangeHash(nodes, start, middle, sha256));
      start = middle;
    }
  }
  // The old tree itself is known to whoever asks; a part of it is not.
  if (start > 0) proof.push(rangeHash(nodes, start, end, sha256));
  return proof.toReversed();
};

export const isSize = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isPlace = (index: number, size: number): boolean =>
  isSize(index) && isSize(size) && index < size;

/** A tree in memory over leaf hashes. */
export const treeOf = (leaves: readonly Hash[], sha256: Sha256 = pureSha256): Nodes => {
  const levels: Hash[][] = [[...leaves]];
  for (let below = levels[0]!; below.length > 1;) {
    const level: Hash[] = [];
    for (let index = 0; index + 1 < below.length; index += 2) {
      level.push(nodeHash(below[index]!, below[index + 1]!, sha256));
    }
    levels.push(level);
    below = level;
  }
  return (level, index) => {
    const hash = levels[level]?.[index];
    if (hash === undefined) throw new RangeError(`no complete node ${index} at level ${level}`);
    return hash;
  };
};

/** The root over leaf hashes. */
export const merkleRoot = (leaves: readonly Hash[], sha256: Sha256 = pureSha256): Hash =>
  rootOf(treeOf(leaves, sha256), leaves.length, sha256);

/** A tree that only grows: the roots of its complete subtrees, from the largest to the smallest. */
export type Frontier = { readonly size: number; readonly peaks: readonly Hash[] };

export const EMPTY_FRONTIER: Frontier = { size: 0, peaks: [] };

/** A complete subtree and where it stands. */
export type CompleteNode = { readonly level: number; readonly index: number; readonly hash: Hash };

/** The tree with one more leaf, and the nodes that this leaf completes, the leaf first. */
export const grown = (
  { size, peaks }: Frontier,
  leaf: Hash,
  sha256: Sha256 = pureSha256,
): { readonly frontier: Frontier; readonly completed: readonly CompleteNode[] } => {
  const left = [...peaks];
  let node: CompleteNode = { level: 0, index: size, hash: leaf };
  const completed = [node];
  while (node.index % 2 === 1) {
    const hash = nodeHash(left.pop()!, node.hash, sha256);
    node = { level: node.level + 1, index: (node.index - 1) / 2, hash };
    completed.push(node);
  }
  return { frontier: { size: size + 1, peaks: [...left, node.hash] }, completed };
};

export const frontierRoot = ({ peaks }: Frontier, sha256: Sha256 = pureSha256): Hash => {
  if (peaks.length === 0) return sha256(new Uint8Array());
  return peaks.reduceRight((right, left) => nodeHash(left, right, sha256));
};

/** Whether two hashes, or any bytes, are the same. */
export const sameHash = (a: Hash, b: Hash): boolean => compareBytes(a, b) === 0;
