import { createHash } from 'node:crypto';
import * as t from 'io-ts';
import { Seed, chanceOf, drawBelow, type Chance } from '../../src/domain/shared/chance.ts';
import { accept, ask, byCommand, type Decider } from '../../src/engine/decider.ts';
import { freshSeed } from '../../src/engine/facts.ts';
import { evolver, machine, type StateOf } from '../../src/engine/machine.ts';
import { subsystem } from '../../src/engine/subsystem.ts';
import { vocabulary, type MessageOf } from '../../src/engine/vocabulary.ts';
import { given } from '../../src/testing/given.ts';
import { ada, engines } from '../support/engines.ts';

const SEED = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f';
const LARGEST = (1n << 64n) - 1n;

const field = (bytes: Buffer): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** The same from the rule's text with Buffer and node:crypto alone. */
const u64 = (instance: string, seed: string, counter: number): bigint => {
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(counter));
  const parts = [Buffer.from('chancery/draw/1'), Buffer.from(instance), Buffer.from(seed, 'hex')];
  const bytes = Buffer.concat([...parts, count].map(field));
  return createHash('sha256').update(bytes).digest().readBigUInt64BE(0);
};

const drawn = (chance: Chance, bound: bigint, count: number): readonly bigint[] => {
  const values: bigint[] = [];
  let next = chance;
  for (let n = 0; n < count; n += 1) {
    const draw = drawBelow(next, bound);
    values.push(draw.value);
    next = draw.next;
  }
  return values;
};

describe('engine N29: draws', () => {
  test.each([
    ['test', SEED, 0, 5_373_259_464_435_502_183n],
    ['test', SEED, 1, 5_239_478_951_240_845_858n],
    ['test', '00'.repeat(32), 0, 15_374_230_432_670_923_128n],
    ['münster', SEED, 0, 2_063_899_861_135_705_216n],
    ['test', SEED, 2 ** 32, 1_906_337_792_026_371_439n],
  ])('of instance %s, seed %s, counter %s are known', (instance, seed, counter, expected) => {
    expect(u64(instance, seed, counter)).toBe(expected);
    const { value, next } = drawBelow({ instance, seed, counter }, LARGEST);
    expect([value, next]).toEqual([expected, { instance, seed, counter: counter + 1 }]);
  });

  test('pass over what would make some numbers likelier than others', () => {
    const bound = 3n << 62n; // a quarter of all u64s lies above it
    let chance = chanceOf('test', SEED);
    const known: readonly (readonly [bigint, number])[] = [
      [5_373_259_464_435_502_183n, 1],
      [5_239_478_951_240_845_858n, 2],
      [8_270_448_011_440_701_422n, 5],
      [3_366_774_931_674_088_411n, 6],
      [1_670_745_604_788_154_585n, 7],
      [8_292_007_443_614_695_243n, 8],
    ];
    for (const [value, counter] of known) {
      const draw = drawBelow(chance, bound);
      expect([draw.value, draw.next.counter]).toEqual([value, counter]);
      chance = draw.next;
    }
    expect(drawn(chanceOf('test', SEED), 6n, 8)).toEqual([1n, 4n, 1n, 1n, 2n, 1n, 1n, 1n]);
  });

  test('lie below their bound, the smallest and the largest too', () => {
    const chance = chanceOf('test', SEED);
    expect(drawn(chance, 1n, 20)).toEqual(Array.from({ length: 20 }, () => 0n));
    for (const bound of [2n, 3n, 10n, 1n << 63n, (1n << 63n) + 1n, LARGEST]) {
      for (const value of drawn(chance, bound, 50)) {
        expect(value >= 0n && value < bound).toBe(true);
      }
    }
    for (const bound of [0n, -1n, LARGEST + 1n]) {
      expect(() => drawBelow(chance, bound)).toThrow('no bound');
    }
    expect(() => drawBelow(chanceOf('test', 'AB'), 2n)).toThrow('AB is not a seed');
  });

  // Chi-square at 0.1 %: for 1, 6, 9 and 99 degrees of freedom.
  test.each([
    [2, 10.83],
    [7, 22.46],
    [10, 27.88],
    [100, 148.23],
  ])('below %s are as likely as each other', (bound, limit) => {
    const COUNT = 20_000;
    const counts = Array.from({ length: bound }, () => 0);
    for (const value of drawn(chanceOf('chi', SEED), BigInt(bound), COUNT)) {
      counts[Number(value)]! += 1;
    }
    const expected = COUNT / bound;
    const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chi).toBeLessThan(limit);
  });

  test('are the same for the same seed, others for another seed, instance or place', () => {
    const first = drawn(chanceOf('test', SEED), LARGEST, 5);
    expect(drawn(chanceOf('test', SEED), LARGEST, 5)).toEqual(first);
    const others = [
      drawn(chanceOf('other', SEED), LARGEST, 5),
      drawn(chanceOf('test', '11'.repeat(32)), LARGEST, 5),
      drawn({ instance: 'test', seed: SEED, counter: 5 }, LARGEST, 5),
    ];
    expect(new Set([first, ...others].flat()).size).toBe(20);
  });
});

const raffleEvents = vocabulary({ RaffleDrawn: { seed: Seed, among: t.number } });
const raffleCommands = vocabulary({ DrawRaffle: { among: t.number } });
type RaffleEvent = MessageOf<typeof raffleEvents>;
type RaffleCommand = MessageOf<typeof raffleCommands>;

const raffleMachine = machine<RaffleEvent>()('Open', {
  Open: { RaffleDrawn: 'Drawn' },
  Drawn: {},
});
type Raffle = StateOf<typeof raffleMachine, { Open: object; Drawn: { winner: string } }>;

/** The winner follows from the recorded seed. */
const raffle: Decider<RaffleCommand, Raffle, RaffleEvent, { type: 'AlreadyDrawn' }> = {
  version: 1,
  initial: { status: 'Open' },
  evolve: evolver<typeof raffleMachine, Raffle, RaffleEvent>({
    RaffleDrawn: (_, { seed, among }) => ({
      status: 'Drawn',
      winner: drawBelow(chanceOf('test', seed), BigInt(among)).value.toString(),
    }),
  }),
  decide: byCommand({
    DrawRaffle: ({ among }) =>
      ask({ seed: freshSeed }, ({ seed }) => accept(raffleEvents.of.RaffleDrawn({ seed, among }))),
  }),
};

const raffles = subsystem({
  category: 'raffle',
  area: 'test',
  decider: raffle,
  events: raffleEvents,
  commands: raffleCommands,
  machine: raffleMachine,
  about: {
    summary: 'A raffle.',
    commands: { DrawRaffle: { who: 'anyone', when: 'Open', refusals: [] } },
  },
  projections: [],
  reactions: [],
});

describe('engine N29, N33: a seed as a fact', () => {
  const start = engines();
  const DrawRaffle = raffleCommands.of.DrawRaffle({ among: 100 });

  test('is recorded by the decision that draws, and the fold draws the same', async () => {
    const seeds = ['ab', 'cd'].map((byte) => new Uint8Array(32).fill(Number.parseInt(byte, 16)));
    const engine = await start({ subsystems: [raffles], newSeed: () => seeds.shift()! });
    for (const [id, byte] of [
      ['1', 'ab'],
      ['2', 'cd'],
    ] as const) {
      const stream = `raffle-${id}` as const;
      const outcome = await engine.send(raffles, stream, DrawRaffle, { actor: ada });
      const seed = byte.repeat(32);
      expect(outcome).toMatchObject({ events: [{ data: { seed, among: 100 } }] });
      const winner = `${u64('test', seed, 0) % 100n}`;
      expect((await engine.stateAt(raffles, stream)).state).toEqual({ status: 'Drawn', winner });
    }
  });

  test('is given in a test', () => {
    given(raffle)
      .when(DrawRaffle, { facts: { seed: SEED } })
      .then(raffleEvents.of.RaffleDrawn({ seed: SEED, among: 100 }));
  });
});
