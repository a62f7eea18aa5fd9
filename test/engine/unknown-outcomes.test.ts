import { of } from 'rxjs';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { StoreFailed, type Page } from '../../src/engine/store.ts';
import { ada, engines } from '../support/engines.ts';
import { faultyStore, unavailable, type Faults } from '../support/faulty-store.ts';
import { handClock } from '../support/hand-clock.ts';
import { note, noted, opened, reacting, whenOpened } from '../support/ticket-reactions.ts';
import { ticketCommands, tickets, ticketSubsystem } from '../support/tickets.ts';

const start = engines();
const { OpenTicket } = ticketCommands.of;

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

type Pages = AsyncIterableIterator<Page>;

/** The same pages with another `next`. */
const givenBy = (pages: Pages, next: Pages['next']): Pages => ({
  [Symbol.asyncIterator]() {
    return this;
  },
  next,
  return: async () => (await pages.return?.()) ?? { done: true, value: undefined },
});

/** Every page twice. */
const twice = (pages: Pages): Pages => {
  let again: IteratorResult<Page> | undefined;
  return givenBy(pages, async () => {
    const given = again ?? (await pages.next());
    again = again === undefined ? given : undefined;
    return given;
  });
};

/** Pages of one event each. */
const oneByOne = (pages: Pages): Pages => {
  let rest: Page | undefined;
  return givenBy(pages, async () => {
    if (rest === undefined) {
      const given = await pages.next();
      if (given.done === true) return given;
      rest = given.value;
    }
    const page = rest;
    const [event, ...others] = page.events;
    rest = others.length === 0 ? undefined : { ...page, events: others };
    if (event === undefined || rest === undefined) return { done: false, value: page };
    return {
      done: false,
      value: { events: [event], position: event.position, caughtUp: false },
    };
  });
};

/** Opens a ticket that nobody answers until 100. */
const opening = async (faults: Faults) => {
  const clock = handClock();
  const engine = await start({ store: faultyStore(memoryStore(), faults), clock });
  await engine.send(ticketSubsystem, 'ticket-1', OpenTicket({ title: 'plain', answerBy: 100 }), {
    actor: ada,
  });
  return { clock, engine };
};

describe('a deadline', () => {
  it('N17: fires although the store failed after it had stored the row', async () => {
    let isFirst = true;
    const { clock, engine } = await opening({
      commit: ({ changes }) => {
        const isLost = isFirst && changes.some(({ table }) => table === 'deadlines');
        if (isLost) isFirst = false;
        return isLost && 'lost';
      },
    });
    await turns();
    clock.moveTo(99);
    await turns();
    expect(await engine.history('ticket-1')).toHaveLength(1);
    clock.moveTo(10_000);
    await turns();
    expect(await engine.history('ticket-1')).toHaveLength(2);
  });

  it('N7 N17: is decided at its instant when the clock is set back while its command is on the way', async () => {
    let isReached = false;
    const faults: Faults = {};
    const { clock, engine } = await opening(faults);
    await turns();
    faults.reading = () => {
      if (isReached) clock.set(40);
    };
    isReached = true;
    clock.moveTo(100);
    await turns();
    const [, closed] = await engine.history('ticket-1');
    expect(closed).toMatchObject({ type: 'TicketClosed', metadata: { at: 100, skewMs: 60 } });
    expect(engine.deadlines(10)).toEqual([]);
  });
});

describe('a projection', () => {
  it('N13: counts an event once although the store failed after it had stored the rows', async () => {
    const faults: Faults = {};
    const store = faultyStore(memoryStore(), faults);
    const clock = handClock();
    const first = await start({ store, clock });
    await opened(first, '1');
    await opened(first, '2');
    await turns();
    let commits = 0;
    // Both notes are stored at once, unknown to the engine; of what comes then only the first commit succeeds.
    faults.commit = ({ checkpoint }) => {
      if (checkpoint?.consumer !== 'projection:tickets') return false;
      commits += 1;
      return commits === 1 ? 'lost' : commits > 2;
    };
    faults.pages = oneByOne;
    await Promise.all([noted(first, '1', 'once'), noted(first, '2', 'once')]);
    await turns();
    clock.moveTo(clock.now() + 1_000);
    await turns();
    await first.close();
    faults.commit = () => false;
    const second = await start({ store, clock });
    await turns();
    const rows = await second.query(tickets).page({ limit: 10 });
    expect(rows.map(({ row }) => row.notes)).toEqual([1, 1]);
    const { projections } = await second.status();
    expect(projections).toMatchObject([{ events: 4 }]);
  });

  it('N13: counts an event once that its store gives twice', async () => {
    const store = faultyStore(memoryStore(), { pages: twice });
    const engine = await start({ store, clock: handClock() });
    await opened(engine, '1');
    await turns();
    await noted(engine, '1', 'once');
    await turns();
    expect(await engine.query(tickets).get('1')).toMatchObject({ notes: 1 });
  });
});

describe('a reaction', () => {
  it('N19: stores how far it has come once the store has recovered, however often that failed', async () => {
    let failures = 0;
    const faults: Faults = {
      commit: ({ checkpoint }) => {
        if (checkpoint?.consumer !== 'reaction:whenOpened' || failures === 4) return false;
        failures += 1;
        return true;
      },
    };
    const clock = handClock();
    const store = faultyStore(memoryStore(), faults);
    const subsystems = reacting(whenOpened(({ data }) => of(note('2', data.title))));
    const engine = await start({ store, clock, subsystems });
    await opened(engine, '2');
    await turns();
    for (let second = 0; second < 5; second += 1) {
      clock.moveTo(clock.now() + 1_000);
      await turns();
    }
    expect(failures).toBe(4);
    expect((await engine.status()).reactions).toMatchObject([{ unfinished: 0 }]);
    expect(clock.timers()).toBe(1); // that of the ticket's deadline
  });
});

describe('closing', () => {
  it('leaves no timer behind when a projection fails after followers have been stopped', async () => {
    const gate = Promise.withResolvers<void>();
    const failing = Promise.withResolvers<never>();
    const faults: Faults = {
      pages: (pages, types) =>
        types.includes('NoteAdded') && types.includes('TicketClosed') && types.length === 3
          ? givenBy(pages, () => failing.promise)
          : pages,
    };
    const clock = handClock();
    const store = faultyStore(memoryStore(), faults);
    const waiting = {
      ...store,
      open: (options: { readonly readOnly: boolean }) => async () => {
        const answer = await store.open(options)();
        if (answer._tag === 'Left') return answer;
        const { events } = answer.right;
        const append: typeof events.append = (stream, expected, drafts) => async () => {
          if (
            drafts.some(({ metadata }) => metadata.actor === 'system' && stream !== 'instance-main')
          ) {
            await gate.promise;
          }
          return events.append(stream, expected, drafts)();
        };
        return { ...answer, right: { ...answer.right, events: { ...events, append } } };
      },
    };
    const engine = await start({ store: waiting, clock });
    await opened(engine, '1', 'echo');
    await turns();
    const closing = engine.close();
    await turns();
    failing.reject(new StoreFailed(unavailable));
    await turns();
    gate.resolve();
    await closing;
    expect(clock.timers()).toBe(0);
  });
});
