import type { StoredLog } from '../engine/stored-log.ts';
import { leavesIn, TILE, tileKey, TREE_TABLE, type Leaf } from './tree-store.ts';

/** The leaf table beside a log, read forwards; trusted by nobody. */
export type LeafCursor = {
  /** The leaf at an index; undefined: the table ends before it, 'damaged': what lies there is no tile. */
  readonly at: (index: number) => Leaf | 'damaged' | undefined;
  /** Every leaf from an index on, as far as tiles are whole. */
  readonly from: (index: number) => Iterable<Leaf>;
};

export const leafCursor = (log: StoredLog): LeafCursor => {
  let known: { readonly tile: number; readonly leaves: readonly Leaf[] | 'damaged' | undefined } = {
    tile: -1,
    leaves: undefined,
  };
  const tileAt = (tile: number): readonly Leaf[] | 'damaged' | undefined => {
    if (known.tile !== tile) {
      const row = log.row(TREE_TABLE, tileKey(0, tile));
      known = { tile, leaves: row === undefined ? undefined : (leavesIn(row) ?? 'damaged') };
    }
    return known.leaves;
  };
  const at: LeafCursor['at'] = (index) => {
    const leaves = tileAt(Math.floor(index / TILE));
    return leaves === 'damaged' ? leaves : leaves?.[index % TILE];
  };
  return {
    at,
    *from(index) {
      for (let next = index; ; next += 1) {
        const leaf = at(next);
        if (leaf === undefined || leaf === 'damaged') return;
        yield leaf;
      }
    },
  };
};
