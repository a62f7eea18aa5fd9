import { of } from 'rxjs';
import * as t from 'io-ts';
import { Instant } from '../../src/engine/clock.ts';
import { text } from '../../src/engine/codec.ts';
import { accept, ask, byCommand, refuse, type Decider } from '../../src/engine/decider.ts';
import { answerOf, rowOf } from '../../src/engine/facts.ts';
import { evolver, machine, type StateOf } from '../../src/engine/machine.ts';
import { readModel, type Projection } from '../../src/engine/projection.ts';
import type { Reaction } from '../../src/engine/reaction.ts';
import { statusForbids, type CommonRejection } from '../../src/engine/refusal.ts';
import type { Subsystem } from '../../src/engine/subsystem.ts';
import { vocabulary, type MessageOf } from '../../src/engine/vocabulary.ts';

/** A support ticket: the smallest subsystem that uses every part of the engine. */
export const ticketEvents = vocabulary({
  TicketOpened: { title: text('a title'), answerBy: Instant },
  NoteAdded: { note: text('a note') },
  TicketClosed: { cause: t.keyof({ answered: null, silence: null }), closedAt: Instant },
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
    Open: { title: string; answerBy: number; notes: readonly string[] };
    Closed: { title: string; notes: readonly string[]; closedAt: number };
  }
>;

export const ticketCommands = vocabulary({
  OpenTicket: { title: text('a title'), answerBy: Instant },
  AddNote: { note: text('a note') },
  CloseTicket: {},
  ExpireTicket: {},
  /** Asks another ticket's status and the row of this one before it adds a note about both. */
  LinkTicket: { other: text('a ticket stream') },
});
export type TicketCommand = MessageOf<typeof ticketCommands>;
export type TicketRejection =
  | CommonRejection
  | { readonly type: 'TicketAlreadyOpened'; readonly title: string }
  | { readonly type: 'NothingDue'; readonly nextAt: number | null };

const { TicketOpened, NoteAdded, TicketClosed } = ticketEvents.of;

export const ticket: Decider<TicketCommand, Ticket, TicketEvent, TicketRejection> = {
  version: 1,
  initial: { status: 'Unopened' },
  evolve: evolver<typeof ticketMachine, Ticket, TicketEvent>({
    TicketOpened: (_, opened) => ({ status: 'Open', ...opened, notes: [] }),
    NoteAdded: (open, { note }) => {
      open.notes.push(note);
    },
    TicketClosed: ({ title, notes }, { closedAt }) => ({
      status: 'Closed',
      title,
      notes,
      closedAt,
    }),
  }),
  lapse: (state, at) =>
    state.status === 'Open' && at >= state.answerBy
      ? [TicketClosed({ cause: 'silence', closedAt: state.answerBy })]
      : [],
  decide: byCommand({
    OpenTicket: (data, state) => {
      if (state.status === 'Unopened') return accept(TicketOpened(data));
      if (state.title === data.title) return accept();
      return refuse({ type: 'TicketAlreadyOpened', title: state.title });
    },
    AddNote: ({ note }, state) => {
      if (state.status !== 'Open') return statusForbids(state.status);
      return accept(NoteAdded({ note }));
    },
    CloseTicket: (_, state, { at }) => {
      if (state.status === 'Closed') return accept();
      if (state.status !== 'Open') return statusForbids(state.status);
      return accept(TicketClosed({ cause: 'answered', closedAt: at }));
    },
    ExpireTicket: (_, state, { lapsed }) => {
      if (lapsed > 0 || state.status === 'Closed') return accept();
      return refuse({
        type: 'NothingDue',
        nextAt: state.status === 'Open' ? state.answerBy : null,
      });
    },
    LinkTicket: ({ other }, state, { self }) => {
      if (state.status !== 'Open') return statusForbids(state.status);
      return ask(
        {
          other: answerOf<string>(other, 'status'),
          row: rowOf<TicketRow>('tickets', self.id),
        },
        (facts) =>
          accept(
            NoteAdded({
              note: `${other} is ${facts.other}; notes so far: ${facts.row.row?.notes}`,
            }),
          ),
      );
    },
  }),
};

export type TicketRow = { readonly title: string; readonly open: boolean; readonly notes: number };
export const tickets = readModel<TicketRow>('tickets', {
  title: ({ title }) => title,
  open: ({ open }) => String(open),
});

export const ticketsProjection: Projection<TicketEvent> = {
  name: 'tickets',
  version: 1,
  models: [tickets],
  on: {
    TicketOpened: (tables, { data, envelope }) =>
      tables(tickets).set(envelope.stream.slice('ticket-'.length), {
        title: data.title,
        open: true,
        notes: 0,
      }),
    NoteAdded: (tables, { envelope }) => {
      const key = envelope.stream.slice('ticket-'.length);
      const row = tables(tickets).get(key);
      if (row !== undefined) tables(tickets).set(key, { ...row, notes: row.notes + 1 });
    },
    TicketClosed: (tables, { envelope }) => {
      const key = envelope.stream.slice('ticket-'.length);
      const row = tables(tickets).get(key);
      if (row !== undefined) tables(tickets).set(key, { ...row, open: false });
    },
  },
};

/** A ticket that asks for an echo gets a note. */
const echoWhenAsked: Reaction<TicketEvent> = {
  name: 'echoWhenAsked',
  on: ['TicketOpened'],
  each: ({ data, envelope }) =>
    'title' in data && data.title.startsWith('echo')
      ? of({ stream: envelope.stream, command: ticketCommands.of.AddNote({ note: 'echo' }) })
      : of(),
  ends: ['StatusForbids'],
};

export const ticketSubsystem: Subsystem<TicketCommand, Ticket, TicketEvent, TicketRejection> = {
  category: 'ticket',
  area: 'support',
  decider: ticket,
  events: ticketEvents,
  commands: ticketCommands,
  machine: ticketMachine,
  about: {
    summary: 'A support ticket that closes by itself when nobody answers.',
    commands: {
      OpenTicket: { who: 'anyone', when: 'Unopened', refusals: ['TicketAlreadyOpened'] },
      AddNote: { who: 'anyone', when: 'Open', refusals: [] },
      CloseTicket: { who: 'anyone', when: 'Open', refusals: [] },
      ExpireTicket: { who: 'anyone', when: 'something has lapsed', refusals: ['NothingDue'] },
      LinkTicket: { who: 'anyone', when: 'Open', refusals: [] },
    },
  },
  projections: [ticketsProjection],
  reactions: [echoWhenAsked],
  due: (state) =>
    state.status === 'Open'
      ? [{ at: state.answerBy, command: ticketCommands.of.ExpireTicket({}) }]
      : [],
  answers: { status: ({ status }) => status },
};
