import type { Instant } from './clock.ts';
import type { Command } from './decider.ts';

/** A command that falls due at an instant unless the stream changes before; sent to `stream`, by default the one that waits. */
export type Due = {
  readonly at: Instant;
  readonly command: Command;
  readonly stream?: string;
};
