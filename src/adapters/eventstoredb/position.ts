import type { Position } from '../../engine/store.ts';

/** A place in the log as the server gives it: never computed with. */
export type LogPosition = { readonly commit: bigint; readonly prepare: bigint };

/** The position before the first event of a log. The server has no word for it; it is never sent. */
export const START: Position = '-1/-1';

const PAIR = /^(-?\d+)\/(-?\d+)$/u;

/** A place in the log as text: `commit/prepare`, in decimal. */
export const positionText = ({ commit, prepare }: LogPosition): Position => `${commit}/${prepare}`;

/** The pair in a position of this store; throws on any other text. */
export const positionPair = (position: Position): LogPosition => {
  const [, commit, prepare] = PAIR.exec(position) ?? [];
  if (commit === undefined || prepare === undefined) throw new Error(`no position: ${position}`);
  return { commit: BigInt(commit), prepare: BigInt(prepare) };
};

const order = (a: bigint, b: bigint): number => (a < b ? -1 : Number(a > b));

/** Orders positions as pairs. */
export const comparePairs = (a: LogPosition, b: LogPosition): number =>
  order(a.commit, b.commit) || order(a.prepare, b.prepare);

/** Orders positions of this store. */
export const compareTexts = (a: Position, b: Position): number =>
  a === b ? 0 : comparePairs(positionPair(a), positionPair(b));
