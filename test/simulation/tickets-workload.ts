import { of } from 'rxjs';
import type { Actor, Command } from '../../src/engine/decider.ts';
import type { Reaction } from '../../src/engine/reaction.ts';
import type { Envelope } from '../../src/engine/store.ts';
import {
  ticketCommands,
  ticketSubsystem,
  type Ticket,
  type TicketEvent,
} from '../support/tickets.ts';
import type { AtRest, Following, Line, Scene, Workload } from './workload.ts';

const { OpenTicket, AddNote, CloseTicket, ExpireTicket, LinkTicket } = ticketCommands.of;

const people: readonly Actor[] = ['ada', 'bob', 'cyd'].map((id) => ({ id, roles: [] }));
const stream = (id: number) => `ticket-${id}`;

/** A note that begins with `ask` is answered in the next ticket, and that answer once more in the one that asked. */
const answerWhenAsked: Reaction<TicketEvent> = {
  name: 'answerWhenAsked',
  on: ['NoteAdded'],
  key: ({ envelope }) => envelope.stream.slice(-1),
  each: ({ data, envelope }) =>
    'note' in data && data.note.startsWith('ask')
      ? of({
          stream: neighbour(envelope.stream),
          command: AddNote({ note: `answer to ${envelope.position}` }),
          then: (outcome) =>
            outcome.outcome === 'refused'
              ? undefined
              : { stream: envelope.stream, command: AddNote({ note: 'answered' }) },
        })
      : of(),
  ends: ['StatusForbids'],
};
const neighbour = (name: string): string => stream(Number(name.slice('ticket-'.length)) + 1);

/** A ticket about what cannot be done leaves a dead letter. */
const failWhenImpossible: Reaction<TicketEvent> = {
  name: 'failWhenImpossible',
  on: ['TicketOpened'],
  each: ({ data }) =>
    'title' in data && data.title.startsWith('impossible')
      ? of({ stream: 'nowhere-1', command: CloseTicket({}) })
      : of(),
};

const line = ({ now, chance, log }: Scene): Omit<Line, 'id'> => {
  const actor = chance.pick(people);
  const to = stream(chance.int(1, 6));
  const wait = chance.pick([0, 1, 40, 3_000, 90_000, 86_400_000]);
  const title = chance.pick(['plain', 'echo', 'echo', 'impossible']);
  const open = log.state(to).status === 'Open';
  const command = chance.weighted<Command>([
    [open ? 1 : 12, OpenTicket({ title, answerBy: now + wait })],
    [6, AddNote({ note: `note ${log.head()}` })],
    [4, AddNote({ note: `ask ${log.head()}` })],
    [2, CloseTicket({})],
    [1, ExpireTicket({})],
    [3, LinkTicket({ other: stream(chance.int(1, 6)) })],
  ]);
  return { stream: to, actor, command };
};

const altered = ({ type }: Command): Command | undefined =>
  type === 'AddNote' ? AddNote({ note: 'something else' }) : undefined;

const follows = ({ type, data, stream: from }: Envelope): readonly Following[] => {
  const { title = '', note = '' } = data as { readonly title?: string; readonly note?: string };
  const ends = ['StatusForbids'];
  if (type === 'TicketOpened' && title.startsWith('echo')) {
    return [{ reaction: 'echoWhenAsked', n: 0, stream: from, ends }];
  }
  if (type === 'TicketOpened' && title.startsWith('impossible')) {
    return [{ reaction: 'failWhenImpossible', n: 0, stream: 'nowhere-1', ends: [] }];
  }
  if (type === 'NoteAdded' && note.startsWith('ask')) {
    return [{ reaction: 'answerWhenAsked', n: 0, stream: neighbour(from), ends }];
  }
  return [];
};

/** Every ticket has been closed by now, those that nobody closed at their instant (N17, N32). */
const check = ({ log }: AtRest): void => {
  for (const name of log.streams()) {
    if (!name.startsWith('ticket-')) continue;
    const state = log.state(name) as Ticket;
    if (state.status === 'Open') throw new Error(`N17: ${name} is open for ever`);
  }
};

export const ticketsWorkload = (): Workload => ({
  name: 'tickets',
  commands: [8, 25, 60],
  subsystems: [
    {
      ...ticketSubsystem,
      reactions: [...ticketSubsystem.reactions, answerWhenAsked, failWhenImpossible],
    },
  ],
  effects: () => [],
  line,
  altered,
  follows,
  hopeless: ['failWhenImpossible'],
  check,
});
