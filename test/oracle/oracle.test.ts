import { compare, type Difference } from './compare.ts';
import { predictedFile, type Predicted } from './lines.ts';
import { runProduct } from './product.ts';

const INSTANCE = 'oracle';
const LINES = 120;
const FILES = Number(process.env['CHANCERY_ORACLE_FILES'] ?? 25);
const FIRST_SEED = Number(process.env['CHANCERY_ORACLE_SEED'] ?? 1);

const report = (seed: number, lines: readonly Predicted[], found: Difference): string =>
  [
    `seed ${seed}, line ${found.line}: ${found.where}`,
    `the oracle says  ${JSON.stringify(found.expected)}`,
    `the product says ${JSON.stringify(found.seen)}`,
    'the file up to that line:',
    ...lines.slice(0, found.line).map(({ text }) => text),
  ].join('\n');

const differenceOf = async (seed: number): Promise<string | undefined> => {
  const { lines, oracle, fee } = predictedFile(INSTANCE, seed, LINES);
  const seen = await runProduct(INSTANCE, fee, lines.map(({ text }) => text).join('\n'));
  const found = compare(lines, oracle, seen);
  return found && report(seed, lines, found);
};

describe('a model written from the specification alone', () => {
  const seeds = Array.from({ length: FILES }, (_, i) => FIRST_SEED + i);
  it.each(seeds)(
    'answers every line of the command file of seed %i as the product',
    async (seed) => {
      expect(await differenceOf(seed)).toBeUndefined();
    },
  );
});
