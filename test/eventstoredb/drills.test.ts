import { systemClock } from '../../src/adapters/system-clock.ts';
import type { Store } from '../../src/engine/rows.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import type { Page } from '../../src/engine/store.ts';
import { ada, engines } from '../support/engines.ts';
import {
  caughtUp,
  draft,
  drafts,
  freshStream,
  idsOf,
  left,
  pull,
  right,
} from '../support/drafts.ts';
import { startCluster } from '../support/esdb/cluster.ts';
import { startStandIn } from '../support/esdb/stand-in.ts';
import { onStandIn, storeOn } from '../support/esdb/store-on.ts';
import { noted, notesOf } from '../support/ticket-reactions.ts';
import { ticketCommands, ticketSubsystem, tickets } from '../support/tickets.ts';

const start = engines();
const { OpenTicket, AddNote } = ticketCommands.of;

/** An engine that runs by itself on a server. */
const engineOn = (store: Store): Promise<Engine> => start({ store, clock: systemClock() });
const FAR = 4_000_000_000_000;

/** Waits until what runs by itself has come as far as it must. */
const until = async (isSo: () => Promise<boolean>): Promise<void> => {
  for (;;) {
    if (await isSo().catch(() => false)) return;
    await new Promise((next) => setTimeout(next, 20));
  }
};

const openTicket = (engine: Engine, id: string, title = 'plain') =>
  engine.send(ticketSubsystem, `ticket-${id}`, OpenTicket({ title, answerBy: FAR }), {
    actor: ada,
  });

const openAndNote = async (engine: Engine, id: string) => {
  const options = (n: number) => ({ actor: ada, commandId: `${id}-${n}` });
  const send = engine.send;
  const stream = `ticket-${id}` as const;
  const title = `echo ${id}`;
  await send(ticketSubsystem, stream, OpenTicket({ title, answerBy: FAR }), options(0));
  return send(ticketSubsystem, stream, AddNote({ note: 'asked' }), options(1));
};

describe('a server that goes and comes back', () => {
  it('N2 N8 N13 N19 loses and doubles nothing of 100 commands in flight, and all that follows resumes by itself', async () => {
    const server = await startStandIn();
    const engine = await engineOn(storeOn(server.connectionString, { attemptMs: 2_000 }));
    const ids = Array.from({ length: 100 }, (_, n) => `t${n}`);
    const all = Promise.all(ids.map((id) => openAndNote(engine, id)));
    for (let kill = 0; kill < 3; kill += 1) {
      const before = server.log.records.length;
      await until(async () => server.log.records.length > before + 30);
      await server.stop('kill');
      await server.restart();
    }
    const outcomes = await all;
    expect(new Set(outcomes.map(({ outcome }) => outcome))).toEqual(new Set(['accepted']));
    // Each is opened, noted, and echoed by a reaction, once.
    await until(async () => {
      const rows = await engine.query(tickets).page({ limit: 200 });
      return rows.length === 100 && rows.every(({ row }) => row.notes === 2);
    });
    const streams = ids.map((id) =>
      server.log.stream(`ticket-${id}`).records.map(({ type }) => type),
    );
    for (const types of streams) {
      expect(types.toSorted()).toEqual(['NoteAdded', 'NoteAdded', 'TicketOpened']);
    }
    await engine.close();
    await server.stop('kill');
  });

  it('N13 is followed again without gap or repeat: killed, stopped with grace, cut while it delivers', async () => {
    const server = await startStandIn();
    const { events, close } = await right(
      storeOn(server.connectionString).open({ readOnly: false }),
    );
    const stop = new AbortController();
    const pages = events.subscribe({ after: undefined, signal: stop.signal });
    const seen: Page[] = [];
    const written: string[] = [];
    for (const how of ['kill', 'graceful', 'kill'] as const) {
      const batch = drafts(5);
      written.push(...idsOf(batch));
      await right(events.append(freshStream(), 'none', batch));
      await server.stop(how);
      await server.restart();
      const { pages: more } = await pull(pages, (found) => found.at(-1)?.id === batch[4]!.id);
      seen.push(...more);
    }
    expect(idsOf(seen.flatMap((page) => page.events))).toEqual(written);
    stop.abort();
    await close();
    await server.stop('kill');
  });
});

describe('a consumer that is too slow', () => {
  it(
    'N13 is dropped and goes on at once behind what it has seen',
    onStandIn(async ({ events }, server) => {
      const stop = new AbortController();
      const pages = events.subscribe({ after: undefined, signal: stop.signal });
      await pages.next();
      const [one, many] = [draft(), drafts(1_000)];
      server.fail('subscribe', 'slow-consumer', { times: 2 });
      await right(events.append(freshStream(), 'none', [one]));
      await right(events.append(freshStream(), 'none', many));
      const { events: seen } = await pull(pages, (found) => found.length >= 1_001);
      expect(idsOf(seen)).toEqual(idsOf([one, ...many]));
      stop.abort();
    }),
  );
});

describe('a log that went back', () => {
  it(
    'N13 is StoreWentBack for who has read what is gone, and only for them',
    onStandIn(async ({ events }, server) => {
      await right(events.append('order-1', 'none', [draft()]));
      const kept = await right(events.head());
      const { position } = await right(events.append('order-2', 'none', [draft()]));
      server.log.goBackTo(1);
      const { signal } = new AbortController();
      const failure = { type: 'StoreWentBack', stored: position, head: kept };
      await expect(events.subscribe({ after: position, signal }).next()).rejects.toMatchObject({
        failure,
      });
      expect(await right(events.head())).toBe(kept);
      const later = await right(events.append('order-3', 'none', [draft()]));
      const { events: seen } = await caughtUp(events, kept);
      expect(seen).toEqual(later.events);
      server.log.goBackTo(0);
      const emptied = { type: 'StoreWentBack', stored: kept, head: undefined };
      await expect(events.subscribe({ after: kept, signal }).next()).rejects.toMatchObject({
        failure: emptied,
      });
      expect(await right(events.head())).toBeUndefined();
    }),
  );

  it('N15 stops the projections of an engine, which says so; with an empty place for read models it begins anew', async () => {
    const server = await startStandIn();
    const store = storeOn(server.connectionString);
    const rowsOf = async (engine: Engine) =>
      (await engine.query(tickets).page({ limit: 9 })).length;
    const first = await engineOn(store);
    await openTicket(first, '1');
    const { length } = server.log.records;
    await openTicket(first, '2');
    await until(async () => (await rowsOf(first)) === 2);
    await first.close();
    server.log.goBackTo(length);
    const second = await engineOn(store);
    await until(async () => JSON.stringify(await second.status()).includes('StoreWentBack'));
    expect(await rowsOf(second)).toBe(2);
    await second.close();
    const third = await engineOn(storeOn(server.connectionString));
    await openTicket(third, '3');
    await until(async () => (await rowsOf(third)) === 2);
    await third.close();
    await server.stop('kill');
  });
});

describe('a cluster', () => {
  it('N8 goes on where another node becomes the leader', async () => {
    const cluster = await startCluster(3);
    const { events, close } = await right(
      storeOn(cluster.connectionString).open({ readOnly: false }),
    );
    const stream = freshStream();
    const written: string[] = [];
    for (const leader of [0, 1, 2, 0]) {
      cluster.elect(leader);
      const batch = drafts(2);
      await right(events.append(stream, written.length === 0 ? 'none' : written.length - 1, batch));
      written.push(...idsOf(batch));
    }
    expect(idsOf(await right(events.read(stream)))).toEqual(written);
    expect(idsOf((await caughtUp(events, undefined)).events)).toEqual(written);
    await close();
    await cluster.stop();
  });
});

describe('a server that takes bytes and answers nothing', () => {
  it(
    'N45 fails what cannot be done within its deadline, and serves again once it answers',
    onStandIn(
      async ({ events }, server) => {
        await right(events.append('order-1', 'none', [draft()]));
        server.freeze();
        const failures = await Promise.all([
          left(events.read('order-1')),
          left(events.head()),
          left(events.append('order-1', 0, [draft()])),
        ]);
        expect(failures.map(({ type }) => type)).toEqual(Array(3).fill('StoreUnavailable'));
        server.thaw();
        expect(await right(events.read('order-2'))).toEqual([]);
      },
      { attemptMs: 150, deadlineMs: 600 },
    ),
  );
});

describe('two engines on one server', () => {
  it('N2 N4 decide each on what they extend; what both do by themselves is done once', async () => {
    const server = await startStandIn();
    const [one, two] = await Promise.all([
      engineOn(storeOn(server.connectionString)),
      engineOn(storeOn(server.connectionString)),
    ]);
    await openTicket(one, '1', 'echo');
    await until(async () => (await notesOf(two, '1')).length === 1);
    const notes = Array.from({ length: 20 }, (_, n) =>
      noted(n % 2 === 0 ? one : two, '1', `n${n}`),
    );
    const ends = await Promise.allSettled(notes);
    const accepted = ends.filter(({ status }) => status === 'fulfilled').length;
    expect((await notesOf(one, '1')).length).toBe(accepted + 1);
    expect(await notesOf(two, '1')).toEqual(await notesOf(one, '1'));
    const same = { actor: ada, commandId: 'same' };
    const both = await Promise.all(
      [one, two].map((engine) =>
        engine.send(ticketSubsystem, 'ticket-2', OpenTicket({ title: 't', answerBy: FAR }), same),
      ),
    );
    expect(both.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted']);
    expect(both[0]).toHaveProperty('events', both[1]?.outcome === 'accepted' && both[1].events);
    expect(server.log.stream('ticket-2').records).toHaveLength(1);
    await one.close();
    await two.close();
    await server.stop('kill');
  });
});
