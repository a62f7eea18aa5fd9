import { systemClock } from '../../src/adapters/system-clock.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import type { Engine } from '../../src/engine/run/engine.ts';
import type { Page } from '../../src/engine/store.ts';
import { chance } from '../support/command-lines.ts';
import { ada, engines, opened, stores } from '../support/engines.ts';
import { faultyStore, type Faults } from '../support/faulty-store.ts';
import { inPages, versioned } from '../support/generation-stores.ts';
import {
  builtBy1,
  filled,
  leftIn,
  noted,
  seenBy,
  statusOf,
  v1,
  v2,
} from '../support/generations.ts';
import { ticketCommands, ticketSubsystem, tickets, type TicketRow } from '../support/tickets.ts';

const start = engines();
const built = builtBy1(start);
const isOld = (version: string | undefined): boolean => version === 'v1';
const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));

describe.each(stores)('generations of rows on a store in %s', (kind, newStore) => {
  test('engine N14: between any two commits readers of this and of another process see the old rows, whole, or the new, whole', async () => {
    process.stderr.write(`generations.test: SEED=${seed} repeats this run\n`);
    const next = chance(seed);
    for (let round = 0; round < 6; round += 1) {
      const [count, notes] = [1 + Math.floor(next() * 6), Math.floor(next() * 30)];
      const store = await built(newStore, count, notes);
      const looking = await start({ store, subsystems: v2, readOnly: true });
      const seen: Awaited<ReturnType<typeof seenBy>>[] = [];
      let engine: Engine | undefined;
      const between = async () => {
        if (engine === undefined) return;
        const [mine, theirs] = [await seenBy(engine), await seenBy(looking)];
        expect(theirs).toEqual(mine);
        seen.push(mine);
      };
      const clock = virtualClock();
      engine = await start({
        store: inPages(store, 1 + Math.floor(next() * 7), between),
        subsystems: v2,
        clock: {
          ...clock,
          breathe: async () => {
            await clock.breathe();
            await between();
          },
        },
      });
      await engine.settle();
      await between();
      const whole = { rows: count, notes };
      const wrong = seen.filter(({ versions }) => versions.length !== 1);
      expect(wrong).toEqual([]);
      expect(seen.map(({ versions: [_version], ...rest }) => rest)).toMatchObject(
        seen.map(() => whole),
      );
      const versions = seen.map(({ versions: [version] }) => version);
      expect(versions).toEqual([...versions.filter(isOld), ...versions.filter((v) => !isOld(v))]);
      expect([versions[0], versions.at(-1)]).toEqual(['v1', 'v2']);
      await Promise.all([engine.close(), looking.close()]);
    }
  });

  test('engine N13, N14: killed before any of its commits, a build goes on where it was, and old rows are removed to the last', async () => {
    const [count, notes, page] = [3, 9, 4];
    for (let fatal = 1; ; fatal += 1) {
      const store = await built(newStore, count, notes);
      let [writes, isDead] = [0, false];
      const faults: Faults = {};
      const dies = () => (isDead ||= (writes += 1) === fatal);
      faults.commit = dies;
      faults.clear = dies;
      const taken: string[] = [];
      const counted = versioned({ version: 2, note: (note) => void taken.push(note) });
      const dying = faultyStore(inPages(store, page), faults);
      const killed = await start({ store: dying, subsystems: counted });
      await killed.settle().catch(() => undefined);
      await killed.close();

      const looking = await start({ store, subsystems: v2, readOnly: true });
      const { versions, ...whole } = await seenBy(looking);
      expect({ whole, versions: versions.length }).toEqual({
        whole: { rows: count, notes },
        versions: 1,
      });
      await looking.close();

      const again = await start({ store: inPages(store, page), subsystems: counted });
      await again.settle();
      expect(await seenBy(again)).toEqual({ versions: ['v2'], rows: count, notes });
      // Only the page that was under way is taken in again.
      expect(taken.length).toBeLessThanOrEqual(notes + page);
      expect(await statusOf(again)).toMatchObject({ version: 2, events: count + notes });
      expect(await statusOf(again)).not.toHaveProperty('building');
      await again.close();
      expect(await leftIn(store)).toEqual({ numbers: [1], consumers: [1] });
      if (!isDead) break;
      expect(fatal).toBeLessThan(50);
    }
  });

  test('engine N14: a rebuild that is closed halfway is gone on with, while the live rows follow the log', async () => {
    const store = await built(newStore, 3, 30);
    const taken: string[] = [];
    const counted = versioned({ version: 1, note: (note) => void taken.push(note) });
    const engine = await start({ store: inPages(store, 2), subsystems: counted });
    const told: number[] = [];
    const rebuilt = engine.rebuild('tickets', ({ building }) => {
      if (building === undefined) return;
      expect(building.outOf).toBeGreaterThanOrEqual(33);
      told.push(building.events);
      if (told.length === 8) void engine.close();
    });
    const outcome = await noted(engine, '0000', 'during');
    await engine.waitFor('position' in outcome ? outcome.position : '');
    expect(await seenBy(engine)).toEqual({ versions: ['v1'], rows: 3, notes: 31 });
    await rebuilt.catch(() => undefined);
    expect(told).toEqual(told.toSorted((a, b) => a - b));

    const between = await start({ store, subsystems: v1, readOnly: true });
    const { building, ...live } = await statusOf(between);
    expect(live).toMatchObject({ version: 1, events: 34 });
    expect(building!.events).toBeGreaterThanOrEqual(14);
    expect(building!.events).toBeLessThan(34);
    await between.close();
    taken.length = 0;
    const again = await start({ store: inPages(store, 2), subsystems: counted });
    await again.settle();
    expect(taken).toHaveLength(34 - building!.events);
    expect(await seenBy(again)).toEqual({ versions: ['v1'], rows: 3, notes: 31 });
    await again.close();
    expect(await leftIn(store)).toEqual({ numbers: [1], consumers: [1] });
  });

  test('engine N14: what another version had begun to build is given up, and its rows go', async () => {
    const store = await built(newStore);
    const faults: Faults = {};
    const begun = await start({ store: faultyStore(inPages(store, 4), faults), subsystems: v2 });
    let commits = 0;
    faults.commit = () => (commits += 1) > 2;
    await begun.settle().catch(() => undefined);
    await begun.close();
    expect((await leftIn(store)).numbers).toEqual([0, 1]);
    const third = await start({ store, subsystems: versioned({ version: 3 }) });
    await third.settle();
    expect(await seenBy(third)).toEqual({ versions: ['v3'], rows: 5, notes: 15 });
    await third.close();
    expect(await leftIn(store)).toEqual({ numbers: [2], consumers: [2] });
  });

  test('engine N14: the same for code that goes back to the live version', async () => {
    const store = await built(newStore);
    const faults: Faults = {};
    const begun = await start({ store: faultyStore(inPages(store, 4), faults), subsystems: v2 });
    let commits = 0;
    faults.commit = () => (commits += 1) > 2;
    await begun.settle().catch(() => undefined);
    await begun.close();
    const back = await start({ store, subsystems: v1 });
    await back.settle();
    expect(await seenBy(back)).toEqual({ versions: ['v1'], rows: 5, notes: 15 });
    await back.close();
    expect(await leftIn(store)).toEqual({ numbers: [0], consumers: [0] });
  });

  test('engine N13, N14: killed while a given-up build is removed, it is not taken up again half removed', async () => {
    for (let fatal = 1; fatal <= 4; fatal += 1) {
      const store = await built(newStore);
      const faults: Faults = {};
      const dying = faultyStore(inPages(store, 4), faults);
      const diesAt = (last: number) => {
        let writes = 0;
        const isDead = () => (writes += 1) > last;
        faults.commit = isDead;
        faults.clear = isDead;
      };
      const begun = await start({ store: dying, subsystems: v2 });
      diesAt(2);
      await begun.settle().catch(() => undefined);
      await begun.close();
      const back = await start({ store: dying, subsystems: v1 });
      diesAt(fatal);
      await back.settle().catch(() => undefined);
      await back.close();
      const again = await start({ store, subsystems: v2 });
      await again.settle();
      expect(await seenBy(again)).toEqual({ versions: ['v2'], rows: 5, notes: 15 });
      await again.close();
      expect((await leftIn(store)).numbers).toHaveLength(1);
    }
  });

  test('engine N14: rows that were built up to an older head do not take the place of newer ones', async () => {
    const store = await built(newStore, 2, 2);
    const atSwitch: Promise<TicketRow | undefined>[] = [];
    let [engine, isHeld]: [Engine | undefined, boolean] = [undefined, false];
    const held = async ({ caughtUp }: Page) => {
      if (!isHeld || !caughtUp || engine === undefined) return;
      isHeld = false;
      const outcome = await noted(engine, '0000', 'while the page is held');
      await engine.waitFor('position' in outcome ? outcome.position : '');
    };
    engine = await start({ store: inPages(store, 2, undefined, held), subsystems: v1 });
    await engine.settle();
    const { get, changes } = engine.query(tickets);
    changes().subscribe(({ type }) => {
      if (type === 'RowsSwitched') atSwitch.push(get('0000'));
    });
    isHeld = true;
    await engine.rebuild('tickets');
    expect(isHeld).toBe(false);
    expect(await Promise.all(atSwitch)).toMatchObject([{ notes: 2 }]);
  });

  test('engine N14: rows of a store that knew no generations are read on, and built beside by the next version', async () => {
    const store = await built(newStore);
    const bare = await opened(store);
    bare.rows.commit({
      changes: [{ table: 'projectionVersions', key: 'tickets', row: 1, entries: [] }],
    });
    await bare.close();
    const taken: string[] = [];
    const note = (each: string) => void taken.push(each);
    const same = await start({ store, subsystems: versioned({ version: 1, note }) });
    await same.settle();
    await noted(same, '0000', 'one more');
    await same.settle();
    expect(taken).toEqual(['one more']);
    await same.close();
    const after = await start({ store, subsystems: v2 });
    expect(await seenBy(after)).toMatchObject({ versions: ['v1'] });
    await after.settle();
    expect(await seenBy(after)).toEqual({ versions: ['v2'], rows: 5, notes: 16 });
  });

  test('engine N14: rows that lie where a projection begins are removed, not taken for its own', async () => {
    const store = newStore();
    await (await start({ store, subsystems: [] })).close();
    const bare = await opened(store);
    const row: TicketRow = { title: 'nobody', open: true, notes: 0 };
    bare.rows.commit({ changes: [{ table: 'tickets', key: 'left', row, entries: [] }] });
    await bare.close();
    await filled(store, 2, 2);
    const engine = await start({ store, subsystems: v1 });
    await engine.settle();
    expect(await seenBy(engine)).toEqual({ versions: ['v1'], rows: 2, notes: 2 });
    await engine.close();
    expect(await leftIn(store)).toEqual({ numbers: [1], consumers: [1] });
  });

  test('engine N50: old rows are removed a part at a time, and others run in between', async () => {
    const store = newStore();
    await (await start({ store, subsystems: v1 })).close();
    const bare = await opened(store);
    const row: TicketRow = { title: 'old', open: true, notes: 0 };
    const entries = [{ index: 'title', value: 'old' }];
    const changes = Array.from({ length: 4_500 }, (_unused, n) => ({
      table: 'tickets',
      key: `${n}`,
      row,
      entries,
    }));
    bare.rows.commit({ changes });
    await bare.close();
    let [clears, breaths] = [0, 0];
    const faults: Faults = {
      clear: (table) => {
        if (table !== 'tickets') return false;
        expect(breaths).toBeGreaterThanOrEqual(clears);
        clears += 1;
        return false;
      },
    };
    const clock = virtualClock();
    const breathe = () => {
      breaths += 1;
      return clock.breathe();
    };
    const engine = await start({
      store: faultyStore(store, faults),
      subsystems: v2,
      clock: { ...clock, breathe },
    });
    breaths = 0;
    await engine.settle();
    expect(clears).toBe(kind === 'memory' ? 1 : 5);
    await engine.close();
    expect((await leftIn(store)).numbers).toEqual([]);
  });
});

test('engine N14: under load of the wall clock a rebuild ends, and every row that was waited for stays read', async () => {
  const engine = await start({
    subsystems: v1,
    clock: systemClock(),
    store: stores[1]![1](),
  });
  await engine.send(
    ticketSubsystem,
    'ticket-a',
    ticketCommands.of.OpenTicket({ title: 'a', answerBy: 9e14 }),
    {
      actor: ada,
    },
  );
  const over = new AbortController();
  const rebuilding = (async () => {
    for (let n = 0; n < 20; n += 1) await engine.rebuild('tickets');
    over.abort();
  })();
  for (let n = 1; !over.signal.aborted; n += 1) {
    const outcome = await noted(engine, 'a', `${n}`);
    await engine.waitFor('position' in outcome ? outcome.position : '');
    expect(await engine.query(tickets).get('a')).toMatchObject({ notes: n });
  }
  await rebuilding;
});
