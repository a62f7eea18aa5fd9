import { join } from 'node:path';
import { copyLog } from '../../src/adapters/copy/copy-log.ts';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { withLocalRows } from '../../src/adapters/sqlite/local-rows.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { E, TE } from '../../src/engine/fp.ts';
import type { Log, OpenLog, Store } from '../../src/engine/rows.ts';
import type { Envelope, EventStore } from '../../src/engine/store.ts';
import { right } from '../support/drafts.ts';
import { ada, engines, failureOf, written } from '../support/engines.ts';
import { sparseLog } from '../support/sparse-log.ts';
import { inDirectory } from '../support/store-files.ts';
import { ticketCommands, ticketSubsystem } from '../support/tickets.ts';

const start = engines();
const { OpenTicket, AddNote } = ticketCommands.of;

/** A store in which tickets of several streams lie mixed. */
const filled = async (store: Store, tickets = 20): Promise<Store> => {
  const engine = await start({ store });
  for (let n = 0; n < 3 * tickets; n += 1) {
    const stream = `ticket-${n % tickets}`;
    const command =
      n < tickets
        ? OpenTicket({ title: `echo ${n}`, answerBy: 9_000 })
        : AddNote({ note: `note ${n}` });
    await engine.send(ticketSubsystem, stream, command, { actor: ada, commandId: `c${n}` });
  }
  await engine.settle();
  await engine.close();
  return store;
};

const opened = async (log: Log): Promise<OpenLog> => {
  const open = await log.open({ readOnly: false })();
  if (E.isLeft(open)) throw new Error(open.left.type);
  return open.right;
};

/** Every event of a log without its position, in order. */
const eventsOf = async (log: EventStore): Promise<readonly Omit<Envelope, 'position'>[]> => {
  const events: Omit<Envelope, 'position'>[] = [];
  const stop = new AbortController();
  for await (const page of log.subscribe({ after: undefined, signal: stop.signal })) {
    for (const { position: _, ...event } of page.events) events.push(event);
    if (page.caughtUp) break;
  }
  stop.abort();
  return events;
};

/** Copies between two logs and gives the outcome with what the target then holds. */
const copied = async (from: Log, to: Log, change = (events: EventStore) => events) => {
  const [source, target] = [await opened(from), await opened(to)];
  try {
    const outcome = await copyLog(source.events, change(target.events)).catch((cause: unknown) =>
      failureOf(Promise.reject(cause)),
    );
    const [wanted, found] = [await eventsOf(source.events), await eventsOf(target.events)];
    return { outcome, wanted, found };
  } finally {
    await source.close();
    await target.close();
  }
};

const digestOf = async (store: Store): Promise<string> => {
  const engine = await start({ store, readOnly: true });
  const { head } = await engine.status();
  const digest = await engine.digest('tickets', head!);
  await engine.close();
  return digest;
};

/** Lets so many appends through; then the store is gone. */
const failingAfter =
  (appends: number) =>
  (events: EventStore): EventStore => {
    let left = appends;
    return {
      ...events,
      append: (...append) => {
        left -= 1;
        if (left >= 0) return events.append(...append);
        return TE.left({ type: 'StoreUnavailable', path: 'x', reason: 'gone', remedy: 'wait' });
      },
    };
  };

describe('N24: a log that is copied from one store to another', () => {
  it.each([
    ['SQLite to SQLite', (file: (name: string) => string) => sqliteStore(file('to.db'))],
    ['SQLite to memory', () => memoryStore()],
    [
      'SQLite to a server',
      (file: (name: string) => string) => withLocalRows(sparseLog(), file('rows.db')),
    ],
  ])('%s: keeps ids, revisions, order, instants, metadata and the instance', (_, make) =>
    inDirectory(async (directory) => {
      const file = (name: string) => join(directory, name);
      const [from, to] = [await filled(sqliteStore(file('from.db'))), make(file)];
      const { outcome, wanted, found } = await copied(from, to);
      expect(outcome).toMatchObject({ instance: 'test', events: 81, found: 0, from: '81' });
      expect(found).toEqual(wanted);
      expect(await digestOf(to)).toBe(await digestOf(from));
    })(),
  );

  it(
    'from a server to SQLite, and it goes on there',
    inDirectory(async (directory) => {
      const [memory, path] = [memoryStore(), join(directory, 'rows.db')];
      const from = await filled(withLocalRows(sparseLog(memory), path));
      const to = sqliteStore(join(directory, 'to.db'));
      const { outcome, wanted, found } = await copied(from, to);
      expect(outcome).toMatchObject({ from: 'at:570', to: '81' });
      expect(found).toEqual(wanted);
      await filled(to);
      expect((await copied(to, memoryStore())).outcome).toMatchObject({ events: 81 });
    }),
  );

  it.each([0, 1, 17, 40])('interrupted after %i appends it is taken up again', async (appends) => {
    const [from, to] = [await filled(memoryStore()), memoryStore()];
    const cut = await copied(from, to, failingAfter(appends));
    expect(cut.outcome).toMatchObject({ type: 'StoreUnavailable', reason: 'gone' });
    expect(cut.found).toEqual(cut.wanted.slice(0, cut.found.length));
    const { outcome, wanted, found } = await copied(from, to);
    expect(outcome).toMatchObject({ events: 81, found: cut.found.length });
    expect(found).toEqual(wanted);
    expect((await copied(from, to)).outcome).toMatchObject({ events: 81, found: 81, to: '81' });
  });

  it('a target with another event is refused by its name, and nothing is written', async () => {
    const [from, to] = [await filled(memoryStore()), memoryStore()];
    await copied(from, to, failingAfter(10));
    await written(to, 'ticket-0', 1, { type: 'NoteAdded', data: { note: 'of somebody else' } });
    const { outcome, found } = await copied(from, to);
    expect(outcome).toEqual({
      type: 'TargetDiffers',
      store: 'memory',
      reason: expect.stringMatching(/^it has revision 1 of ticket-0 where .* belongs$/) as unknown,
      remedy: 'name a new store, or one that holds a beginning of this log',
    });
    expect(found.at(-1)).toMatchObject({ data: { note: 'of somebody else' } });
  });

  it('a target of another instance is refused', async () => {
    const from = await filled(memoryStore());
    const to = memoryStore();
    await (await start({ store: to, instance: 'other' })).close();
    expect((await copied(from, to)).outcome).toMatchObject({
      type: 'TargetDiffers',
      reason: 'its revision 0 of instance-main is another event',
    });
  });

  it('a target that goes further than the source is refused', async () => {
    const [short, long] = [await filled(memoryStore(), 2), memoryStore()];
    await copied(short, long);
    await written(long, 'ticket-0', 4, { type: 'NoteAdded', data: { note: 'more' } });
    expect((await copied(short, long)).outcome).toMatchObject({
      reason: 'it goes on with revision 4 of ticket-0, which memory does not have',
    });
  });

  it('a target to which somebody else writes meanwhile is refused', async () => {
    const [from, to] = [await filled(memoryStore()), memoryStore()];
    const racing = (events: EventStore): EventStore => ({
      ...events,
      append: (stream, expected, drafts) => async () => {
        if (stream === 'ticket-5' && expected === 'none') {
          const [other] = drafts.map((draft) => ({ ...draft, id: 'of-somebody-else' }));
          await right(events.append(stream, 'none', [other!]));
        }
        return events.append(stream, expected, drafts)();
      },
    });
    expect((await copied(from, to, racing)).outcome).toMatchObject({
      type: 'TargetDiffers',
      reason: expect.stringContaining('revision 0 of ticket-5 was to follow') as unknown,
    });
  });

  it('a source that is not as it was written, or is nothing, is not copied', async () => {
    const from = await filled(memoryStore());
    const altered = sparseLog(from, (event) =>
      event.stream === 'ticket-3' ? [{ ...event, data: { title: 'altered' } }] : [event],
    );
    const { outcome, found } = await copied(altered, memoryStore());
    expect(outcome).toMatchObject({
      type: 'LogDamaged',
      store: 'a server',
      reason: 'revision 0 of ticket-3 is not what was written',
    });
    expect(found.length).toBeLessThan(81);
    const foreign = sparseLog(from, (event) => [{ ...event, unreadable: 'it is no JSON' }]);
    expect((await copied(foreign, memoryStore())).outcome).toMatchObject({
      reason: 'revision 0 of instance-main cannot be read: it is no JSON',
    });
    expect((await copied(memoryStore(), memoryStore())).outcome).toMatchObject({
      type: 'LogDamaged',
      reason: 'nothing has been written to it yet',
    });
  });
});
