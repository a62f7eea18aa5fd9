import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { toHex } from '../../src/engine/bytes.ts';
import { E } from '../../src/engine/fp.ts';
import {
  consistencyProof,
  EMPTY_FRONTIER,
  frontierRoot,
  grown,
  inclusionProof,
  leafHash,
  merkleRoot,
  nodeHash,
  rootOf,
  treeOf,
  type Hash,
} from '../../src/domain/shared/merkle.ts';
import {
  verifyAbsence,
  verifyConsistency,
  verifyInclusion,
  type KeyedLeaf,
  type Verdict,
} from '../../src/domain/shared/merkle-proofs.ts';

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
const utf8 = new TextEncoder();
const why = (verdict: Verdict): string => (E.isRight(verdict) ? 'proven' : verdict.left.why);

const leavesOf = (size: number): readonly Hash[] =>
  Array.from({ length: size }, (_, index) => leafHash(utf8.encode(`leaf ${index}`)));

/** RFC 6962, 2.1, word for word, by another SHA-256. */
const native = (...parts: readonly Uint8Array[]): Hash =>
  new Uint8Array(createHash('sha256').update(Buffer.concat(parts)).digest());
const byDefinition = (leaves: readonly Hash[]): Hash => {
  if (leaves.length === 0) return native();
  if (leaves.length === 1) return leaves[0]!;
  const split = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return native(
    Uint8Array.of(1),
    byDefinition(leaves.slice(0, split)),
    byDefinition(leaves.slice(split)),
  );
};
const pathByDefinition = (leaves: readonly Hash[], index: number): readonly Hash[] => {
  if (leaves.length === 1) return [];
  const split = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...pathByDefinition(left, index), byDefinition(right)]
    : [...pathByDefinition(right, index - split), byDefinition(left)];
};
const subproofByDefinition = (
  leaves: readonly Hash[],
  oldSize: number,
  isWhole: boolean,
): readonly Hash[] => {
  if (oldSize === leaves.length) return isWhole ? [] : [byDefinition(leaves)];
  const split = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return oldSize <= split
    ? [...subproofByDefinition(left, oldSize, isWhole), byDefinition(right)]
    : [...subproofByDefinition(right, oldSize - split, false), byDefinition(left)];
};

/** The tree of Certificate Transparency's reference implementations: leaves, and the root of each size. */
const published = {
  leaves: [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ],
  roots: [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ],
};

const LARGEST = 40;
const sizes = Array.from({ length: LARGEST }, (_, index) => index + 1);
const leaves = leavesOf(LARGEST);
const nodes = treeOf(leaves);

describe('bridge M1: trees of RFC 9162', () => {
  it('have the published roots at every size, at once and grown leaf by leaf', () => {
    const hashes = published.leaves.map((leaf) => leafHash(bytes(leaf)));
    let frontier = EMPTY_FRONTIER;
    for (const [size, root] of published.roots.entries()) {
      expect(toHex(merkleRoot(hashes.slice(0, size)))).toBe(root);
      expect(toHex(frontierRoot(frontier))).toBe(root);
      const next = hashes[size];
      if (next !== undefined) frontier = grown(frontier, next).frontier;
    }
  });

  it('are those of the definition at every size, and complete nodes come once each', () => {
    let frontier = EMPTY_FRONTIER;
    const known = new Map<string, Hash>();
    for (const [index, leaf] of leaves.entries()) {
      const next = grown(frontier, leaf);
      frontier = next.frontier;
      for (const node of next.completed) {
        expect(known.has(`${node.level}/${node.index}`)).toBe(false);
        known.set(`${node.level}/${node.index}`, node.hash);
        expect(node.hash).toEqual(nodes(node.level, node.index));
      }
      const stored = (level: number, at: number) => known.get(`${level}/${at}`)!;
      expect(rootOf(stored, index + 1)).toEqual(byDefinition(leaves.slice(0, index + 1)));
      expect(frontierRoot(frontier)).toEqual(rootOf(stored, index + 1));
    }
  });

  it('double no odd node, sort nothing, and tell a leaf from a node', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((text) => leafHash(utf8.encode(text))) as [
      Hash,
      Hash,
      Hash,
    ];
    expect(merkleRoot([a, b, c])).not.toEqual(merkleRoot([a, b, c, c]));
    expect(merkleRoot([a, b])).not.toEqual(merkleRoot([b, a]));
    expect(leafHash(Uint8Array.of(...a, ...b))).not.toEqual(nodeHash(a, b));
  });
});

/** The turns on the way from the root to a leaf. */
const turns = (index: number, size: number): readonly string[] => {
  if (size === 1) return [];
  const split = 2 ** Math.ceil(Math.log2(size) - 1);
  return index < split
    ? ['left', ...turns(index, split)]
    : ['right', ...turns(index - split, size - split)];
};

describe('bridge M2: inclusion binds index and size', () => {
  it('proofs are those of the definition and verify, for every leaf of every size', () => {
    for (const size of sizes) {
      const root = rootOf(nodes, size);
      for (let index = 0; index < size; index += 1) {
        const proof = inclusionProof(nodes, size, index);
        expect(proof).toEqual(pathByDefinition(leaves.slice(0, size), index));
        const claim = { root, size, index, leafHash: leaves[index]!, proof };
        expect(why(verifyInclusion(claim))).toBe('proven');
      }
    }
  });

  it('every other index, size, leaf, length and bit is refused', () => {
    const small = sizes.filter((size) => size <= 17);
    for (const size of small) {
      const root = rootOf(nodes, size);
      for (let index = 0; index < size; index += 1) {
        const proof = inclusionProof(nodes, size, index);
        const claim = { root, size, index, leafHash: leaves[index]!, proof };
        const others = [
          ...[...small, 0, 18, 64].flatMap((otherSize) =>
            [...small, 0, 17].map((otherIndex) => ({
              ...claim,
              size: otherSize,
              index: otherIndex,
            })),
          ),
          ...leaves.slice(0, size).map((other) => ({ ...claim, leafHash: other })),
          ...(proof.length === 0 ? [] : [{ ...claim, proof: proof.slice(1) }]),
          { ...claim, proof: [...proof, root] },
          { ...claim, proof: [root, ...proof] },
          { ...claim, root: merkleRoot([]) },
        ].filter(
          (other) =>
            other.size !== size ||
            other.index !== index ||
            other.leafHash !== claim.leafHash ||
            other.proof !== proof ||
            other.root !== root,
        );
        for (const other of others) {
          if (E.isLeft(verifyInclusion(other))) continue;
          // RFC 9162 leaves one case: another size in which the same turns lead to a leaf. Whoever signs a root signs its size.
          expect(other.size).not.toBe(size);
          expect({ ...other, size, index }).toEqual(claim);
          expect(turns(other.index, other.size)).toEqual(turns(index, size));
        }
      }
    }
  });

  it('a changed bit anywhere is refused', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 2, max: LARGEST })
          .chain((size) =>
            fc.record({ size: fc.constant(size), index: fc.nat({ max: size - 1 }) }),
          ),
        fc.nat(),
        ({ size, index }, bit) => {
          const root = rootOf(nodes, size);
          const proof = inclusionProof(nodes, size, index);
          const parts = [root, leaves[index]!, ...proof];
          const [part, at] = [bit % parts.length, Math.floor(bit / parts.length) % 256];
          const changed = parts.map((hash, which) =>
            which === part
              ? hash.map((byte, i) => (i === at >> 3 ? byte ^ (1 << (at & 7)) : byte))
              : hash,
          );
          const claim = {
            size,
            index,
            root: changed[0]!,
            leafHash: changed[1]!,
            proof: changed.slice(2),
          };
          expect(why(verifyInclusion(claim))).toBe('root');
        },
      ),
    );
  });

  it('sizes and indexes that are none, and hashes of another length, are refused before anything is hashed', () => {
    const never = () => {
      throw new Error('hashed');
    };
    const root = rootOf(nodes, 5);
    const claim = {
      root,
      size: 5,
      index: 1,
      leafHash: leaves[1]!,
      proof: inclusionProof(nodes, 5, 1),
    };
    for (const size of [0, -1, 1.5, Number.NaN, Infinity, 2 ** 53]) {
      expect(why(verifyInclusion({ ...claim, size }, never))).toBe('sizes');
    }
    for (const index of [-1, 0.5, 5, 6, Number.NaN, Infinity]) {
      expect(why(verifyInclusion({ ...claim, index }, never))).toBe('sizes');
    }
    const short = claim.proof.map((hash) => hash.slice(1));
    expect(why(verifyInclusion({ ...claim, proof: short }, never))).toBe('length');
    expect(why(verifyInclusion({ ...claim, proof: [...claim.proof, root] }, never))).toBe('length');
    expect(why(verifyInclusion({ ...claim, leafHash: root.slice(1) }, never))).toBe('length');
    expect(why(verifyInclusion({ ...claim, size: 2 ** 53 - 1 }, never))).toBe('length');
    expect(() => inclusionProof(nodes, 5, 5)).toThrow('no leaf 5 in a tree of 5');
  });
});

describe('bridge M3: consistency', () => {
  const claimOf = (oldSize: number, newSize: number) => ({
    oldSize,
    newSize,
    oldRoot: rootOf(nodes, oldSize),
    newRoot: rootOf(nodes, newSize),
    proof: consistencyProof(nodes, oldSize, newSize),
  });

  it('proofs are those of the definition and verify, for every two sizes', () => {
    for (const newSize of sizes) {
      for (const oldSize of sizes.filter((size) => size <= newSize)) {
        const claim = claimOf(oldSize, newSize);
        expect(claim.proof).toEqual(subproofByDefinition(leaves.slice(0, newSize), oldSize, true));
        expect(why(verifyConsistency(claim))).toBe('proven');
      }
    }
  });

  it('from nothing, backwards, and equal sizes with a proof or another root are refused', () => {
    const claim = claimOf(3, 7);
    expect(why(verifyConsistency({ ...claim, oldSize: 0, proof: [] }))).toBe('sizes');
    expect(why(verifyConsistency({ ...claim, oldSize: 0, newSize: 0, proof: [] }))).toBe('sizes');
    expect(why(verifyConsistency({ ...claim, oldSize: 7, newSize: 3 }))).toBe('sizes');
    expect(why(verifyConsistency({ ...claim, oldSize: 1.5 }))).toBe('sizes');
    const equal = claimOf(7, 7);
    expect(why(verifyConsistency({ ...equal, proof: [equal.oldRoot] }))).toBe('length');
    expect(why(verifyConsistency({ ...equal, newRoot: claim.oldRoot }))).toBe('root');
    expect(why(verifyConsistency({ ...equal, oldRoot: equal.oldRoot.slice(1) }))).toBe('length');
    expect(() => consistencyProof(nodes, 0, 7)).toThrow('no tree of 7 goes on from one of 0');
  });

  it('another size, root, length or bit is refused', () => {
    for (const newSize of sizes.filter((size) => size <= 12)) {
      for (const oldSize of sizes.filter((size) => size < newSize)) {
        const claim = claimOf(oldSize, newSize);
        const swapped = { ...claim, oldRoot: claim.newRoot, newRoot: claim.oldRoot };
        expect(why(verifyConsistency(swapped))).toBe('root');
        expect(why(verifyConsistency({ ...claim, proof: [...claim.proof, claim.newRoot] }))).toBe(
          'length',
        );
        expect(why(verifyConsistency({ ...claim, proof: claim.proof.slice(1) }))).toBe('length');
        for (const [step, hash] of claim.proof.entries()) {
          const proof = claim.proof.with(
            step,
            hash.map((byte, at) => (at === 7 ? byte ^ 4 : byte)),
          );
          expect(why(verifyConsistency({ ...claim, proof }))).toBe('root');
        }
        const grownElsewhere = merkleRoot([...leaves.slice(1, newSize), leaves[0]!]);
        expect(why(verifyConsistency({ ...claim, newRoot: grownElsewhere }))).toBe('root');
      }
    }
  });
});

describe('bridge M4: absence', () => {
  const keys = ['b', 'd', 'f', 'h', 'j'].map((key) => utf8.encode(key));
  const hashes = keys.map((key) => leafHash(key));
  const sorted = treeOf(hashes);
  const size = keys.length;
  const root = rootOf(sorted, size);
  const leaf = (index: number): KeyedLeaf => ({
    index,
    data: keys[index]!,
    proof: inclusionProof(sorted, size, index),
  });
  const keyOf = (data: Uint8Array) => data;
  const absent = (key: string, around: { before?: KeyedLeaf; after?: KeyedLeaf }) =>
    why(verifyAbsence({ root, size, key: utf8.encode(key), keyOf, ...around }));

  it('is shown by two adjacent neighbours, by an edge, and by the empty tree', () => {
    expect(absent('c', { before: leaf(0), after: leaf(1) })).toBe('proven');
    expect(absent('a', { after: leaf(0) })).toBe('proven');
    expect(absent('k', { before: leaf(4) })).toBe('proven');
    const empty = { root: merkleRoot([]), size: 0, key: utf8.encode('a'), keyOf };
    expect(why(verifyAbsence(empty))).toBe('proven');
    expect(why(verifyAbsence({ ...empty, root }))).toBe('root');
  });

  it('is not shown by the key itself, by neighbours with a gap, by the wrong side or by no neighbour', () => {
    expect(absent('d', { before: leaf(0), after: leaf(1) })).toBe('order');
    expect(absent('d', { before: leaf(1), after: leaf(2) })).toBe('order');
    expect(absent('d', { before: leaf(0), after: leaf(2) })).toBe('neighbours');
    expect(absent('e', { before: leaf(0), after: leaf(1) })).toBe('order');
    expect(absent('c', { before: leaf(1), after: leaf(0) })).toBe('neighbours');
    expect(absent('c', { before: leaf(0) })).toBe('neighbours');
    expect(absent('c', { after: leaf(1) })).toBe('neighbours');
    expect(absent('c', {})).toBe('neighbours');
    expect(absent('', { after: leaf(0) })).toBe('proven');
    const other = { ...leaf(1), data: utf8.encode('e') };
    expect(absent('d', { before: leaf(0), after: other })).toBe('root');
    const moved = { ...leaf(1), index: 2 };
    expect(absent('e', { before: moved, after: { ...leaf(2), index: 3 } })).not.toBe('proven');
    expect(why(verifyAbsence({ root, size: 0, key: keys[0]!, keyOf }))).toBe('root');
    expect(
      why(verifyAbsence({ root, size, key: keys[0]!, keyOf: () => undefined, before: leaf(4) })),
    ).toBe('order');
  });
});
