import { createEngine, memoryStore } from '../../src/index.ts';
import { freshFile } from '../harness/files.ts';
import { compared, finely, inTurns } from '../harness/rounds.ts';
import {
  atLeast,
  NotRun,
  shared,
  sized,
  type Measured,
  type Row,
  type Run,
} from '../harness/row.ts';
import { openAct } from '../peers/act.ts';
import { openCastore } from '../peers/castore.ts';
import { openEmmett } from '../peers/emmett.ts';
import { quietly, type OpenPeer, type Peer } from '../peers/peer.ts';
import {
  CALLERS,
  crowd,
  deskOver,
  openDesk,
  type Crowd,
  type Desk,
} from '../subjects/ticket-desk.ts';
import { ticketSubsystem } from '../subjects/tickets.ts';

type Round = Crowd & { readonly rate: number };

const timed = async (work: () => Promise<Crowd>): Promise<Round> => {
  const begin = performance.now();
  const result = await work();
  return { ...result, rate: (result.done / (performance.now() - begin)) * 1000 };
};

const total = (rounds: readonly Round[], what: 'done' | 'failed'): number =>
  rounds.reduce((sum, round) => sum + round[what], 0);

/** A peer most of whose commands fail has no rate to be compared with. */
const checked = (name: string, rounds: readonly Round[]): void => {
  const [done, failed] = [total(rounds, 'done'), total(rounds, 'failed')];
  if (failed <= done) return;
  const why = rounds.find((round) => round.why !== '')?.why ?? '';
  throw new NotRun(`${failed} of ${done + failed} commands of ${name} failed: ${why}`);
};

const facing = async (
  run: Run,
  desk: Desk,
  peer: Peer,
  work: (open: () => Promise<unknown>) => Promise<Crowd>,
): Promise<Measured> => {
  const taken = await inTurns(finely(run).rounds, {
    ours: () =>
      timed(async () => {
        const result = await work(desk.open);
        await desk.caughtUp();
        return result;
      }),
    theirs: () => quietly(() => timed(() => work(peer.open))),
  });
  checked('Chancery', taken.ours);
  checked(peer.name, taken.theirs);
  const failed = total(taken.theirs, 'failed');
  const failures = failed === 0 ? '' : `; ${failed} of its commands failed`;
  return compared(
    taken.ours.map(({ rate }) => rate),
    taken.theirs.map(({ rate }) => rate),
    `${peer.about}${failures}`,
  );
};

type Kind = { readonly open: OpenPeer; readonly durable: boolean };

const deskOf = async (run: Run, { durable }: Kind): Promise<Desk> =>
  durable
    ? openDesk(freshFile(run, 'ours'))
    : deskOver(await createEngine({ store: memoryStore(), subsystems: [ticketSubsystem] }));

const settled = async (work: Promise<Measured>): Promise<PromiseSettledResult<Measured>> =>
  (await Promise.allSettled([work]))[0];

/** Both rows of a peer, since not every library can be opened twice in a process. */
const bothOf = (kind: Kind) =>
  shared(async (run) => {
    const peer = await kind.open(freshFile(run, 'peer'));
    const desk = await deskOf(run, kind);
    const inTurn = sized(run, 30, kind.durable ? 100 : 1_000);
    const each = sized(run, 2, 5);
    const sequential = await settled(facing(run, desk, peer, (open) => crowd(1, inTurn, open)));
    const callers = await settled(facing(run, desk, peer, (open) => crowd(CALLERS, each, open)));
    await desk.engine.close();
    await peer.close();
    return { sequential, callers };
  });

const valueOf = (settledResult: PromiseSettledResult<Measured>): Measured => {
  if (settledResult.status === 'rejected') throw settledResult.reason;
  return settledResult.value;
};

const rowsOf = (name: string, kind: Kind): readonly Row[] => {
  const both = bothOf(kind);
  const medium = kind.durable ? 'durable' : 'in memory';
  const common = { unit: '/s', target: atLeast(kind.durable ? 5 : 1), baseline: name };
  return [
    {
      ...common,
      name: `peer ${name}: sequential commands, ${medium}`,
      measure: async (run) => valueOf((await both(run)).sequential),
    },
    {
      ...common,
      name: `peer ${name}: 64 callers, ${medium}`,
      measure: async (run) => valueOf((await both(run)).callers),
    },
  ];
};

/** Other libraries with the same small decider: open a ticket, one event. Chancery's read model is caught up within its time. */
export const peerRows: readonly Row[] = [
  ...rowsOf('Emmett', { open: openEmmett, durable: true }),
  ...rowsOf('Act', { open: openAct, durable: true }),
  ...rowsOf('Castore', { open: openCastore, durable: false }),
];
