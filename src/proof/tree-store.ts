import { toHex } from '../engine/bytes.ts';
import type { RowChange, RowStore } from '../engine/rows.ts';
import { LOG_TREE } from '../engine/run/companion.ts';
import { orFailed } from '../engine/run/consumer.ts';
import {
  EMPTY_FRONTIER,
  grown,
  nodeHash,
  type Frontier,
  type Hash,
  type Nodes,
} from '../domain/shared/merkle.ts';
import type { Sha256 } from '../engine/ids.ts';
import { fromHex } from '../domain/proof/log-checkpoint/statements.ts';

/** The side store's one table: leaves and the nodes above them, in tiles. Local, rebuilt from the log, read by no fold. */
export const TREE_TABLE = LOG_TREE;

/** A tile holds the hashes of so many levels' height: 2^8 nodes of every eighth level; what lies between is computed from them. */
const HEIGHT = 8;
export const TILE = 2 ** HEIGHT;

/** Where a leaf's event lies. */
export type LeafPlace = {
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
};
export type Leaf = LeafPlace & { readonly hash: Hash };

/** A tile of leaves as a row: hashes as hex, one behind the other, and for each where its event lies. */
export type LeafTile = {
  readonly hashes: string;
  readonly places: readonly (readonly [stream: string, revision: number, position: string])[];
};
type NodeTile = { readonly hashes: string };

const HEX = 64;

/** The key of a tile: keys of one level ascend with their index. */
export const tileKey = (level: number, index: number): string =>
  `${level}/${String(index).padStart(12, '0')}`;

/** The leaves in a stored tile; undefined: what lies there is none. */
export const leavesIn = (row: unknown): readonly Leaf[] | undefined => {
  if (!isTile(row) || !('places' in row) || !Array.isArray(row.places)) return undefined;
  const { hashes, places } = row;
  if (hashes.length !== places.length * HEX || places.length > TILE) return undefined;
  const leaves = places.map((place: unknown, index): Leaf | undefined => {
    if (!isPlace(place)) return undefined;
    const hash = fromHex(hashes.slice(index * HEX, (index + 1) * HEX));
    const [stream, revision, position] = place;
    return hash.length === 0 ? undefined : { stream, revision, position, hash };
  });
  return leaves.every((leaf) => leaf !== undefined) ? leaves : undefined;
};

const isTile = (row: unknown): row is NodeTile =>
  typeof row === 'object' && row !== null && 'hashes' in row && typeof row.hashes === 'string';

const isPlace = (place: unknown): place is LeafTile['places'][number] =>
  Array.isArray(place) &&
  typeof place[0] === 'string' &&
  typeof place[1] === 'number' &&
  typeof place[2] === 'string';

/** A tile of the side store is not there, or is no tile. */
class TreeDamaged extends Error {
  override readonly name = 'TreeDamaged';
  constructor(key: string) {
    super(`the tile ${key} of the tree beside the log is missing or damaged; rebuild the tree`);
  }
}

const hashAt = (row: unknown, index: number, key: string): Hash => {
  const hash = isTile(row) ? fromHex(row.hashes.slice(index * HEX, (index + 1) * HEX)) : undefined;
  if (hash?.length !== HEX / 2) throw new TreeDamaged(key);
  return hash;
};

/** The nodes of the stored tree. Throws `TreeDamaged`, and `StoreFailed` where the store fails. */
export const storedNodes = (rows: RowStore, sha256: Sha256): Nodes => {
  const known: { key: string; row: unknown } = { key: '', row: undefined };
  const tile = (key: string): unknown => {
    if (known.key !== key) {
      known.row = orFailed(rows.get(TREE_TABLE, key));
      known.key = key;
    }
    return known.row;
  };
  const node = (level: number, index: number): Hash => {
    const within = level % HEIGHT;
    if (within > 0) {
      return nodeHash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1), sha256);
    }
    const key = tileKey(level / HEIGHT, Math.floor(index / TILE));
    return hashAt(tile(key), index % TILE, key);
  };
  return node;
};

/** Leaves of the stored tree by their index; undefined: there is none. */
export const storedLeaf = (rows: RowStore, index: number): Leaf | undefined =>
  leavesIn(orFailed(rows.get(TREE_TABLE, tileKey(0, Math.floor(index / TILE)))))?.[index % TILE];

/** The streams of the leaves in `[from, size)`, tile by tile. */
export function* leavesFrom(
  rows: RowStore,
  from: number,
  size: number,
): Generator<readonly [index: number, stream: string]> {
  for (let tile = Math.floor(from / TILE); tile * TILE < size; tile += 1) {
    const leaves = leavesIn(orFailed(rows.get(TREE_TABLE, tileKey(0, tile)))) ?? [];
    for (const [within, { stream }] of leaves.entries()) {
      const index = tile * TILE + within;
      if (index >= from && index < size) yield [index, stream];
    }
  }
}

/** The frontier of the first `size` leaves, from stored nodes. */
export const frontierAt = (nodes: Nodes, size: number): Frontier => {
  const peaks: Hash[] = [];
  let start = 0;
  for (let level = 52; level >= 0; level -= 1) {
    const width = 2 ** level;
    if (start + width > size) continue;
    peaks.push(nodes(level, start / width));
    start += width;
  }
  return size === 0 ? EMPTY_FRONTIER : { size, peaks };
};

/** Adds leaves to the tree in memory and gives the tiles that change. */
export const growing = (rows: RowStore, from: Frontier, sha256: Sha256) => {
  let frontier = from;
  /** The last tile of each level, as far as it has been touched. */
  const open = new Map<
    number,
    { index: number; hashes: string; places: LeafTile['places'][number][] }
  >();
  const touched = new Map<string, RowChange>();

  const openTile = (level: number, index: number) => {
    const there = open.get(level);
    if (there?.index === index) return there;
    const row = orFailed(rows.get(TREE_TABLE, tileKey(level, index)));
    const leaves = level === 0 ? (leavesIn(row) ?? []) : [];
    const begun = {
      index,
      hashes: isTile(row) ? row.hashes : '',
      places: leaves.map(({ stream, revision, position }) => [stream, revision, position] as const),
    };
    open.set(level, begun);
    return begun;
  };

  const put = (level: number, index: number, hash: Hash, place?: LeafPlace): void => {
    const [tile, within] = [openTile(level, Math.floor(index / TILE)), index % TILE];
    // What lies behind the frontier was stored for leaves that the tree does not count: it is written over.
    tile.hashes = tile.hashes.slice(0, within * HEX) + toHex(hash);
    if (place !== undefined) {
      tile.places.length = within;
      tile.places.push([place.stream, place.revision, place.position]);
    }
    const { hashes, places } = tile;
    const key = tileKey(level, tile.index);
    const row = level === 0 ? { hashes, places } : { hashes };
    touched.set(key, { table: TREE_TABLE, key, row, entries: [] });
  };

  return {
    frontier: () => frontier,
    add: (leaf: Leaf): void => {
      const { frontier: next, completed } = grown(frontier, leaf.hash, sha256);
      frontier = next;
      for (const { level, index, hash } of completed) {
        if (level % HEIGHT === 0) put(level / HEIGHT, index, hash, level === 0 ? leaf : undefined);
      }
    },
    /** The changes since they were taken the last time. */
    taken: (): readonly RowChange[] => {
      const changes = [...touched.values()];
      touched.clear();
      return changes;
    },
  };
};
