import type { Actor, Command } from '../../src/engine/decider.ts';
import type { AnyEffect } from '../../src/engine/outbox.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import type { DeadLetter } from '../../src/engine/run/dead-letters.ts';
import type { Envelope } from '../../src/engine/store.ts';
import type { AnySubsystem } from '../../src/engine/subsystem.ts';
import type { Chance } from '../oracle/chance.ts';
import type { Decisions } from './decisions.ts';
import type { Log } from './log.ts';
import type { Reach } from './outside.ts';

/** A command on its way: to which stream, by whom, under which id. */
export type Line = {
  readonly stream: string;
  readonly actor: Actor;
  readonly command: Command;
  readonly id: string;
};

/** What a workload makes its commands of. */
export type Scene = { readonly log: Log; readonly now: number; readonly chance: Chance };

/** A world that has come to rest after its faults have stopped and its clocks have passed all deadlines. */
export type AtRest = {
  readonly log: Log;
  readonly engines: readonly Engine[];
  readonly decisions: Decisions;
  readonly letters: readonly DeadLetter[];
};

/** What is asked of the engines, and what has to be true then, beside what always has to be. */
export type Workload = {
  readonly name: string;
  /** How many commands may be asked in one world, of which a seed picks one number. */
  readonly commands: readonly number[];
  readonly subsystems: readonly AnySubsystem[];
  /** What acts on the outside world, made for one process: what it waits for is answered by the scheduler. */
  readonly effects: (reach: Reach) => readonly AnyEffect[];
  readonly line: (scene: Scene) => Omit<Line, 'id'>;
  /** Other data for the same command, for an id that is used twice. */
  readonly altered: (command: Command) => Command | undefined;
  /** Every reaction whose commands follow from its event alone: what it must send. */
  readonly follows: (envelope: Envelope) => readonly Following[];
  /** Reactions whose work cannot be done: theirs alone may be letters in the end. */
  readonly hopeless: readonly string[];
  /** Throws at what is wrong. */
  readonly check: (world: AtRest) => Promise<void> | void;
};

/** A command that a reaction has to send because of an event, as its n-th, and refusals that may be its end. */
export type Following = {
  readonly reaction: string;
  readonly n: number;
  readonly stream: string;
  readonly ends: readonly string[];
};
