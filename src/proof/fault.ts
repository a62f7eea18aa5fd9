import type { LeafPlace } from './tree-store.ts';

/** What is wrong with a log, the first of it. `by`: the size of the checkpoint that proves it; absent: none covers the event. */
export type LogFault =
  /** The event that was here is another one now. */
  | ({ readonly type: 'Altered'; readonly by?: number } & LeafPlace)
  /** The event that was here is in the log no more. */
  | ({ readonly type: 'Missing'; readonly by?: number } & LeafPlace)
  /** No engine of this instance has written this event, or not before the tree passed its place. */
  | ({ readonly type: 'Inserted'; readonly by?: number } & LeafPlace)
  /** The event that was here lies elsewhere now. */
  | ({ readonly type: 'Reordered'; readonly found: string; readonly by?: number } & LeafPlace)
  /**
   * The log's root is another than was signed for `upTo` events, and it was right for the first `after`: what has changed lies between,
   * in the positions behind `from` up to `to`. The leaf table was rewritten too, or is gone, so that the event cannot be told.
   */
  | {
      readonly type: 'Rewritten';
      readonly after: number;
      readonly upTo: number;
      readonly from: string;
      readonly to: string;
    }
  /** A checkpoint covers `size` events, of which only `found` are there. */
  | { readonly type: 'Truncated'; readonly size: number; readonly found: number }
  /** The leaf table is damaged, and the log is not: rebuild the tree. */
  | { readonly type: 'LeavesDamaged'; readonly index: number }
  /** A checkpoint that the key in force has not signed. */
  | ({ readonly type: 'CheckpointForged'; readonly why: ForgedWhy } & LeafPlace)
  /** A line of an anchor that no key of this log has signed, or that is another instance's. */
  | { readonly type: 'AnchorForged'; readonly line: number }
  /** The key that the auditor trusts has signed nothing here. */
  | { readonly type: 'KeyUnknown'; readonly key: string }
  | { readonly type: 'NoInstance' };

type ForgedWhy = 'key' | 'signature' | 'form';

type Told = {
  readonly [Type in LogFault['type']]: (
    fault: Extract<LogFault, { readonly type: Type }>,
  ) => string;
};

const told: Told = {
  Altered: (fault) => `${placeOf(fault)}${provenBy(fault)}`,
  Missing: (fault) => `${placeOf(fault)}${provenBy(fault)}`,
  Inserted: (fault) => `${placeOf(fault)}${provenBy(fault)}`,
  Reordered: (fault) => `${placeOf(fault)} lies at position ${fault.found}${provenBy(fault)}`,
  Rewritten: ({ after, upTo, from, to }) =>
    `between ${after} and ${upTo} events, behind position ${from || '0'} up to ${to}`,
  Truncated: ({ size, found }) => `a checkpoint covers ${size} events, the log has ${found}`,
  LeavesDamaged: ({ index }) =>
    `the leaf table is wrong at leaf ${index}, and the log is as far as is known as it was`,
  CheckpointForged: (fault) => `${placeOf(fault)} (${fault.why})`,
  AnchorForged: ({ line }) => `line ${line} of the anchor is signed by no key of this log`,
  KeyUnknown: ({ key }) => `${key} has signed no checkpoint of this log`,
  NoInstance: () => 'the log does not begin with the event that names its instance',
};

/** A fault as one line for people. */
export const describeFault = <Type extends LogFault['type']>(
  fault: Extract<LogFault, { readonly type: Type }>,
): string => `${fault.type}: ${told[fault.type](fault)}`;

const placeOf = ({ stream, revision, position }: LeafPlace): string =>
  `revision ${revision} of ${stream}, position ${position}`;

const provenBy = ({ by }: { readonly by?: number }): string =>
  by === undefined ? ' (no checkpoint covers it)' : ` (by the checkpoint over ${by} events)`;
