import { sameJson } from '../../src/engine/json.ts';
import { runnable } from '../../src/engine/subsystem.ts';
import { replay } from '../../src/engine/replay.ts';
import type { Envelope, StreamName } from '../../src/index.ts';
import { against, rate } from '../harness/rounds.ts';
import { atLeast, sized, type Row } from '../harness/row.ts';
import { NEVER, TITLE } from '../subjects/ticket-desk.ts';
import { ticketSubsystem, type Ticket, type TicketEvent } from '../subjects/tickets.ts';

/** An event as it lies in the store, of which only the payload is still a text. */
type Stored = Omit<Envelope, 'data'> & { readonly text: string };

const STREAM: StreamName = 'ticket-1';

const storedAt = (revision: number): Stored => {
  const opened = revision === 0;
  const commandId = `command-${revision}`;
  return {
    id: `00000000-0000-8000-8000-${String(revision).padStart(12, '0')}`,
    type: opened ? 'TicketOpened' : 'NoteAdded',
    version: 1,
    text: JSON.stringify({ answerBy: NEVER, [opened ? 'title' : 'note']: `${TITLE} ${revision}` }),
    metadata: { at: revision, actor: 'a', commandId, payloadHash: '', correlationId: commandId },
    stream: STREAM,
    revision,
    position: `${revision + 1}`,
    hash: '',
  };
};

/** One entry for each event that the history holds. */
const evolveByHand = (state: Ticket, { type, data }: TicketEvent): Ticket => {
  if (type === 'TicketOpened') return { status: 'Open', ...data, notes: 0, last: '' };
  if (state.status !== 'Open') return state;
  if (type === 'TicketClosed') {
    return { status: 'Closed', title: state.title, notes: state.notes, closedAt: data.closedAt };
  }
  return { ...state, notes: state.notes + 1, last: data.note, answerBy: data.answerBy };
};

const foldByHand = (history: readonly Stored[]): Ticket =>
  history.reduce<Ticket>(
    (state, { type, text }) => evolveByHand(state, { type, data: JSON.parse(text) } as TicketEvent),
    { status: 'Unopened' },
  );

/** The envelope field by field, as a store makes it of what it has read: a spread would cost more than the fold. */
const envelopeOf = (stored: Stored): Envelope => {
  const { id, type, version, text, metadata, stream, revision, position, hash } = stored;
  const data: unknown = JSON.parse(text);
  return { id, type, version, data, metadata, stream, revision, position, hash };
};

const foldByEngine = (history: readonly Stored[]): unknown => {
  const envelopes = history.map(envelopeOf);
  const folded = replay(runnable(ticketSubsystem), { status: 'Unopened' }, envelopes);
  if (folded._tag === 'Left') throw new Error(folded.left.reason);
  return folded.right;
};

const check = (history: readonly Stored[]): void => {
  if (sameJson(foldByHand(history), foldByEngine(history))) return;
  throw new Error('the two folds differ');
};

/** From the payload's bytes to the state: parse, decode, check every edge, evolve. */
export const foldRows: readonly Row[] = [
  {
    name: 'fold of a history in memory',
    unit: 'events/s',
    target: atLeast(0.5),
    baseline: 'JSON.parse + hand-written fold of the same bytes',
    measure: async (run) => {
      const history = Array.from({ length: 2_000 }, (_, revision) => storedAt(revision));
      check(history);
      const times = sized(run, 5, 50);
      const repeated = (fold: (stored: readonly Stored[]) => unknown) => () =>
        rate(() => {
          for (let time = 0; time < times; time += 1) fold(history);
          return times * history.length;
        });
      return against(
        run,
        repeated(foldByEngine),
        repeated(foldByHand),
        `${history.length} events, ${times} times per round`,
      );
    },
  },
];
