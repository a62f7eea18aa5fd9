/**
 * `node cold-start.child.ts PATH`: opens an engine on a file, sends one command, and prints how many milliseconds passed from the call of
 * createEngine, and from the start of the process, to its outcome.
 */
import { openDesk } from './subjects/ticket-desk.ts';

const [path = ''] = process.argv.slice(2);

const begin = performance.now();
const desk = await openDesk(path);
await desk.open();
const end = performance.now();
await desk.caughtUp();
const current = performance.now();
console.log(
  JSON.stringify({ fromCreateMs: end - begin, fromProcessMs: end, currentMs: current - begin }),
);
await desk.engine.close();
