/**
 * A process of its own that closes an engine in the middle of its life: `node closing-process.ts [PATH]`, on a store in memory or at PATH.
 * Followers are live, a deadline is years ahead, and whoever reads the changes and the log has not stopped. It prints what it saw and
 * then has nothing more to do.
 */
import { createEngine } from '../../src/create-engine.ts';
import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { ticketCommands, ticketSubsystem, tickets } from './tickets.ts';

const TEN_YEARS_MS = 10 * 365 * 24 * 3_600_000;
const [path] = process.argv.slice(2);
const store = path === undefined ? memoryStore() : sqliteStore(path);
const engine = await createEngine({ store, subsystems: [ticketSubsystem] });

let [changes, isComplete] = [0, false];
engine
  .query(tickets)
  .changes()
  .subscribe({
    next: () => {
      changes += 1;
    },
    complete: () => {
      isComplete = true;
    },
  });
const pages: string[] = [];
const readToItsEnd = async (): Promise<string> => {
  const { signal } = new AbortController();
  for await (const page of engine.log({ after: undefined, signal })) pages.push(page.position);
  return 'ended';
};
const reader = readToItsEnd().catch(({ failure }: { failure?: { type: string } }) => failure?.type);

const { OpenTicket } = ticketCommands.of;
const answerBy = engine.now() + TEN_YEARS_MS;
const ticket = OpenTicket({ title: 'echo', answerBy });
await engine.send(ticketSubsystem, 'ticket-1', ticket, { actor: { id: 'ada', roles: [] } });
await engine.settle();
const pending = engine.deadlines(10).length;
// A second ticket, of which the followers have not heard when the engine closes.
const late = engine.send(ticketSubsystem, 'ticket-2', ticket, { actor: { id: 'ada', roles: [] } });
await engine.close();
const { outcome } = await late;
const hasFollowed = changes > 0 && pages.length > 0;
console.log(JSON.stringify({ pending, outcome, hasFollowed, isComplete }));
console.log(await reader);
