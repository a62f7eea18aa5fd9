import { leafOf } from '../domain/proof/log-checkpoint/leaf.ts';
import {
  grown,
  frontierRoot,
  sameHash,
  type Frontier,
  type Hash,
} from '../domain/shared/merkle.ts';
import type { SignedStatement } from '../domain/proof/log-checkpoint/statements.ts';
import { toHex } from '../engine/bytes.ts';
import type { Sha256 } from '../engine/ids.ts';
import type { StoredLog, StoredText } from '../engine/stored-log.ts';
import type { LogFault } from './fault.ts';
import type { LeafCursor } from './leaf-cursor.ts';
import { isOfTheStore } from './leaf-keeper.ts';
import type { Leaf, LeafPlace } from './tree-store.ts';

/** Where log and leaf table part: all before is alike. */
export type Parting = {
  readonly log: StoredLog;
  readonly instance: string;
  readonly sha256: Sha256;
  readonly leaves: LeafCursor;
  /** The tree over what is alike, and where that ends in the log. */
  readonly frontier: Frontier;
  readonly behind: string | undefined;
  /** What comes next in the log; undefined: it ends. */
  readonly event: StoredText | undefined;
  /** The first checkpoint that covers what comes next. */
  readonly next: SignedStatement | undefined;
  /** The size of the last checkpoint that was right, and where it ends. */
  readonly good: { readonly size: number; readonly position: string };
};

const placeOf = ({ stream, revision, position }: LeafPlace): LeafPlace => ({
  stream,
  revision,
  position,
});

/** What of the log comes behind the parting. */
async function* rest({ log, behind }: Parting): AsyncGenerator<StoredText> {
  for await (const page of log.pages(behind)) {
    for (const event of page) if (!isOfTheStore(event.stream)) yield event;
  }
}

/** Where in the rest of the log the event of a leaf lies; undefined: nowhere. */
const foundInLog = async (parting: Parting, hash: Hash): Promise<string | undefined> => {
  for await (const event of rest(parting)) {
    const leaf = leafOf(parting.instance, event, parting.sha256);
    if (leaf !== undefined && sameHash(leaf, hash)) return event.position;
  }
  return undefined;
};

/** Names what has happened where a leaf should be and the log has something else, or nothing. */
const named = async (parting: Parting, leaf: Leaf): Promise<LogFault> => {
  const { event, instance, sha256, leaves, frontier } = parting;
  const found = await foundInLog(parting, leaf.hash);
  if (event === undefined) return { type: 'Missing', ...placeOf(leaf) };
  const hash = leafOf(instance, event, sha256);
  const isKnown = hash !== undefined && hasLeaf(leaves.from(frontier.size), hash);
  if (found !== undefined) {
    if (isKnown) return { type: 'Reordered', ...placeOf(leaf), found };
    return { type: 'Inserted', ...placeOf(event) };
  }
  if (isKnown) return { type: 'Missing', ...placeOf(leaf) };
  if (event.position === leaf.position) return { type: 'Altered', ...placeOf(leaf) };
  const isSame = event.stream === leaf.stream && event.revision === leaf.revision;
  return { type: isSame ? 'Altered' : 'Missing', ...placeOf(leaf) };
};

const hasLeaf = (leaves: Iterable<Leaf>, hash: Hash): boolean => {
  for (const leaf of leaves) if (sameHash(leaf.hash, hash)) return true;
  return false;
};

/** Whether the table's leaves have the root that a checkpoint signs. */
const isTableSigned = (
  { frontier, leaves, sha256 }: Parting,
  { size, root }: SignedStatement,
): boolean => {
  let tree = frontier;
  for (const leaf of leaves.from(frontier.size)) {
    tree = grown(tree, leaf.hash, sha256).frontier;
    if (tree.size === size) return toHex(frontierRoot(tree, sha256)) === root;
  }
  return false;
};

/** Whether the log's own events have that root, and where they end. */
const logAt = async (
  parting: Parting,
  { size, root }: SignedStatement,
): Promise<{ readonly isSigned: boolean; readonly position: string }> => {
  let tree = parting.frontier;
  let position = parting.behind ?? '';
  for await (const event of rest(parting)) {
    const leaf = leafOf(parting.instance, event, parting.sha256);
    if (leaf === undefined) break;
    tree = grown(tree, leaf, parting.sha256).frontier;
    position = event.position;
    if (tree.size < size) continue;
    return { isSigned: toHex(frontierRoot(tree, parting.sha256)) === root, position };
  }
  return { isSigned: false, position };
};

/** What is wrong where log and leaf table part, as far as what was signed can tell. */
export const parted = async (parting: Parting): Promise<LogFault> => {
  const { leaves, frontier, next, good } = parting;
  const leaf = leaves.at(frontier.size);
  const isTable = leaf !== undefined && leaf !== 'damaged';
  if (next === undefined) {
    return isTable ? named(parting, leaf) : { type: 'LeavesDamaged', index: frontier.size };
  }
  if (isTable && isTableSigned(parting, next)) {
    return Object.assign(await named(parting, leaf), { by: next.size });
  }
  const { isSigned, position } = await logAt(parting, next);
  if (isSigned) return { type: 'LeavesDamaged', index: frontier.size };
  const interval = { after: good.size, upTo: next.size, from: good.position, to: position };
  return { type: 'Rewritten', ...interval };
};
