import type { TE } from '../../engine/fp.ts';

/** A checkpoint as it is published: whoever has it can tell later whether the log still goes on from it. Hashes and signatures are hex. */
export type Anchored = {
  readonly instance: string;
  readonly size: number;
  readonly root: string;
  readonly instant: number;
  readonly keyId: string;
  readonly signature: string;
};

export type AnchorFailure = {
  readonly type: 'AnchorUnavailable';
  readonly anchor: string;
  readonly reason: string;
  readonly remedy: string;
};

/** The port of a place out of reach of whoever owns the log's folder. What was published there is published again without harm. */
export type Anchor = {
  /** Where it is, for people. */
  readonly describe: () => string;
  readonly publish: (checkpoint: Anchored) => TE.TaskEither<AnchorFailure, void>;
};
