/**
 * A process of its own that is meant to be killed: `node snapshot-process.ts PATH`. It adds long notes to a few tickets and has a snapshot
 * taken of them as often as possible; each note's revision is printed once it is acknowledged.
 */
import { sqliteStore } from '../../src/adapters/sqlite/sqlite-store.ts';
import { createEngine } from '../../src/create-engine.ts';
import { ticketCommands, ticketSubsystem } from './tickets.ts';

const { OpenTicket, AddNote } = ticketCommands.of;
const actor = { id: 'ada', roles: [] };
const [path = ''] = process.argv.slice(2);

const engine = await createEngine({
  store: sqliteStore(path),
  subsystems: [ticketSubsystem],
  snapshots: { every: 1 },
});

const worker = async (number: number): Promise<void> => {
  const stream = `ticket-${number}` as const;
  const open = OpenTicket({ title: 'long', answerBy: Number.MAX_SAFE_INTEGER });
  await engine.send(ticketSubsystem, stream, open, { actor, commandId: 'open' });
  for (;;) {
    const note = AddNote({ note: 'n'.repeat(20_000) });
    const outcome = await engine.send(ticketSubsystem, stream, note, { actor });
    const { revision } = outcome as { revision: number };
    // To a pipe this is synchronous: what was printed outlives a kill.
    process.stdout.write(`${JSON.stringify({ stream, revision })}\n`);
  }
};

await Promise.all([0, 1, 2].map(worker));
