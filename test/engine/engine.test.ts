import { memoryStore } from '../../src/adapters/memory/memory-store.ts';
import { virtualClock } from '../../src/adapters/virtual-clock.ts';
import { startEngine } from '../../src/engine/run/start-engine.ts';
import { ticketCommands, ticketSubsystem, tickets } from '../support/tickets.ts';

const { OpenTicket, AddNote, LinkTicket } = ticketCommands.of;
const ada = { actor: { id: 'ada', roles: [] } };

test('smoke', async () => {
  const clock = virtualClock();
  const engine = await startEngine({
    store: memoryStore(),
    subsystems: [ticketSubsystem],
    clock,
    newId: () => 'fixed',
    instance: 'test',
  });
  const a = await engine.send(
    ticketSubsystem,
    'ticket-1',
    OpenTicket({ title: 'echo', answerBy: 100 }),
    { ...ada, commandId: 'c1' },
  );
  console.log(a);
  await engine.settle();
  console.log(
    await engine.send(ticketSubsystem, 'ticket-1', OpenTicket({ title: 'echo', answerBy: 100 }), {
      ...ada,
      commandId: 'c1',
    }),
  );
  console.log(
    await engine.send(ticketSubsystem, 'ticket-1', LinkTicket({ other: 'ticket-1' }), {
      ...ada,
      commandId: 'c2',
    }),
  );
  await engine.runUntil(99);
  console.log(await engine.query(tickets).get('1'));
  await engine.runUntil(1000);
  console.log(await engine.query(tickets).where({ open: 'false' }).page({ limit: 10 }));
  console.log(await engine.send(ticketSubsystem, 'ticket-1', AddNote({ note: 'x' }), ada));
  console.log(
    JSON.stringify(await engine.status()),
    await engine.stateAt(ticketSubsystem, 'ticket-1', { instant: 99 }),
  );
  console.log((await engine.history('ticket-1')).map((e) => [e.type, e.metadata]));
  await engine.close();
});
