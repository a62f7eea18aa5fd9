/**
 * `node replay-memory.child.ts PATH`: rebuilds the projection of a file's tickets from its whole log and prints the resident memory before
 * and at its highest, in MiB, and how much of it the JavaScript heap was at most.
 */
import { collectGarbage } from './harness/rounds.ts';
import { openDesk } from './subjects/ticket-desk.ts';

const [path = ''] = process.argv.slice(2);
const MIB = 1024 * 1024;
const LOOK_EVERY_MS = 20;

const desk = await openDesk(path);
await desk.open();
await desk.engine.settle();
collectGarbage();
const idle = process.memoryUsage.rss();
let [highest, heap] = [idle, 0];
const looking = setInterval(() => {
  const { rss, heapUsed } = process.memoryUsage();
  highest = Math.max(highest, rss);
  heap = Math.max(heap, heapUsed);
}, LOOK_EVERY_MS);
const { events } = await desk.engine.rebuild('tickets');
clearInterval(looking);
console.log(
  JSON.stringify({ events, idleMib: idle / MIB, highestMib: highest / MIB, heapMib: heap / MIB }),
);
await desk.engine.close();
