import { E } from '../../src/engine/fp.ts';
import type { AnyProjection, ReadModel, Tables } from '../../src/engine/projection.ts';
import type { Store } from '../../src/engine/rows.ts';
import type { Page } from '../../src/engine/store.ts';
import { ticketSubsystem, tickets, ticketsProjection, type TicketRow } from './tickets.ts';

type Handlers = Required<typeof ticketsProjection.on>;

/** What a version of the tickets' projection does differently. */
export type Differently = {
  readonly version: number;
  /** Hears of every note that it takes in; what it throws breaks the projection. */
  readonly note?: (note: string) => void;
  readonly indexes?: ReadModel<TicketRow>['indexes'];
};

/** Tickets whose rows say by which version they were built: in their titles. */
export const versioned = ({
  version,
  note = () => undefined,
  indexes = tickets.indexes,
}: Differently): readonly [typeof ticketSubsystem] => {
  const model: ReadModel<TicketRow> = { name: tickets.name, indexes };
  const { TicketOpened, NoteAdded } = ticketsProjection.on as Handlers;
  const shown = (tables: Tables): Tables => {
    const rows = tables(model);
    const marked = {
      ...rows,
      set: (key: string, row: TicketRow | undefined) =>
        rows.set(key, row && { ...row, title: `v${version}` }),
    };
    return (() => marked) as unknown as Tables;
  };
  const projection: AnyProjection = {
    name: 'tickets',
    version,
    models: [model],
    on: {
      TicketOpened: (tables: Tables, recorded: Parameters<Handlers['TicketOpened']>[1]) =>
        TicketOpened(shown(tables), recorded),
      NoteAdded: (tables: Tables, recorded: Parameters<Handlers['NoteAdded']>[1]) => {
        note(recorded.data.note);
        NoteAdded(shown(tables), recorded);
      },
    },
  };
  return [{ ...ticketSubsystem, reactions: [], projections: [projection] }];
};

/** A store whose log is read in small pages; `between` is awaited before each of them, `held` before it is handed over. */
export const inPages = (
  inner: Store,
  pageSize: number,
  between: () => Promise<void> = async () => undefined,
  held: (page: Page) => Promise<void> = async () => undefined,
): Store => ({
  ...inner,
  open: (options) => async () => {
    const opened = await inner.open(options)();
    if (E.isLeft(opened)) return opened;
    const { events } = opened.right;
    return E.right({
      ...opened.right,
      events: {
        ...events,
        subscribe: (subscription) => {
          const pages = events.subscribe({ ...subscription, pageSize });
          const slowly: AsyncIterableIterator<Page> = {
            [Symbol.asyncIterator]: () => slowly,
            next: async () => {
              await between();
              const next = await pages.next();
              if (next.done !== true) await held(next.value);
              return next;
            },
            return: async () => (await pages.return?.()) ?? { done: true, value: undefined },
          };
          return slowly;
        },
      },
    });
  },
});
