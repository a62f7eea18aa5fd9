import { createEngine, sqliteStore, type StreamName } from '../../src/index.ts';
import { fill, type Piece } from './bulk.ts';
import { NEVER, TITLE } from './ticket-desk.ts';
import { ticketEvents, ticketSubsystem, type TicketEvent } from './tickets.ts';

const { TicketOpened, NoteAdded, TicketClosed } = ticketEvents.of;

export type TicketLog = {
  readonly streams: number;
  /** Events per stream. */
  readonly events: number;
  /** Whether the last event of a stream closes its ticket. */
  readonly closes: boolean;
};

/** Events of one append, far below 1 MiB. */
const PER_APPEND = 1_000;
const BEGIN = 1_700_000_000_000;

const eventAt = (index: number, { events, closes }: TicketLog): TicketEvent => {
  if (index === 0) return TicketOpened({ title: TITLE, answerBy: NEVER });
  if (closes && index === events - 1) return TicketClosed({ closedAt: index });
  return NoteAdded({ note: TITLE, answerBy: NEVER });
};

const nameOf = (stream: number): StreamName => `ticket-made-${stream}`;

function* piecesOf(stream: number, log: TicketLog): Generator<Piece> {
  for (let from = 0; from < log.events; from += PER_APPEND) {
    const length = Math.min(PER_APPEND, log.events - from);
    yield {
      stream: nameOf(stream),
      behind: from === 0 ? 'none' : from - 1,
      at: BEGIN + from,
      events: Array.from({ length }, (_, index) => eventAt(from + index, log)),
    };
  }
}

/** Writes tickets; resolves to the names of their streams. */
export const fillWithTickets = async (path: string, log: TicketLog): Promise<readonly string[]> => {
  await fill(path, log.streams, (stream) => piecesOf(stream, log));
  return Array.from({ length: log.streams }, (_, index) => nameOf(index + 1));
};

/** Lets the projections of a file's tickets catch up, and closes it again. */
export const projectTickets = async (path: string): Promise<void> => {
  const engine = await createEngine({ store: sqliteStore(path), subsystems: [ticketSubsystem] });
  await engine.settle();
  await engine.close();
};
