import { EMPTY } from 'rxjs';
import {
  accept,
  byCommand,
  evolver,
  Instant,
  machine,
  readModel,
  refuse,
  statusForbids,
  subsystem,
  text,
  vocabulary,
  type CommonRejection,
  type Decider,
  type MessageOf,
  type Projection,
  type Reaction,
  type StateOf,
} from '../../src/index.ts';

/** The smallest useful subsystem: what the engine itself costs shows best where a decision costs nothing. */
export const ticketEvents = vocabulary({
  TicketOpened: { title: text('a title'), answerBy: Instant },
  NoteAdded: { note: text('a note'), answerBy: Instant },
  TicketClosed: { closedAt: Instant },
});
export type TicketEvent = MessageOf<typeof ticketEvents>;

const ticketMachine = machine<TicketEvent>()('Unopened', {
  Unopened: { TicketOpened: 'Open' },
  Open: { NoteAdded: 'Open', TicketClosed: 'Closed' },
  Closed: {},
});

export type Ticket = StateOf<
  typeof ticketMachine,
  {
    Unopened: object;
    Open: { title: string; answerBy: number; notes: number; last: string };
    Closed: { title: string; notes: number; closedAt: number };
  }
>;

export const ticketCommands = vocabulary({
  OpenTicket: { title: text('a title'), answerBy: Instant },
  AddNote: { note: text('a note'), answerBy: Instant },
  CloseTicket: {},
});
type TicketCommand = MessageOf<typeof ticketCommands>;
type TicketRejection =
  CommonRejection | { readonly type: 'TicketAlreadyOpened'; readonly title: string };

const { TicketOpened, NoteAdded, TicketClosed } = ticketEvents.of;

const ticket: Decider<TicketCommand, Ticket, TicketEvent, TicketRejection> = {
  version: 1,
  initial: { status: 'Unopened' },
  evolve: evolver<typeof ticketMachine, Ticket, TicketEvent>({
    TicketOpened: (_, opened) => ({ status: 'Open', ...opened, notes: 0, last: '' }),
    NoteAdded: (open, { note, answerBy }) => {
      open.notes += 1;
      open.last = note;
      open.answerBy = answerBy;
    },
    TicketClosed: ({ title, notes }, { closedAt }) => ({
      status: 'Closed',
      title,
      notes,
      closedAt,
    }),
  }),
  decide: byCommand({
    OpenTicket: (data, state) => {
      if (state.status === 'Unopened') return accept(TicketOpened(data));
      if (state.title === data.title) return accept();
      return refuse({ type: 'TicketAlreadyOpened', title: state.title });
    },
    AddNote: (data, state) => {
      if (state.status !== 'Open') return statusForbids(state.status);
      return accept(NoteAdded(data));
    },
    CloseTicket: (_, state, { at }) => {
      if (state.status !== 'Open') return statusForbids(state.status);
      return accept(TicketClosed({ closedAt: at }));
    },
  }),
};

type TicketRow = { readonly title: string; readonly open: boolean; readonly notes: number };
const tickets = readModel<TicketRow>('tickets', { open: ({ open }) => String(open) });

const idOf = (stream: string): string => stream.slice('ticket-'.length);

const ticketsProjection: Projection<TicketEvent> = {
  name: 'tickets',
  version: 1,
  models: [tickets],
  on: {
    TicketOpened: (tables, { data: { title }, envelope }) =>
      tables(tickets).set(idOf(envelope.stream), { title, open: true, notes: 0 }),
    NoteAdded: (tables, { envelope }) => {
      const row = tables(tickets).get(idOf(envelope.stream));
      if (row === undefined) return;
      tables(tickets).set(idOf(envelope.stream), { ...row, notes: row.notes + 1 });
    },
    TicketClosed: (tables, { envelope }) => {
      const row = tables(tickets).get(idOf(envelope.stream));
      if (row !== undefined) tables(tickets).set(idOf(envelope.stream), { ...row, open: false });
    },
  },
};

const plain = {
  category: 'ticket',
  area: 'bench',
  decider: ticket,
  events: ticketEvents,
  commands: ticketCommands,
  machine: ticketMachine,
  about: {
    summary: 'A ticket.',
    commands: {
      OpenTicket: { who: 'anyone', when: 'Unopened', refusals: ['TicketAlreadyOpened'] },
      AddNote: { who: 'anyone', when: 'Open', refusals: [] },
      CloseTicket: { who: 'anyone', when: 'Open', refusals: [] },
    },
  },
  reactions: [],
} as const;

/** Tickets with one read model: the engine's plain durable command. */
export const ticketSubsystem = subsystem<TicketCommand, Ticket, TicketEvent, TicketRejection>({
  ...plain,
  projections: [ticketsProjection],
});

/** Sees every ticket and wants nothing. */
const seeTickets: Reaction<TicketEvent> = {
  name: 'seeTickets',
  on: ['TicketOpened'],
  each: () => EMPTY,
};

/** Tickets that are also waited for by a deadline and seen by a reaction. */
export const watchedTicketSubsystem = subsystem<
  TicketCommand,
  Ticket,
  TicketEvent,
  TicketRejection
>({
  ...plain,
  projections: [ticketsProjection],
  reactions: [seeTickets],
  due: (state) =>
    state.status === 'Open'
      ? [{ at: state.answerBy, command: ticketCommands.of.CloseTicket({}) }]
      : [],
});
