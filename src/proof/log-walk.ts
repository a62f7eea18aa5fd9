import { leafOf } from '../domain/proof/log-checkpoint/leaf.ts';
import type { SignedStatement } from '../domain/proof/log-checkpoint/statements.ts';
import {
  EMPTY_FRONTIER,
  frontierRoot,
  grown,
  sameHash,
  type Frontier,
} from '../domain/shared/merkle.ts';
import { toHex } from '../engine/bytes.ts';
import type { Sha256 } from '../engine/ids.ts';
import type { StoredLog, StoredText } from '../engine/stored-log.ts';
import type { LogFault } from './fault.ts';
import { leafCursor } from './leaf-cursor.ts';
import { isOfTheStore } from './leaf-keeper.ts';
import { parted, type Parting } from './naming.ts';
import { originOfText } from './origin.ts';

/** How far a verification has come: enough to go on from there. */
export type Verified = {
  readonly instance: string;
  readonly frontier: Frontier;
  /** The position of the last event that was read. */
  readonly position: string | undefined;
  /** The last checkpoint whose root was right: its size, and where it ends. */
  readonly good: { readonly size: number; readonly position: string };
};

type Walk = {
  readonly log: StoredLog;
  readonly instance: string;
  readonly sha256: Sha256;
  /** By size. */
  readonly checkpoints: readonly SignedStatement[];
  readonly from: Verified | undefined;
};

/** Where a walk is: the tree over what it has passed, and the checkpoints that it has reached. */
const walker = ({ instance, sha256, checkpoints, from }: Walk) => {
  let frontier = from?.frontier ?? EMPTY_FRONTIER;
  let position = from?.position;
  let good = from?.good ?? { size: 0, position: '' };
  let reached = checkpoints.filter(({ size }) => size <= frontier.size).length;
  const next = (): SignedStatement | undefined => checkpoints[reached];
  /** Compares the root with every checkpoint of this size. */
  const compared = (): LogFault | undefined => {
    for (let here = next(); here?.size === frontier.size; here = next()) {
      const { size, root } = here;
      if (toHex(frontierRoot(frontier, sha256)) !== root) {
        const interval = { after: good.size, upTo: size, from: good.position };
        return { type: 'Rewritten', ...interval, to: position ?? '' };
      }
      reached += 1;
      if (next()?.size !== size) good = { size, position: position ?? '' };
    }
    return undefined;
  };
  return {
    now: (): Verified => ({ instance, frontier, position, good }),
    size: () => frontier.size,
    next,
    /** Passes an event with its leaf: what is wrong with the tree then. */
    pass: (event: StoredText, leaf: Uint8Array): LogFault | undefined => {
      frontier = grown(frontier, leaf, sha256).frontier;
      position = event.position;
      return compared();
    },
  };
};

/** One walk along the log; it ends with the log or with the first fault. */
export const logWalk = (walk: Walk) => {
  const { log, instance, sha256 } = walk;
  const at = walker(walk);
  const leaves = leafCursor(log);
  const isOwn = originOfText(instance, sha256);
  let fault: LogFault | undefined;

  const parting = (event: StoredText | undefined): Parting => {
    const { frontier, position: behind, good } = at.now();
    return { log, instance, sha256, leaves, frontier, event, next: at.next(), good, behind };
  };
  /** An event behind the end of the leaf table: nothing but its own id speaks for it. */
  const beyondTable = (event: StoredText, hash: Uint8Array | undefined): LogFault | undefined => {
    const { stream, revision, position } = event;
    const place = { stream, revision, position };
    if (hash === undefined) return { type: 'Altered', ...place };
    return isOwn(event) ? at.pass(event, hash) : { type: 'Inserted', ...place };
  };
  const taken = (event: StoredText): LogFault | Parting | undefined => {
    const hash = leafOf(instance, event, sha256);
    const leaf = leaves.at(at.size());
    if (leaf === undefined) return beyondTable(event, hash);
    if (leaf === 'damaged' || hash === undefined) return parting(event);
    const isAlike = leaf.position === event.position && sameHash(leaf.hash, hash);
    return isAlike ? at.pass(event, hash) : parting(event);
  };
  const ended = async (): Promise<LogFault | undefined> => {
    if (leaves.at(at.size()) !== undefined) return parted(parting(undefined));
    const beyond = at.next();
    if (beyond === undefined) return undefined;
    return { type: 'Truncated', size: beyond.size, found: at.size() };
  };

  return {
    now: at.now,
    fault: () => fault,
    async *run(): AsyncGenerator<Verified> {
      for await (const page of log.pages(at.now().position)) {
        for (const event of page) {
          if (isOfTheStore(event.stream)) continue;
          const wrong = taken(event);
          if (wrong === undefined) continue;
          fault = 'type' in wrong ? wrong : await parted(wrong);
          return;
        }
        yield at.now();
      }
      fault = await ended();
    },
  };
};
