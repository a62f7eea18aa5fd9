import { reactionCommandId } from '../../src/engine/ids.ts';
import { canonicalJson } from '../../src/engine/json.ts';
import { answerOf } from '../../src/engine/facts.ts';
import { ada, engines, stores, written } from '../support/engines.ts';
import { faultyStore, type Faults } from '../support/faulty-store.ts';
import { handClock } from '../support/hand-clock.ts';
import { notesOf, opened } from '../support/ticket-reactions.ts';
import { noteOn, world, worksOf, writing } from '../support/ticket-effects.ts';
import { ticketCommands, ticketSubsystem } from '../support/tickets.ts';

const start = engines();
const SECOND = 1_000;
const HOUR = 3_600_000;

const refused = async (): Promise<never> => {
  throw new Error('no connection');
};

describe.each(stores)('the outbox of a store in %s', (_, newStore) => {
  test('engine N37: prepares, stores, submits, stores again, and reports under a derived id', async () => {
    const outside = world();
    const states: string[] = [];
    const engine = await start({ store: newStore(), effects: [writing(outside)] });
    const note = async (step: string) => {
      const stages = engine.outbox.list(2).map(({ row }) => row.stage);
      states.push(`${step}: ${canonicalJson(stages)}`);
    };
    const { prepare, submit, lookUp } = outside;
    outside.prepare = async (task) => (await note('prepare'), prepare(task));
    outside.submit = async (task, call) => (await note('submit'), submit(task, call));
    outside.lookUp = async (task) => (await note('lookUp'), lookUp(task));
    await opened(engine, '1', 'a');
    await engine.settle();
    expect(states).toEqual([
      'lookUp: [{"state":"waiting"}]',
      'prepare: [{"state":"waiting"}]',
      'submit: [{"prepared":"letter to a","state":"submitted","submits":1}]',
    ]);
    expect(worksOf(engine)).toEqual([]);
    const [first, second] = await engine.history('ticket-1');
    expect(second).toMatchObject({
      data: { note: 'sent a' },
      metadata: {
        actor: 'system',
        causationId: first?.id,
        correlationId: first?.metadata.correlationId,
        commandId: reactionCommandId('test', 'writeLetter', first?.id ?? '', 0),
      },
    });
    expect((await engine.status()).sent).toMatchObject({ reactions: 0, effects: 1 });
  });

  test('engine N37: an unknown outcome is looked up by its key before anything is repeated', async () => {
    const outside = world();
    const engine = await start({ store: newStore(), effects: [writing(outside)] });
    const { submit } = outside;
    outside.submit = async (task, call) => (await submit(task, call), refused());
    await opened(engine, '1', 'a');
    await engine.settle();
    outside.submit = refused;
    await opened(engine, '2', 'b');
    await engine.settle();
    expect(worksOf(engine)).toEqual([
      { key: 'b', state: 'unknown', attempts: 1, lastError: 'Error: no connection', nextAt: 200 },
    ]);
    outside.submit = submit;
    await engine.runUntil(SECOND);
    expect(outside.calls).toEqual([
      ...'lookUp a,prepare a,submit a,lookUp a'.split(','),
      ...'lookUp b,prepare b,submit b,lookUp b,lookUp b,submit b'.split(','),
    ]);
    expect(await notesOf(engine, '1')).toEqual(['sent a']);
    expect(await notesOf(engine, '2')).toEqual(['sent b']);
  });

  test('engine N37: attempts are counted across restarts; then the work stands as failed, to be tried again or dropped', async () => {
    const [store, outside] = [newStore(), world()];
    outside.prepare = refused;
    const effects = [writing(outside)];
    const first = await start({ store, effects });
    await opened(first, '1', 'a');
    await opened(first, '2', 'b');
    await first.runUntil(SECOND);
    expect(worksOf(first).map(({ attempts }) => attempts)).toEqual([3, 3]);
    await first.close();
    const second = await start({ store, effects });
    await second.runUntil(HOUR);
    const [a, b] = second.outbox.list(3);
    expect(worksOf(second)).toEqual(
      ['a', 'b'].map((key) => ({
        key,
        state: 'failed',
        attempts: 8,
        lastError: 'Error: no connection',
        nextAt: null,
      })),
    );
    expect((await second.status()).outbox).toEqual([
      { effect: 'writeLetter', position: '3', waiting: 0, unknown: 0, failed: 2, oldest: 0 },
    ]);
    expect(await second.outbox.retry(a!.key)).toBe(false);
    expect(worksOf(second)[0]).toMatchObject({ state: 'waiting', attempts: 1 });
    outside.prepare = async () => 'letter';
    expect(await second.outbox.retry(a!.key)).toBe(true);
    expect(await second.outbox.drop(b!.key)).toBe(true);
    expect([await second.outbox.retry(a!.key), await second.outbox.drop(b!.key)]).toEqual([
      undefined,
      false,
    ]);
    expect([worksOf(second), await notesOf(second, '2')]).toEqual([[], []]);
    expect(await notesOf(second, '1')).toEqual(['sent a']);
  });

  test('engine N37: an answer that could not be reported is reported after a restart, and nothing is sent again', async () => {
    const [faults, outside]: [Faults, ReturnType<typeof world>] = [{}, world()];
    const store = faultyStore(newStore(), faults);
    const effects = [writing(outside)];
    const first = await start({ store, effects });
    await opened(first, '1', 'a');
    faults.append = () => 'lost';
    await first.settle();
    expect(worksOf(first)).toMatchObject([{ state: 'reporting', attempts: 1, nextAt: 200 }]);
    await first.close();
    delete faults.append;
    const second = await start({ store, effects });
    await second.runUntil(SECOND);
    expect(outside.calls).toEqual(['lookUp a', 'prepare a', 'submit a']);
    expect(await notesOf(second, '1')).toEqual(['sent a']);
  });

  test('engine N37: where the store refuses a step, what should follow is not done until it takes it', async () => {
    const [faults, outside]: [Faults, ReturnType<typeof world>] = [{}, world()];
    const engine = await start({
      store: faultyStore(newStore(), faults),
      effects: [writing(outside)],
    });
    await opened(engine, '1', 'a');
    faults.commit = ({ changes }) => JSON.stringify(changes).includes('"submitted"');
    await engine.settle();
    expect(outside.calls).toEqual(['lookUp a', 'prepare a']);
    expect((await engine.status()).outbox[0]?.failure).toContain('StoreUnavailable');
    delete faults.commit;
    await engine.runUntil(2 * SECOND);
    expect(outside.calls.slice(2)).toEqual(['lookUp a', 'submit a']);
    expect(await notesOf(engine, '1')).toEqual(['sent a']);
    expect((await engine.status()).outbox[0]).not.toHaveProperty('failure');
  });
});

test('engine N37: a close cuts short what does not answer; the next start looks it up and does not send it again', async () => {
  const [store, outside] = [stores[1]![1](), world()];
  const sent = Promise.withResolvers<void>();
  const { submit } = outside;
  outside.submit = async (task, call) => {
    await submit(task, call);
    sent.resolve();
    return new Promise(() => undefined);
  };
  const effects = [writing(outside, { timeoutMs: 60 * SECOND })];
  const first = await start({ store, effects });
  await opened(first, '1', 'a');
  const settling = first.settle().catch(() => undefined);
  await sent.promise;
  await first.close();
  await settling;
  outside.calls.splice(0);
  const second = await start({ store, effects });
  expect(worksOf(second)).toMatchObject([{ key: 'a', state: 'submitted' }]);
  expect((await second.status()).outbox).toMatchObject([{ waiting: 0, unknown: 1, oldest: 0 }]);
  await second.settle();
  expect(outside.calls).toEqual(['lookUp a']);
  expect(await notesOf(second, '1')).toEqual(['sent a']);
}, 30_000);

test('engine N37: an outcome that stays unknown is not given up, and not sent without end', async () => {
  const outside = world();
  outside.submit = async () => [];
  const engine = await start({ effects: [writing(outside)] });
  await opened(engine, '1', 'a');
  await engine.runUntil(24 * HOUR);
  const submits = outside.calls.filter((call) => call === 'submit a');
  expect(submits).toHaveLength(8);
  expect(worksOf(engine)).toMatchObject([{ state: 'unknown' }]);
  outside.done.set('a', 'sent a');
  await engine.runUntil(26 * HOUR);
  expect(await notesOf(engine, '1')).toEqual(['sent a']);
  expect(worksOf(engine)).toEqual([]);
});

test('engine N37: without a look-up a repeat goes out under the same key, a bounded number of times', async () => {
  const outside = world();
  outside.submit = refused;
  const { lookUp: _, ...effect } = writing(outside);
  const engine = await start({ effects: [effect] });
  await opened(engine, '1', 'a');
  await engine.runUntil(HOUR);
  expect(outside.calls).toEqual(['prepare a', ...Array.from({ length: 8 }, () => 'submit a')]);
  expect(worksOf(engine)).toMatchObject([{ state: 'failed', attempts: 8 }]);
});

test('engine N37: a call that never answers is over after its time, and its outcome is unknown', async () => {
  const outside = world();
  let call: AbortSignal | undefined;
  outside.submit = ({ key }, { signal }) => {
    call = signal;
    outside.done.set(key, 'sent after all');
    return new Promise(() => undefined);
  };
  const engine = await start({ effects: [writing(outside, { timeoutMs: 20 })] });
  await opened(engine, '1', 'a');
  await engine.settle();
  expect(call?.aborted).toBe(true);
  expect(await notesOf(engine, '1')).toEqual(['sent after all']);
});

test.each([
  [-1, ['sent a']],
  [0, ['too late']],
  [1, ['too late']],
])('engine N37: past notAfter it is not performed: %i ms from it', async (late, notes) => {
  const outside = world();
  outside.prepare = refused;
  const engine = await start({
    effects: [
      writing(outside, {
        notAfter: () => 200 - late,
        expired: ({ envelope: { stream } }) => noteOn(stream, 'too late'),
      }),
    ],
  });
  await opened(engine, '1', 'a');
  await engine.settle();
  outside.prepare = async () => 'letter';
  await engine.runUntil(200);
  expect(await notesOf(engine, '1')).toEqual(notes);
  expect(outside.calls.filter((call) => call === 'submit a')).toHaveLength(late < 0 ? 1 : 0);
});

test('engine N37: past notAfter what may have gone out is only looked up', async () => {
  const outside = world();
  outside.submit = async () => [];
  const engine = await start({ effects: [writing(outside, { notAfter: () => 200 })] });
  await opened(engine, '1', 'a');
  await engine.runUntil(HOUR);
  expect(outside.calls.filter((call) => call === 'submit a')).toHaveLength(1);
  expect(worksOf(engine)).toMatchObject([{ state: 'unknown' }]);
});

test('engine N37: named streams are read again just before it is sent, and it may be wanted no more', async () => {
  const outside = world();
  outside.prepare = refused;
  const engine = await start({
    effects: [
      writing(outside, {
        rereads: ({ envelope }) => ({ status: answerOf<string>(envelope.stream, 'status') }),
        isWanted: (_, { status }) => status === 'Open',
        unwanted: () => noteOn('ticket-2', 'not wanted any more'),
      }),
    ],
  });
  await opened(engine, '1', 'a');
  await opened(engine, '2', 'b');
  await engine.settle();
  await engine.send(ticketSubsystem, 'ticket-1', ticketCommands.of.CloseTicket({}), { actor: ada });
  outside.prepare = async () => 'letter';
  await engine.runUntil(SECOND);
  expect(outside.calls.filter((call) => call.startsWith('submit'))).toEqual(['submit b']);
  expect(await notesOf(engine, '2')).toEqual(['not wanted any more', 'sent b']);
});

test.each([
  ['rejects', refused, 'Error: no connection'],
  ['is silent', async () => [], 'it was sent and not answered'],
])(
  'engine N37 N45: where attempts are events it goes out once, also if it %s',
  async (__, submit, cause) => {
    const outside = world();
    outside.submit = submit;
    const once = writing(outside, {
      attempts: 'events',
      unanswered: ({ envelope: { stream } }, why) => noteOn(stream, why),
    });
    const engine = await start({ effects: [once] });
    await opened(engine, '1', 'a');
    await engine.runUntil(HOUR);
    expect(outside.calls).toEqual(['lookUp a', 'prepare a', 'submit a']);
    expect(await notesOf(engine, '1')).toEqual([cause]);
    expect(worksOf(engine)).toEqual([]);
  },
);

test('engine N37: works of one order go out one by one, in the order of the log; a failed one holds up nobody', async () => {
  const outside = world();
  const { prepare } = outside;
  outside.prepare = (task) => (task.key === 'bad' ? refused() : prepare(task));
  const engine = await start({ effects: [writing(outside, { order: () => 'all' })] });
  await opened(engine, '1', 'bad');
  for (const id of ['2', '3', '4']) await opened(engine, id, `t${id}`);
  await engine.runUntil(25 * SECOND);
  expect(outside.calls.filter((call) => call.startsWith('submit'))).toEqual([]);
  await engine.runUntil(26 * SECOND);
  const submits = outside.calls.filter((call) => call.startsWith('submit'));
  expect(submits).toEqual(['submit t2', 'submit t3', 'submit t4']);
  expect(worksOf(engine)).toMatchObject([{ key: 'bad', state: 'failed' }]);
});

test('engine N37: at most 16 works of an effect are under way at once, on a wall clock that runs by itself', async () => {
  const outside = world();
  const clock = handClock();
  const count = { now: 0, most: 0 };
  const gate = Promise.withResolvers<void>();
  outside.submit = async ({ key }) => {
    count.now += 1;
    count.most = Math.max(count.most, count.now);
    await gate.promise;
    count.now -= 1;
    return [`sent ${key}`];
  };
  const engine = await start({ clock, effects: [writing(outside)] });
  for (let id = 0; id < 40; id += 1) await opened(engine, `${id}`, `t${id}`);
  while (count.now < 16) await clock.breathe();
  for (let turn = 0; turn < 50; turn += 1) await clock.breathe();
  expect(count.now).toBe(16);
  gate.resolve();
  await engine.settle();
  expect([count.most, worksOf(engine)]).toEqual([16, []]);
  expect(await notesOf(engine, '39')).toEqual(['sent t39']);
});

test('engine N37: what an effect cannot read, and what nobody takes a report of, stands as failed', async () => {
  const store = stores[0]![1]();
  const before = await start({ store });
  await before.close();
  await written(store, 'ticket-1', 0, { type: 'TicketOpened', data: { title: 5 } });
  const outside = world();
  const engine = await start({
    store,
    effects: [writing(outside, { report: (___, note) => noteOn('ticket-9', note) })],
  });
  await opened(engine, '2', 'b');
  await engine.settle();
  expect(worksOf(engine)).toEqual([
    expect.objectContaining({
      state: 'failed',
      attempts: 0,
      lastError: expect.stringContaining('UndecodableEvent') as unknown,
    }),
    expect.objectContaining({
      key: 'b',
      state: 'failed',
      lastError: expect.stringContaining('StatusForbids') as unknown,
    }),
  ]);
  await opened(engine, '9', 'nine');
  expect(await engine.outbox.retry(engine.outbox.list(2)[1]!.key)).toBe(true);
  await engine.settle();
  expect(await notesOf(engine, '9')).toEqual(['sent b', 'sent nine']);
});

test('engine N20: an engine that only looks performs nothing, and shows what waits', async () => {
  const [store, outside] = [stores[0]![1](), world()];
  outside.prepare = refused;
  const effects = [writing(outside)];
  const before = await start({ store, effects });
  await opened(before, '1', 'a');
  await before.settle();
  await before.close();
  outside.calls.splice(0);
  const looking = await start({ store, effects, readOnly: true });
  await looking.settle();
  await expect(looking.outbox.retry('any')).rejects.toThrow('read-only');
  expect((await looking.status()).outbox).toMatchObject([{ effect: 'writeLetter', waiting: 1 }]);
  const stranger = await start({ store, readOnly: true });
  expect((await stranger.status()).outbox).toMatchObject([{ effect: 'writeLetter', waiting: 1 }]);
  expect(outside.calls).toEqual([]);
});
