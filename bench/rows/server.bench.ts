import { createEngine, eventStoreDb, withLocalRows } from '../../src/index.ts';
import { freshFile } from '../harness/files.ts';
import { against, finely, rate } from '../harness/rounds.ts';
import { atLeast, sized, type Measured, type Row, type Run } from '../harness/row.ts';
import { bareClient, type BareClient } from '../subjects/bare-client.ts';
import { openServer } from '../subjects/server.ts';
import { CALLERS, crowd, deskOver, oneByOne, type Desk } from '../subjects/ticket-desk.ts';
import { ticketSubsystem } from '../subjects/tickets.ts';

/** An engine and the bare client on one server, for as long as the work takes. */
const onServer = async (
  run: Run,
  work: (desk: Desk, bare: BareClient, what: string) => Promise<Measured>,
): Promise<Measured> => {
  const server = await openServer();
  const bare = bareClient(server.url);
  const log = eventStoreDb(server.url);
  const store = withLocalRows(log, freshFile(run, 'server-rows'));
  const engine = await createEngine({ store, subsystems: [ticketSubsystem] });
  try {
    return await work(deskOver(engine), bare, server.what);
  } finally {
    await engine.close();
    await bare.close();
    server.close();
  }
};

/** Work that so many callers do at once; throws where one of them fails. */
const together = async (each: number, work: () => Promise<unknown>): Promise<number> => {
  const { done, failed, why } = await crowd(CALLERS, each, work);
  if (failed > 0) throw new Error(`${failed} failed: ${why}`);
  return done;
};

const sequential = (run: Run): Promise<Measured> => {
  const count = sized(run, 50, 300);
  return onServer(run, (desk, bare, what) =>
    against(
      finely(run),
      () => rate(() => oneByOne(count, desk.open)),
      () => rate(() => oneByOne(count, bare.append)),
      `${count} per round; ${what}`,
    ),
  );
};

const callers = (run: Run): Promise<Measured> => {
  const each = sized(run, 5, 20);
  return onServer(run, (desk, bare, what) =>
    against(
      finely(run),
      () => rate(() => together(each, desk.open)),
      () => rate(() => together(each, bare.append)),
      `${CALLERS * each} per round, acknowledged; ${what}`,
    ),
  );
};

const rebuild = (run: Run): Promise<Measured> => {
  const each = sized(run, 10, 150);
  return onServer(run, async (desk, bare, what) => {
    await together(each, desk.open);
    await desk.caughtUp();
    const rebuilt = async () => (await desk.engine.rebuild('tickets')).events;
    return against(
      run,
      () => rate(rebuilt),
      () => rate(bare.readAll),
      `${CALLERS * each} events; ${what}`,
    );
  });
};

/** A log on a server: what the engine adds to the client. */
export const serverRows: readonly Row[] = [
  {
    name: 'on a server: sequential commands on new streams',
    unit: '/s',
    target: atLeast(0.8),
    baseline: "the bare client's appends",
    measure: sequential,
  },
  {
    name: 'on a server: 64 callers at once, acknowledged',
    unit: '/s',
    target: undefined,
    baseline: "the bare client's appends, 64 at once",
    measure: callers,
  },
  {
    name: 'on a server: projection rebuild',
    unit: 'events/s',
    target: atLeast(0.7),
    baseline: 'the bare client reading the log',
    measure: rebuild,
  },
];
