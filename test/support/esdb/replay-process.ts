// Replays recorded cases against a server, in a process that an unhandled rejection may not end:
// node test/support/esdb/replay-process.ts <connection string> <case file>...
// prints a line of JSON per case, `{ name, answers }`.
import { readFileSync } from 'node:fs';
import type { ObservedCase } from './replay/case.ts';
import { replay } from './replay/replay.ts';

const [connectionString = '', ...files] = process.argv.slice(2);

for (const file of files) {
  const observed: ObservedCase = JSON.parse(readFileSync(file, 'utf8'));
  const answers = await replay(connectionString, observed);
  process.stdout.write(`${JSON.stringify({ name: observed.name, answers })}\n`);
}

// The client keeps its connection open for good.
process.exit(0);
