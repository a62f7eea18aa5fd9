import { ticketCommands, ticketSubsystem, type TicketEvent } from './tickets.ts';
import { ada } from './engines.ts';
import type { AnyReaction, Reaction, Sending } from '../../src/engine/reaction.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import type { AnySubsystem } from '../../src/engine/subsystem.ts';

const { OpenTicket, AddNote } = ticketCommands.of;

export const LATER = 1_000_000_000;

export const opened = (engine: Engine, id: string, title = 'plain') =>
  engine.send(ticketSubsystem, `ticket-${id}`, OpenTicket({ title, answerBy: LATER }), {
    actor: ada,
  });
export const noted = (engine: Engine, id: string, note: string) =>
  engine.send(ticketSubsystem, `ticket-${id}`, AddNote({ note }), { actor: ada });
export const notesOf = async (engine: Engine, id: string): Promise<readonly string[]> => {
  const { state } = await engine.stateAt(ticketSubsystem, `ticket-${id}`);
  return 'notes' in state ? state.notes : [];
};
export const note = (id: string, text: string, then?: Sending['then']): Sending => ({
  stream: `ticket-${id}`,
  command: AddNote({ note: text }),
  ...(then === undefined ? {} : { then }),
});
export const reacting = (...reactions: readonly AnyReaction[]): readonly [AnySubsystem] => [
  { ...ticketSubsystem, reactions },
];
export type Opened = Extract<TicketEvent, { readonly type: 'TicketOpened' }>;
export type Noted = Extract<TicketEvent, { readonly type: 'NoteAdded' }>;
export const whenOpened = (
  each: Reaction<Opened>['each'],
  more: Partial<Reaction<Opened>> = {},
) => ({
  name: 'whenOpened',
  on: ['TicketOpened'] as const,
  each,
  ...more,
});
