import { createEngine, sqliteStore, type Engine } from '../../src/index.ts';
import { ticketCommands, ticketSubsystem } from './tickets.ts';

const { OpenTicket, AddNote } = ticketCommands.of;

const actor = { id: 'bench', roles: [] };
/** Far enough away that no deadline of a bench ever comes. */
export const NEVER = 4_000_000_000_000;
export const TITLE = 'The printer on the second floor prints nothing but zeros';

type Tickets = typeof ticketSubsystem;

/** An engine that serves tickets, and how commands are sent to it in bulk. */
export type Desk = {
  readonly engine: Engine;
  /** Opens a ticket in a new stream; resolves to the position of its event. Throws where it is not accepted. */
  readonly open: () => Promise<string>;
  /** Adds a note to a ticket. */
  readonly note: (stream: string) => Promise<string>;
  /** Resolves when every projection has passed what was written last. */
  readonly caughtUp: () => Promise<void>;
};

export const deskOver = (engine: Engine, tickets: Tickets = ticketSubsystem): Desk => {
  const run = engine.instance.slice(0, 6);
  let count = 0;
  let last = '';
  const sent = async (stream: string, command: Parameters<Engine['sendTE']>[1]) => {
    count += 1;
    const commandId = `command-${run}-${count}`;
    const outcome = await engine.send(tickets, stream, command as never, { actor, commandId });
    if (outcome.outcome !== 'accepted') throw new Error(`not accepted: ${JSON.stringify(outcome)}`);
    last = outcome.position;
    return last;
  };
  return {
    engine,
    open: () => sent(`ticket-${run}-${count}`, OpenTicket({ title: TITLE, answerBy: NEVER })),
    note: (stream) => sent(stream, AddNote({ note: TITLE, answerBy: NEVER })),
    caughtUp: () => engine.waitFor(last),
  };
};

export const openDesk = async (path: string, tickets: Tickets = ticketSubsystem): Promise<Desk> =>
  deskOver(await createEngine({ store: sqliteStore(path), subsystems: [tickets] }), tickets);

/** What callers at once have come to: how many acknowledged, how many failed and the first failure. */
export type Crowd = { readonly done: number; readonly failed: number; readonly why: string };

/** Work done one after another. */
export const oneByOne = async (count: number, work: () => Promise<unknown>): Promise<number> => {
  for (let index = 0; index < count; index += 1) await work();
  return count;
};

/** Callers at once, each of whom waits for an answer before the next command. */
export const crowd = async (
  callers: number,
  each: number,
  work: () => Promise<unknown>,
): Promise<Crowd> => {
  let [done, failed, why] = [0, 0, ''];
  const caller = async (): Promise<void> => {
    for (let index = 0; index < each; index += 1) {
      try {
        await work();
        done += 1;
      } catch (cause) {
        failed += 1;
        if (why === '') why = String(cause);
      }
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { done, failed, why };
};

/** How many callers the specification wants at once. */
export const CALLERS = 64;
