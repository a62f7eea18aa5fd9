import { answered, CutShort } from '../../src/engine/run/outbox/bounded-call.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { engines, stores } from '../support/engines.ts';
import { faultyStore, type Faults } from '../support/faulty-store.ts';
import { notesOf, opened } from '../support/ticket-reactions.ts';
import { noteOn, world, worksOf, writing } from '../support/ticket-effects.ts';

const start = engines();
const HOUR = 3_600_000;

const refused = async (): Promise<never> => {
  throw new Error('no connection');
};

const submitsOf = (calls: readonly string[]) => calls.filter((call) => call.startsWith('submit'));

test('engine N37: a work that could only be taken in at the second try knows what lies before it', async () => {
  const [faults, outside]: [Faults, ReturnType<typeof world>] = [{}, world()];
  outside.prepare = refused;
  const store = faultyStore(stores[0]![1](), faults);
  const engine = await start({ store, effects: [writing(outside)] });
  await opened(engine, '1', 'a');
  faults.commit = ({ changes }) => changes.some(({ table }) => table === 'outbox');
  await engine.settle().catch(() => undefined);
  delete faults.commit;
  await engine.settle();
  const [work] = engine.outbox.list(1);
  expect(work?.row.event).toMatchObject({ position: '2', behind: null });
});

test('engine N37: a work whose taking in was stored, but not acknowledged, is not taken in again', async () => {
  const [faults, outside]: [Faults, ReturnType<typeof world>] = [{}, world()];
  const store = faultyStore(stores[0]![1](), faults);
  const engine = await start({ store, effects: [writing(outside)] });
  await opened(engine, '1', 'a');
  faults.commit = ({ changes }) => changes.some(({ table }) => table === 'outbox') && 'lost';
  await engine.settle().catch(() => undefined);
  delete faults.commit;
  expect(await engine.outbox.retry(engine.outbox.list(1)[0]!.key)).toBe(true);
  await engine.settle();
  expect(outside.calls).toEqual(['lookUp a', 'prepare a', 'submit a']);
});

test('engine N37: notAfter and what is reread count when it goes out, however long it was prepared', async () => {
  const [clock, outside] = [virtualClock(), world()];
  outside.prepare = async () => {
    clock.moveTo(200);
    return 'letter';
  };
  const effect = writing(outside, {
    notAfter: () => 200,
    expired: ({ envelope: { stream } }) => noteOn(stream, 'too late'),
  });
  const engine = await start({ clock, effects: [effect] });
  await opened(engine, '1', 'a');
  await engine.settle();
  expect(submitsOf(outside.calls)).toEqual([]);
  expect(await notesOf(engine, '1')).toEqual(['too late']);
});

test('engine N37: an answer that a bug cannot report is never a reason to send again', async () => {
  const outside = world();
  const { lookUp: _, ...effect } = writing(outside, {
    report: () => {
      throw new Error('a bug');
    },
  });
  const engine = await start({ effects: [effect] });
  await opened(engine, '1', 'a');
  await engine.runUntil(HOUR);
  expect(submitsOf(outside.calls)).toEqual(['submit a']);
  expect(worksOf(engine)).toMatchObject([{ state: 'failed', lastError: 'Error: a bug' }]);
});

test('engine N37: an attempt without an answer, of which nobody wants to be told, stands as failed', async () => {
  const outside = world();
  outside.submit = refused;
  const engine = await start({ effects: [writing(outside, { attempts: 'events' })] });
  await opened(engine, '1', 'a');
  await engine.runUntil(HOUR);
  expect(submitsOf(outside.calls)).toEqual(['submit a']);
  expect(worksOf(engine)).toMatchObject([{ state: 'failed', lastError: 'Error: no connection' }]);
});

test('engine N37: the status of many works lets others have their turn', async () => {
  const [clock, outside, count] = [virtualClock(), world(), { breaths: 0 }];
  outside.prepare = refused;
  const breathe = () => ((count.breaths += 1), clock.breathe());
  const effect = writing(outside, { order: () => 'all' });
  const engine = await start({ clock: { ...clock, breathe }, effects: [effect] });
  for (let id = 0; id < 1_001; id += 1) await opened(engine, `${id}`, `t${id}`);
  await engine.settle();
  count.breaths = 0;
  expect((await engine.status()).outbox).toMatchObject([{ waiting: 1_001 }]);
  expect(count.breaths).toBe(2);
});

test('engine N37: an engine that closes calls nobody any more', async () => {
  const closing = new AbortController();
  closing.abort();
  const calling = { timeoutMs: undefined, closing: closing.signal, fence: 0 };
  let calls = 0;
  const asked = answered(calling, async () => (calls += 1));
  await expect(asked).rejects.toBeInstanceOf(CutShort);
  expect(calls).toBe(0);
});

test.each([
  ['concerns it', true, ['lookUp t1', 'prepare t1', 'submit t1']],
  ['does not concern it', false, []],
])(
  'engine N37: what could not be read and now can be is worked on under its own key, if it %s',
  async (_, concerns, calls) => {
    const [store, outside] = [stores[0]![1](), world()];
    const broken = (): never => {
      throw new Error('a bug');
    };
    const first = await start({ store, effects: [writing(outside, { key: broken })] });
    await opened(first, '1', 't1');
    await first.settle();
    expect(worksOf(first)).toMatchObject([{ state: 'failed', lastError: 'Error: a bug' }]);
    await first.close();
    const mended = writing(outside, { concerns: () => concerns });
    const second = await start({ store, effects: [mended] });
    expect(await second.outbox.retry(second.outbox.list(1)[0]!.key)).toBe(true);
    expect(outside.calls).toEqual(calls);
  },
);

test('engine N37: trying again a work that hangs while the engine closes ends with it', async () => {
  const outside = world();
  const sent = Promise.withResolvers<void>();
  outside.submit = async () => {
    sent.resolve();
    return new Promise(() => undefined);
  };
  const engine = await start({ effects: [writing(outside)] });
  await opened(engine, '1', 'a');
  const settling = engine.settle().catch(() => undefined);
  await sent.promise;
  const [work] = engine.outbox.list(1);
  const retrying = engine.outbox.retry(work!.key);
  await engine.close();
  await settling;
  expect(await retrying).toBe(false);
}, 30_000);

test('engine N37: a report that the store cannot take for an hour is not given up', async () => {
  const [faults, outside]: [Faults, ReturnType<typeof world>] = [{}, world()];
  const engine = await start({
    store: faultyStore(stores[0]![1](), faults),
    effects: [writing(outside)],
  });
  await opened(engine, '1', 'a');
  faults.append = () => 'refused';
  await engine.runUntil(HOUR);
  expect(worksOf(engine)).toMatchObject([{ state: 'reporting' }]);
});
