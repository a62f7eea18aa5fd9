import type { Activity } from './activity.ts';
import type { Dispatch } from './dispatch.ts';
import type { Clock } from '../clock.ts';
import type { Sha256 } from '../ids.ts';
import type { OpenStore } from '../rows.ts';
import type { Position } from '../store.ts';

/** The table in which a companion keeps a tree over the log. */
export const LOG_TREE = 'logTree';

/**
 * Something that lives beside an engine, follows its log into a side store of its own, and may send commands: no fold and no decision
 * reads what it keeps.
 */
export type Companion = {
  readonly name: string;
  readonly position: () => Position | undefined;
  /** Why it could not do its work the last time; it is tried again. */
  readonly failure: () => string | undefined;
  /** Follows the log until stopped; `failed` hears why it ended, if it was not stopped. */
  readonly follow: (failed: (cause: unknown) => void) => void;
  readonly advance: (target: Position) => Promise<void>;
  /** Does what is left to do, which may send commands, and ends. */
  readonly stop: () => Promise<void>;
};

export type CompanionParts = {
  readonly instance: string;
  readonly store: OpenStore;
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly activity: Activity;
  readonly dispatch: Dispatch;
};

/** A companion of an engine that is being started; it does nothing before it is told to. */
export type CompanionOf = (parts: CompanionParts) => Companion;
