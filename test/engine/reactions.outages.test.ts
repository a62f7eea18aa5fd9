import { defer, of } from 'rxjs';
import { StoreFailed } from '../../src/engine/store.ts';
import { engines, stores } from '../support/engines.ts';
import { faultyStore, unavailable, type Faults } from '../support/faulty-store.ts';
import { note, notesOf, opened, reacting, whenOpened } from '../support/ticket-reactions.ts';

const start = engines();

describe.each(stores)('reactions on a store in %s that is out of order', (_, newStore) => {
  test('engine N19 N23: a store that is out of order for long uses up no attempt and makes no dead letter', async () => {
    const faults: Faults = {};
    const engine = await start({
      store: faultyStore(newStore(), faults),
      subsystems: reacting(whenOpened(() => of(note('1', 'done')))),
    });
    const tried: number[] = [];
    await opened(engine, '1');
    faults.append = () => {
      tried.push(engine.now());
      return 'refused';
    };
    await engine.settle();
    await engine.runUntil(3_600_000);
    expect(tried.slice(0, 4)).toEqual([0, 200, 600, 1_400]);
    expect(tried.slice(-2)).toEqual([3_561_000, 3_591_000]);
    expect((await engine.status()).reactions).toMatchObject([
      { unfinished: 1, failure: expect.stringContaining('StoreUnavailable') },
    ]);
    expect(await engine.deadLetters.list(1)).toEqual([]);
    // What fails for another reason then has all its attempts still.
    const after = tried.length;
    faults.append = () => {
      tried.push(engine.now());
      return tried.length <= after + 7 ? 'corrupt' : undefined;
    };
    await engine.runUntil(3_700_000);
    expect(tried).toHaveLength(after + 7 + 1);
    expect(await notesOf(engine, '1')).toEqual(['done']);
    expect(await engine.deadLetters.list(1)).toEqual([]);
    expect((await engine.status()).reactions[0]).not.toHaveProperty('failure');
  });

  test('engine N19 N23: a store that cannot be read uses up no attempt of a reaction that asks for rows', async () => {
    const engine = await start({
      store: newStore(),
      subsystems: reacting(
        whenOpened(() =>
          defer(() => {
            if (engine.now() < 600_000) throw new StoreFailed(unavailable);
            return of(note('1', 'done'));
          }),
        ),
      ),
    });
    await opened(engine, '1');
    await engine.runUntil(700_000);
    expect(await notesOf(engine, '1')).toEqual(['done']);
    expect(await engine.deadLetters.list(1)).toEqual([]);
  });

  test('engine N19: who retries a letter while the store is out of order is told, and the letter stays', async () => {
    const faults: Faults = {};
    const engine = await start({
      store: faultyStore(newStore(), faults),
      subsystems: reacting(whenOpened(() => of(note('1', 'n')))),
    });
    await opened(engine, '1');
    faults.append = () => 'corrupt';
    await engine.runUntil(100_000);
    const [letter] = await engine.deadLetters.list(1);
    faults.append = () => 'refused';
    const retried = engine.deadLetters.retry(letter!.key);
    await engine.runUntil(200_000);
    expect(await retried).toBe(false);
    expect(await engine.deadLetters.list(9)).toMatchObject([
      { key: letter!.key, row: { attempts: 8, cause: expect.stringContaining('Unavailable') } },
    ]);
  });
});
