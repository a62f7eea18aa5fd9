import type { Call, Effect, Task } from '../../src/engine/outbox.ts';
import type { DomainEvent } from '../../src/engine/vocabulary.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import { ticketCommands } from './tickets.ts';

type Opened = DomainEvent<'TicketOpened', { readonly title: string; readonly answerBy: number }>;
type TicketTask = Task<Opened>;

/** What the outside world does when it is called; each can be changed by a test as it goes. */
export type World = {
  /** What was called, with the key, in order. */
  readonly calls: string[];
  /** What became of each key. */
  readonly done: Map<string, string>;
  readonly fences: number[];
  prepare: (task: TicketTask) => Promise<unknown>;
  submit: (task: TicketTask, call: Call) => Promise<readonly string[]>;
  lookUp: (task: TicketTask) => Promise<string | undefined>;
};

export const world = (): World => {
  const done = new Map<string, string>();
  return {
    calls: [],
    done,
    fences: [],
    prepare: async ({ key }) => `letter to ${key}`,
    submit: async ({ key }) => {
      done.set(key, `sent ${key}`);
      return [`sent ${key}`];
    },
    lookUp: async ({ key }) => done.get(key),
  };
};

export type Told = Effect<Opened, unknown, string>;

/** Writes a letter for each ticket that is opened, and notes in the ticket what became of that. */
export const writing = (outside: World, more: Partial<Told> = {}): Told => ({
  name: 'writeLetter',
  on: ['TicketOpened'],
  key: ({ data }) => data.title,
  prepare: (task) => {
    outside.calls.push(`prepare ${task.key}`);
    return outside.prepare(task);
  },
  submit: (task, call) => {
    outside.calls.push(`submit ${task.key}`);
    outside.fences.push(call.fence);
    return outside.submit(task, call);
  },
  lookUp: (task) => {
    outside.calls.push(`lookUp ${task.key}`);
    return outside.lookUp(task);
  },
  report: ({ envelope: { stream } }, answer) => noteOn(stream, answer),
  ...more,
});

export const noteOn = (stream: string, note: string) => ({
  stream,
  command: ticketCommands.of.AddNote({ note }),
});

/** The works that an engine has, without what differs from run to run. */
export const worksOf = (engine: Engine) =>
  engine.outbox.list(100).map(({ row: { key, stage, attempts, lastError, nextAt } }) => ({
    key,
    state: stage.state,
    attempts,
    lastError,
    nextAt,
  }));
