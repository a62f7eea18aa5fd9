import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { E } from '../../src/engine/fp.ts';
import { canonicalJson } from '../../src/engine/json.ts';
import type { Store } from '../../src/engine/rows.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import type { Opening } from '../../src/engine/run/opening.ts';
import { SNAPSHOTS, storedSnapshot, type StoredSnapshot } from '../../src/engine/snapshot.ts';
import type { StreamName } from '../../src/engine/store.ts';
import { subsystem } from '../../src/engine/subsystem.ts';
import { ada, engines, opened, stores, written } from '../support/engines.ts';
import { faultyStore, type Faults } from '../support/faulty-store.ts';
import {
  ticket,
  ticketCommands,
  ticketEvents,
  ticketSubsystem,
  type Ticket,
  type TicketEvent,
} from '../support/tickets.ts';
import { watchedStore } from '../support/watched-store.ts';

const { OpenTicket, AddNote } = ticketCommands.of;
const { TicketOpened, NoteAdded } = ticketEvents.of;
const start = engines();

const STREAM = 'ticket-long';
const LENGTH = 600;
const NEVER = 1_000_000;

/** Events of a ticket from a revision on. */
const events = (from: number, to: number, note = 'n') =>
  Array.from({ length: to - from }, (_, index) =>
    from + index === 0
      ? TicketOpened({ title: 'long', answerBy: NEVER })
      : NoteAdded({ note: `${note}${from + index}` }),
  );

const snapshotOf = async (store: Store, stream = STREAM): Promise<StoredSnapshot | undefined> => {
  const { rows, close } = await opened(store);
  const row = rows.get(SNAPSHOTS, stream);
  await close();
  return E.isRight(row) ? storedSnapshot(row.right) : undefined;
};

const putSnapshot = async (store: Store, row: unknown, stream = STREAM): Promise<void> => {
  const { rows, close } = await opened(store);
  rows.commit({ changes: [{ table: SNAPSHOTS, key: stream, row, entries: [] }] });
  await close();
};

const note = (engine: Engine, text: string, commandId = text, stream: StreamName = STREAM) =>
  engine.send(ticketSubsystem, stream, AddNote({ note: text }), { actor: ada, commandId });

/** Opens an engine, does something, and closes it, as a process that ends would. */
const during = async <T>(options: Partial<Opening>, work: (engine: Engine) => Promise<T>) => {
  const engine = await start(options);
  const done = await work(engine);
  await engine.close();
  return done;
};

/** A store with a long ticket of which a snapshot was taken. */
const withSnapshot = async (store: Store): Promise<StoredSnapshot> => {
  await during({ store }, async () => undefined);
  await written(store, STREAM, 0, ...events(0, LENGTH));
  await during({ store }, (engine) => note(engine, 'last'));
  const snapshot = await snapshotOf(store);
  expect(snapshot).toMatchObject({ revision: LENGTH - 1 });
  return snapshot!;
};

const notesOf = async (store: Store) => {
  const { events: log, close } = await opened(store);
  const page = await log.read(STREAM)();
  await close();
  return E.isRight(page) ? page.right.length : 0;
};

describe.each(stores)('engine N9: snapshots of long streams on %s', (_, create) => {
  test('are taken when more than 500 events were folded, and again when 500 more were appended', async () => {
    const store = create();
    await withSnapshot(store);
    await during({ store, snapshots: { every: 10 } }, async (engine) => {
      for (let n = 0; n < 12; n += 1) await note(engine, `more${n}`);
    });
    const later = await snapshotOf(store);
    expect(later?.revision).toBeGreaterThan(LENGTH);
    expect(later?.revision).toBeLessThan(LENGTH + 13);
  });

  test('are not taken of short streams, by an engine that only looks, or where nobody wants them', async () => {
    const store = create();
    await during({ store }, async () => undefined);
    await written(store, STREAM, 0, ...events(0, 501));
    await during({ store, snapshots: 'never' }, (engine) => engine.checkReplay());
    await during({ store, readOnly: true }, (engine) => engine.stateAt(ticketSubsystem, STREAM));
    expect(await snapshotOf(store)).toBeUndefined();
    await written(store, 'ticket-short', 0, ...events(0, 499));
    await during({ store }, (engine) => note(engine, 'one', 'one', 'ticket-short'));
    expect(await snapshotOf(store, 'ticket-short')).toBeUndefined();
  });

  test('spare a cold engine the fold: it reads a page, one event and the tail', async () => {
    const inner = create();
    await withSnapshot(inner);
    const reads = { events: 0 };
    await during({ store: watchedStore(inner, { reads }) }, async (engine) => {
      reads.events = 0;
      expect(await note(engine, 'cold')).toMatchObject({ revision: LENGTH + 1 });
      expect(reads.events).toBe(64 + 1 + 1);
    });
  });

  test('show in no answer: outcomes, repeats, refusals and states are those of an engine without', async () => {
    const told = async (snapshots: Opening['snapshots']) => {
      const store = create();
      const options = { store, ...(snapshots === undefined ? {} : { snapshots }) };
      const send = (engine: Engine, n: number) => note(engine, `n${n}`);
      const said: unknown[] = [];
      for (let life = 0; life < 6; life += 1) {
        await during(options, async (engine) => {
          const command = OpenTicket({ title: 'long', answerBy: NEVER });
          const sent = { actor: ada, commandId: 'open' };
          said.push(await engine.send(ticketSubsystem, STREAM, command, sent));
          // Those of earlier lives are repeated, and one of them is asked otherwise.
          for (let n = 0; n < 4 * (life + 1); n += 1) said.push(await send(engine, n));
          said.push(await note(engine, 'another', 'n0'));
          said.push(await engine.stateAt(ticketSubsystem, STREAM));
        });
      }
      return { said, snapshot: await snapshotOf(store) };
    };
    const without = await told('never');
    const each = await told({ every: 1 });
    expect(each.said).toEqual(without.said);
    expect(without.snapshot).toBeUndefined();
    expect(each.snapshot?.revision).toBeGreaterThanOrEqual(23);
  });

  test('are replaced by those of a decider of another version, which they are nothing to', async () => {
    const store = create();
    const before = await withSnapshot(store);
    const reads = { events: 0 };
    const raised = subsystem({ ...ticketSubsystem, decider: { ...ticket, version: 2 } });
    const options = { store: watchedStore(store, { reads }), subsystems: [raised] };
    await during(options, async (engine) => {
      reads.events = 0;
      await engine.send(raised, STREAM, AddNote({ note: 'two' }), { actor: ada });
      expect(reads.events).toBe(LENGTH + 1);
    });
    const after = await snapshotOf(store);
    expect(after?.revision).toBe(LENGTH);
    expect(after?.fingerprint).not.toBe(before.fingerprint);
  });

  test.each([
    ['another format', () => ({ format: 7 })],
    ['no record', () => 'nothing'],
    [
      'a content that was altered',
      (row: StoredSnapshot) => ({ ...row, content: row.content.replace('n7"', 'x7"') }),
    ],
    ['the digest of another', (row: StoredSnapshot) => ({ ...row, digest: row.fingerprint })],
    ['a revision that was altered', (row: StoredSnapshot) => ({ ...row, revision: 70 })],
  ])('are ignored where the row is %s', async (_what, change) => {
    const store = create();
    await putSnapshot(store, change(await withSnapshot(store)));
    await during({ store }, async (engine) => {
      const { states, identical } = await engine.checkReplay();
      expect([states.live === states.folded, identical]).toEqual([true, true]);
    });
  });

  test('are never used ahead of the log or for another history', async () => {
    const snapshot = await withSnapshot(create());
    for (const [length, text] of [
      [300, 'n'],
      [LENGTH, 'm'],
    ] as const) {
      const other = create();
      await during({ store: other }, async () => undefined);
      await written(other, STREAM, 0, ...events(0, length, text));
      await putSnapshot(other, snapshot);
      await during({ store: other }, async (engine) => {
        const { states } = await engine.checkReplay();
        expect(states.live).toBe(states.folded);
        expect(await note(engine, 'next')).toMatchObject({ revision: length });
      });
    }
  });

  test('hold exactly the state that the events up to their revision give', async () => {
    const store = create();
    const { content, revision } = await withSnapshot(store);
    const { state } = JSON.parse(content) as { state: unknown };
    await during({ store }, async (engine) => {
      const folded = await engine.stateAt(ticketSubsystem, STREAM, { revision });
      expect(canonicalJson(state)).toBe(canonicalJson(folded.state));
    });
  });
});

describe('engine N9: a snapshot that cannot be stored', () => {
  test('fails no command, and the status says why', async () => {
    const faults: Faults = { commit: ({ changes }) => changes[0]?.table === SNAPSHOTS };
    const inner = memoryStore();
    const options = { store: faultyStore(inner, faults), snapshots: { every: 1 } };
    const engine = await start(options);
    for (const text of ['a', 'b', 'c']) {
      const command = OpenTicket({ title: text, answerBy: NEVER });
      await engine.send(ticketSubsystem, `ticket-${text}`, command, { actor: ada });
      for (let n = 0; n < 5; n += 1) {
        const outcome = await note(engine, `${text}${n}`, `${text}${n}`, `ticket-${text}`);
        expect(outcome.outcome).toBe('accepted');
      }
    }
    await engine.settle();
    while ((await engine.status()).snapshots.failure === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await engine.status()).snapshots.failure).toMatch(/the test wants it/);
    await engine.close();
    expect(await snapshotOf(inner, 'ticket-a')).toBeUndefined();
  });

  test.each([
    ['too large', 'x'.repeat(1_048_576), /longer than 1048576/],
    ['too large once it is written', '"'.repeat(700_000), /longer than 1048576/],
    ['no JSON', new Date(0), /its state\.odd is not a JSON value/],
    ['no JSON, for a field is undefined', undefined, /its state\.odd is not a JSON value/],
  ])('is left out where the state is %s', async (_, odd, reason) => {
    const store = memoryStore();
    const evolve = (state: Ticket, event: TicketEvent) => ({ ...ticket.evolve(state, event), odd });
    const decider = { ...ticket, evolve: Object.assign(evolve, { owned: evolve }) };
    const subsystems = [subsystem({ ...ticketSubsystem, decider })];
    await during({ store }, async () => undefined);
    await written(store, STREAM, 0, ...events(0, 3));
    const engine = await start({ store, subsystems, snapshots: { every: 1 } });
    expect((await note(engine, 'a')).outcome).toBe('accepted');
    while ((await engine.status()).snapshots.failure === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await engine.status()).snapshots.failure).toMatch(reason);
    await engine.close();
    expect(await snapshotOf(store)).toBeUndefined();
  });

  test('is left out where the initial state is no JSON', async () => {
    const store = memoryStore();
    const odd = { ...ticket, initial: { ...ticket.initial, best: Infinity } };
    const subsystems = [subsystem({ ...ticketSubsystem, decider: odd })];
    await during({ store, subsystems, snapshots: { every: 1 } }, async (engine) => {
      const command = OpenTicket({ title: 'odd', answerBy: NEVER });
      await engine.send(ticketSubsystem, STREAM, command, { actor: ada });
      for (const text of ['a', 'b']) expect((await note(engine, text)).outcome).toBe('accepted');
      while ((await engine.status()).snapshots.failure === undefined) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect((await engine.status()).snapshots.failure).toMatch(/ticket-long .*Infinity/);
    });
    expect(await snapshotOf(store)).toBeUndefined();
    const { outcome } = await during({ store, subsystems }, (engine) => note(engine, 'c'));
    expect(outcome).toBe('accepted');
  });

  test('is one whose policy is no whole number from 1: the engine does not start', async () => {
    for (const every of [0, -1, 0.5, Number.NaN]) {
      await expect(start({ snapshots: { every } })).rejects.toThrow('a whole number from 1');
    }
  });
});

describe('engine N2: after a start from a snapshot on a store without an index of ids', () => {
  test('the 1,000 latest commands of a stream are still recognised', async () => {
    const inner = memoryStore();
    const store = watchedStore(inner, { find: false });
    const options = { store, snapshots: { every: 400 } };
    const COUNT = 1_250;
    await during(options, async (engine) => {
      const command = OpenTicket({ title: 'long', answerBy: NEVER });
      await engine.send(ticketSubsystem, STREAM, command, { actor: ada, commandId: 'open' });
      for (let n = 0; n < COUNT; n += 1) await note(engine, `n${n}`);
    });
    const { content, revision } = (await snapshotOf(inner))!;
    expect(revision).toBeGreaterThan(COUNT - 400);
    // Those behind the snapshot are in its tail.
    const { commands } = JSON.parse(content) as { commands: unknown[] };
    expect(commands.length + COUNT - revision).toBeGreaterThanOrEqual(1_000);
    const length = await notesOf(inner);
    await during(options, async (engine) => {
      for (let n = COUNT - 1_000; n < COUNT; n += 33) {
        expect(await note(engine, `n${n}`)).toMatchObject({ repeated: true, revision: n + 1 });
        expect(await note(engine, 'another', `n${n}`)).toMatchObject({ outcome: 'refused' });
      }
    });
    expect(await notesOf(inner)).toBe(length);
  });
});
