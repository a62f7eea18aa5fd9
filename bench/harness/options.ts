import { parseArgs } from 'node:util';
import type { Run } from './row.ts';

export type Options = {
  readonly only: readonly string[];
  readonly scale: Run['scale'];
  readonly rounds: number;
  readonly json: boolean;
  readonly list: boolean;
  readonly help: boolean;
  readonly date: string;
  readonly output: string | undefined;
  readonly directory: string | undefined;
};

const ROUNDS = { quick: 2, normal: 7, full: 9 } as const;

export const HELP = `npm run bench -- [options]
  --only TEXT      rows whose name or file contains TEXT (may be repeated)
  --quick          tries the benchmarks themselves: small sizes, 2 rounds, writes no page
  --full           the sizes of the specification for deadlines too, 9 rounds
  --rounds N       how often subject and baseline take turns
  --date DATE      what the page says was the day (today, unless given)
  --output FILE    where the page goes (bench/results.md, if all rows are run)
  --directory DIR  where the files are written (the system's temporary directory)
  --json           ends with one line of JSON
  --list           prints the rows
Example: npm run bench -- --only sequential --rounds 3`;

/** What was asked for on the command line. Throws where that cannot be understood. */
export const optionsOf = (args: readonly string[]): Options => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      json: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      date: { type: 'string' },
      output: { type: 'string' },
      directory: { type: 'string' },
    },
  });
  const scale = values.quick ? 'quick' : values.full ? 'full' : 'normal';
  const rounds = Number(values.rounds ?? ROUNDS[scale]);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error('--rounds takes a whole number');
  const { only, json, list, help, output, directory } = values;
  const date = values.date ?? new Date().toISOString().slice(0, 10);
  return { only, scale, rounds, json, list, help, date, output, directory };
};
