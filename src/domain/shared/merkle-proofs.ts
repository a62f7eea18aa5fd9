import { compareBytes } from '../../engine/bytes.ts';
import { E } from '../../engine/fp.ts';
import { pureSha256, type Sha256 } from '../../engine/ids.ts';
import { HASH_BYTES, isSize, leafHash, nodeHash, sameHash, type Hash } from './merkle.ts';

/** Why a proof proves nothing. */
export type ProofRefused = {
  readonly type: 'ProofRefused';
  readonly why: 'sizes' | 'length' | 'root' | 'order' | 'neighbours';
};
export type Proven = { readonly type: 'Proven' };
export type Verdict = E.Either<ProofRefused, Proven>;

const proven: Verdict = E.right({ type: 'Proven' });
const refused = (why: ProofRefused['why']): Verdict => E.left({ type: 'ProofRefused', why });

/** On which side of what is known so far a proof's hashes stand, from the leaf upwards. */
type Side = 'left' | 'right';

const half = (value: number): number => Math.floor(value / 2);

/** RFC 9162, 2.1.3.2: the sides of the hashes that a proof of inclusion has, no more and no fewer. */
const inclusionSides = (index: number, size: number): readonly Side[] => {
  const sides: Side[] = [];
  for (let [at, last] = [index, size - 1]; last > 0; [at, last] = [half(at), half(last)]) {
    if (at % 2 === 1) sides.push('left');
    else if (at < last) sides.push('right');
  }
  return sides;
};

const areHashes = (proof: readonly Hash[], count: number): boolean =>
  proof.length === count && proof.every(({ length }) => length === HASH_BYTES);

export type Inclusion = {
  readonly root: Hash;
  readonly size: number;
  readonly index: number;
  readonly leafHash: Hash;
  readonly proof: readonly Hash[];
};

/**
 * Whether a leaf stands at an index in the tree of a size that has a root. In that size no other index verifies. Another size may have
 * a place to which the same turns lead, which hashes cannot tell: take size and root from one place, such as a checkpoint that signs
 * both.
 */
export const verifyInclusion = (
  { root, size, index, leafHash: leaf, proof }: Inclusion,
  sha256: Sha256 = pureSha256,
): Verdict => {
  if (!isSize(size) || !isSize(index) || index >= size) return refused('sizes');
  const sides = inclusionSides(index, size);
  if (!areHashes([root, leaf, ...proof], sides.length + 2)) return refused('length');
  let hash = leaf;
  for (const [step, side] of sides.entries()) {
    const other = proof[step]!;
    hash = side === 'left' ? nodeHash(other, hash, sha256) : nodeHash(hash, other, sha256);
  }
  return sameHash(hash, root) ? proven : refused('root');
};

/** RFC 9162, 2.1.4.2: the sides of the hashes above the first; a left one belongs to both trees, a right one to the new one alone. */
const consistencySides = (oldSize: number, newSize: number): readonly Side[] => {
  const sides: Side[] = [];
  let [at, last] = upWhile(isRightChild, oldSize - 1, newSize - 1);
  while (last > 0) {
    const side = isRightChild(at) || at === last ? 'left' : 'right';
    sides.push(side);
    if (side === 'left') [at, last] = upWhile(isLeftChild, at, last);
    [at, last] = [half(at), half(last)];
  }
  return sides;
};

const isRightChild = (at: number): boolean => at % 2 === 1;
const isLeftChild = (at: number): boolean => at % 2 === 0 && at !== 0;

/** Goes up the tree, in both sizes alike, as long as the node is such a child. */
const upWhile = (
  isSuch: (at: number) => boolean,
  at: number,
  last: number,
): readonly [number, number] => (isSuch(at) ? upWhile(isSuch, half(at), half(last)) : [at, last]);

const isPowerOfTwo = (size: number): boolean => {
  let rest = size;
  while (rest % 2 === 0) rest /= 2;
  return rest === 1;
};

export type Consistency = {
  readonly oldSize: number;
  readonly newSize: number;
  readonly oldRoot: Hash;
  readonly newRoot: Hash;
  readonly proof: readonly Hash[];
};

/** Whether one tree goes on from another. From nothing anything goes on, which proves nothing: an old size of 0 is refused. */
export const verifyConsistency = (claim: Consistency, sha256: Sha256 = pureSha256): Verdict => {
  const { oldSize, newSize, oldRoot, newRoot, proof } = claim;
  if (!isSize(newSize) || !isSize(oldSize) || oldSize === 0 || oldSize > newSize) {
    return refused('sizes');
  }
  if (!areHashes([oldRoot, newRoot], 2)) return refused('length');
  if (oldSize < newSize) return grownFrom(claim, sha256);
  if (proof.length > 0) return refused('length');
  return sameHash(oldRoot, newRoot) ? proven : refused('root');
};

const grownFrom = (
  { oldSize, newSize, oldRoot, newRoot, proof }: Consistency,
  sha256: Sha256,
): Verdict => {
  const sides = consistencySides(oldSize, newSize);
  const hashes = isPowerOfTwo(oldSize) ? [oldRoot, ...proof] : proof;
  if (!areHashes(hashes, sides.length + 1)) return refused('length');
  let [older, newer] = [hashes[0]!, hashes[0]!];
  for (const [step, side] of sides.entries()) {
    const other = hashes[step + 1]!;
    if (side === 'left') older = nodeHash(other, older, sha256);
    newer = side === 'left' ? nodeHash(other, newer, sha256) : nodeHash(newer, other, sha256);
  }
  return sameHash(older, oldRoot) && sameHash(newer, newRoot) ? proven : refused('root');
};

/** A leaf of a tree whose leaves have keys that strictly ascend as bytes, with its proof of inclusion. */
export type KeyedLeaf = {
  readonly index: number;
  readonly data: Uint8Array;
  readonly proof: readonly Hash[];
};

export type Absence = {
  readonly root: Hash;
  readonly size: number;
  readonly key: Uint8Array;
  /** The key that a leaf's data holds. Total: the data comes from whoever claims the absence. */
  readonly keyOf: (data: Uint8Array) => Uint8Array | undefined;
  /** The last leaf below the key; undefined: none is. */
  readonly before?: KeyedLeaf;
  /** The first leaf above the key; undefined: none is. */
  readonly after?: KeyedLeaf;
};

/** Whether a key is in no leaf: its two neighbours are adjacent, or one stands at an edge, or the tree is empty. */
export const verifyAbsence = (absence: Absence, sha256: Sha256 = pureSha256): Verdict => {
  const { root, size, before, after } = absence;
  if (!isSize(size)) return refused('sizes');
  const leaves = [before, after].filter((leaf) => leaf !== undefined);
  if (size === 0 && leaves.length === 0) {
    return sameHash(root, sha256(new Uint8Array())) ? proven : refused('root');
  }
  if (lastBelow(absence) + 1 !== firstAbove(absence)) return refused('neighbours');
  if (!isAround(absence)) return refused('order');
  const verdicts = leaves.map(({ index, data, proof }) =>
    verifyInclusion({ root, size, index, leafHash: leafHash(data, sha256), proof }, sha256),
  );
  return verdicts.find(E.isLeft) ?? proven;
};

const lastBelow = ({ before }: Absence): number => before?.index ?? -1;
const firstAbove = ({ after, size }: Absence): number => after?.index ?? size;

/** Whether the neighbours' keys lie strictly on their sides of the key. */
const isAround = ({ key, keyOf, before, after }: Absence): boolean =>
  (before === undefined || isBelow(keyOf(before.data), key)) &&
  (after === undefined || isBelow(key, keyOf(after.data)));

const isBelow = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && compareBytes(a, b) < 0;
