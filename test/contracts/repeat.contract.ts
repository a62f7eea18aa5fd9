import type { Draft, EventStore, StreamName } from '../../src/engine/store.ts';
import { draft, drafts, freshStream, idsOf, left, right } from '../support/drafts.ts';

type On = (test: (events: EventStore) => Promise<void>) => () => Promise<void>;

/** A stream of two events behind which three more lie; what is appended again, and what comes of it. */
const repeated = (
  on: On,
  batch: (first: readonly Draft[]) => readonly Draft[],
  check: (events: EventStore, stream: StreamName, repeat: readonly Draft[]) => Promise<void>,
) =>
  on(async (events) => {
    const [stream, first] = [freshStream(), drafts(2)];
    await right(events.append(stream, 'none', first));
    await right(events.append(stream, 1, drafts(3)));
    const before = await right(events.read(stream));
    await check(events, stream, batch(first));
    expect(await right(events.read(stream))).toEqual(before);
  });
const expectConflict = async (events: EventStore, stream: StreamName, repeat: readonly Draft[]) => {
  const conflict = { type: 'RevisionConflict', stream, expected: 'none', actual: 4 };
  expect(await left(events.append(stream, 'none', repeat))).toEqual(conflict);
};
const expectRepeat = async (events: EventStore, stream: StreamName, repeat: readonly Draft[]) => {
  const there = (await right(events.read(stream))).slice(0, repeat.length);
  const { revision, position } = there.at(-1)!;
  const appended = await right(events.append(stream, 'none', repeat));
  expect(appended).toEqual({ revision, position, events: there });
};

/** How any store recognises an append that it has seen; observed on EventStoreDB and part of the event store contract. */
export const repeatContract = (on: On): void => {
  it(
    'N2 answers an equal repeat with its first revisions, later events or not',
    repeated(on, (first) => first, expectRepeat),
  );
  it(
    'N2 answers a repeat by its ids, whatever its payload, with the first payload',
    repeated(
      on,
      (first) => first.map((event) => ({ ...event, data: { other: true } })),
      expectRepeat,
    ),
  );
  it(
    'N2 answers a shorter repeat: the head of what lies there',
    repeated(on, (first) => first.slice(0, 1), expectRepeat),
  );
  it(
    'N2 refuses a longer repeat: its ids go beyond what lies there',
    repeated(on, (first) => [...first, draft()], expectConflict),
  );
  it(
    'N2 refuses the same ids in another order',
    repeated(on, (first) => first.toReversed(), expectConflict),
  );
  it(
    'N2 refuses a batch that shares only some ids',
    repeated(on, ([first]) => [first!, draft()], expectConflict),
  );

  it(
    'N2 refuses a longer repeat also where the log ends behind the first, as EventStoreDB does',
    on(async (events) => {
      const [stream, two] = [freshStream(), drafts(2)];
      await right(events.append(stream, 'none', two));
      const failure = await left(events.append(stream, 'none', [...two, draft()]));
      expect(failure).toMatchObject({ type: 'RevisionConflict', actual: 1 });
    }),
  );

  it(
    'N2 refuses known ids behind another wrong revision',
    on(async (events) => {
      const [stream, one] = [freshStream(), draft()];
      await right(events.append(stream, 'none', [one]));
      await right(events.append(stream, 0, drafts(2)));
      const failure = await left(events.append(stream, 0, [one]));
      expect(failure).toMatchObject({ type: 'RevisionConflict', expected: 0, actual: 2 });
    }),
  );

  it(
    'N2 answers two equal appends at once alike and writes one',
    on(async (events) => {
      const [stream, two] = [freshStream(), drafts(2)];
      const both = [events.append(stream, 'none', two), events.append(stream, 'none', two)];
      const [one, other] = await Promise.all(both.map(right));
      expect(other).toEqual(one);
      expect(await right(events.read(stream))).toHaveLength(2);
    }),
  );

  it(
    'appends known ids anew behind the right revision, as EventStoreDB does: the engine knows its commands',
    on(async (events) => {
      const [stream, one] = [freshStream(), draft()];
      await right(events.append(stream, 'none', [one]));
      expect(await right(events.append(stream, 0, [one]))).toHaveProperty('revision', 1);
    }),
  );

  it(
    'keeps ids apart by stream: the same id in another stream is another event',
    on(async (events) => {
      const [one, other, event] = [freshStream(), freshStream(), draft()];
      await right(events.append(one, 'none', [event]));
      await right(events.append(other, 'none', [event]));
      expect(idsOf(await right(events.read(other)))).toEqual([event.id]);
    }),
  );
};
