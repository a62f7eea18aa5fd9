import { engines, stores } from '../support/engines.ts';
import { versioned } from '../support/generation-stores.ts';
import { builtBy1, noted, seenBy, statusOf, v1, v2 } from '../support/generations.ts';

const start = engines();
const built = builtBy1(start);

describe.each(stores)('broken generations of rows on a store in %s', (_, newStore) => {
  test('engine N15: an event that breaks a new version leaves the old rows live, and every process is told', async () => {
    const store = await built(newStore, 2, 6);
    const taken: string[] = [];
    const breaking = versioned({
      version: 2,
      note: (note) => {
        taken.push(note);
        if (note === 'n3') throw new Error('cannot take n3');
      },
    });
    const broken = { position: '7', cause: 'Error: cannot take n3' };
    const engine = await start({ store, subsystems: breaking });
    await engine.settle();
    expect(await statusOf(engine)).toMatchObject({
      version: 1,
      isStale: true,
      events: 8,
      building: { version: 2, events: 5, outOf: 8, broken },
    });
    expect(await seenBy(engine)).toEqual({ versions: ['v1'], rows: 2, notes: 6 });
    const looking = await start({ store, subsystems: breaking, readOnly: true });
    expect(await statusOf(looking)).toEqual(await statusOf(engine));
    expect(await seenBy(looking)).toMatchObject({ versions: ['v1'] });
    await Promise.all([engine.close(), looking.close()]);

    taken.length = 0;
    const again = await start({ store, subsystems: breaking });
    await again.settle();
    await again.settle();
    // Once with the events behind it and once alone.
    expect(taken).toEqual(['n3', 'n3']);
    expect((await statusOf(again)).building).toMatchObject({ broken, events: 5 });
    await again.close();

    const mended = await start({ store, subsystems: v2 });
    await mended.settle();
    expect(await seenBy(mended)).toEqual({ versions: ['v2'], rows: 2, notes: 6 });
    expect(await statusOf(mended)).not.toHaveProperty('broken');
    expect(await statusOf(mended)).not.toHaveProperty('building');
  });

  test('engine N15: what broke the live rows is stored, shown by another process, tried again once, and gone when it is mended', async () => {
    const store = await built(newStore, 2, 2);
    let tries = 0;
    const breaking = versioned({
      version: 1,
      note: (note) => {
        if (note !== 'poison') return;
        tries += 1;
        throw new Error('cannot take poison');
      },
    });
    const engine = await start({ store, subsystems: breaking });
    const poison = await noted(engine, '0000', 'poison');
    const position = 'position' in poison ? poison.position : '';
    await noted(engine, '0000', 'after');
    await engine.settle();
    const broken = { position, cause: 'Error: cannot take poison' };
    const looking = await start({ store, subsystems: v1, readOnly: true });
    expect(await statusOf(looking)).toMatchObject({ events: 4, broken });
    await Promise.all([engine.close(), looking.close()]);

    tries = 0;
    const again = await start({ store, subsystems: breaking });
    expect(await statusOf(again)).toMatchObject({ broken });
    await again.settle();
    await again.settle();
    expect(tries).toBe(2);
    expect(await statusOf(again)).toMatchObject({ events: 4, broken });
    expect(await again.rebuild('tickets')).toMatchObject({ broken, building: { broken } });
    expect(await seenBy(again)).toEqual({ versions: ['v1'], rows: 2, notes: 2 });
    await again.close();

    const mended = await start({ store, subsystems: v1 });
    await mended.settle();
    expect(await seenBy(mended)).toEqual({ versions: ['v1'], rows: 2, notes: 4 });
    expect(await statusOf(mended)).not.toHaveProperty('broken');
    await mended.close();
    const looked = await start({ store, subsystems: v1, readOnly: true });
    expect(await statusOf(looked)).not.toHaveProperty('broken');
  });
});
