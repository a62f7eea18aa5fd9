import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { marketDay } from './day.ts';

/** The day the market opened, as a number. */
const SEED = 20_260_302;

const pathOf = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

const { commands, outcomes } = marketDay(SEED);
const files = [
  [pathOf('market-day.jsonl'), commands],
  [pathOf('market-day.outcomes.jsonl'), outcomes],
] as const;

/** What is stored under a path, or nothing. */
const stored = (path: string): Buffer => {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
};

if (process.argv.includes('--check')) {
  const stale = files.filter(([path, bytes]) => !stored(path).equals(bytes));
  for (const [path] of stale) process.stderr.write(`${path} is not what npm run examples writes\n`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [path, bytes] of files) writeFileSync(path, bytes);
}
