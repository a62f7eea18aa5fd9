import { simulate, type Simulation } from './simulate.ts';
import { failureOf, storyOf } from './story.ts';

/** How many seeds are lived through, from which on; or one alone, whose trace is printed. */
const SIMULATIONS = Number(process.env['CHANCERY_SIMULATIONS'] ?? 150);
const FIRST_SEED = Number(process.env['CHANCERY_SEED'] ?? 1);
const ALONE = process.env['CHANCERY_SIMULATION_SEED'];

/** From so many seeds on everything has to have happened. */
const MANY = 100;

/** What worlds have to bring about, or they would prove nothing. */
const SOME = [
  'refused',
  'lost',
  'RevisionConflict',
  'the subscription fails',
  'late answer',
  'jumps by -',
  'is killed before an append',
  'is killed after an append',
  'is killed before a commit of rows',
  'is killed after a commit of rows',
  'is killed from outside',
  'is killed after it has closed',
  'StoreFull',
  'CommandIdReused',
  'TicketClosed',
  'ReminderRang',
  'FundsReleased',
  'WithdrawalPaid',
];

const isRight = (simulation: Simulation): void => {
  if (simulation.failure !== undefined) throw new Error(failureOf(simulation));
};

const alone = ALONE === undefined ? test.skip : test;
const many = ALONE === undefined ? test : test.skip;

describe('an engine whose store fails, whose clock jumps and which is killed anywhere', () => {
  many(
    'N1 N2 N3 N4 N7 N8 N13 N15 N17 N19 N20 N32 N36: keeps its word in every order of things, and comes to rest',
    async () => {
      const missing = new Set(SOME);
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SIMULATIONS; seed += 1) {
        const simulation = await simulate(seed);
        isRight(simulation);
        for (const each of missing) {
          if (simulation.trace.some((line) => line.includes(each))) missing.delete(each);
        }
      }
      if (SIMULATIONS >= MANY) expect([...missing]).toEqual([]);
    },
    Math.max(60_000, SIMULATIONS * 600),
  );

  many('the same seed is the same world, step by step', async () => {
    const digests = new Set<string>();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + 8; seed += 1) {
      const { digest, steps } = await simulate(seed);
      expect(await simulate(seed)).toMatchObject({ seed, digest, steps });
      digests.add(digest);
    }
    expect(digests.size).toBe(8);
  });

  alone(`seed ${ALONE ?? 'that CHANCERY_SIMULATION_SEED names'} alone`, async () => {
    const simulation = await simulate(Number(ALONE));
    process.stdout.write(`${storyOf(simulation, Infinity)}\n`);
    isRight(simulation);
  });
});
