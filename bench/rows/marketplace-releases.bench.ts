import { accountCommands, escrowCommands } from '../../src/index.ts';
import { freshFile } from '../harness/files.ts';
import { compared, inTurns, median } from '../harness/rounds.ts';
import { atLeast, atMost, shared, sized, type Row } from '../harness/row.ts';
import { fillWithLocked, plainTerms } from '../subjects/escrows.ts';
import { openMarket, person, type Market } from '../subjects/market.ts';

const { ReleaseFunds } = escrowCommands.of;
const { RequestWithdrawal } = accountCommands.of;

type Round = { readonly rate: number; readonly withdrawalMs: number };
type Kind = 'one' | 'many';

/** How many withdrawals are timed after the releases of a round. */
const WITHDRAWALS = 10;

const idOf = (kind: Kind, round: number, index: number) => `${kind}-${round}-${index}`;
const payeeOf = (kind: Kind, round: number, index: number) =>
  kind === 'one' ? `payee-${round}` : `payee-${round}-${index}`;

const released = async (
  { engine, send }: Market,
  kind: Kind,
  round: number,
  count: number,
): Promise<Round> => {
  await engine.settle();
  const begin = performance.now();
  const ids = Array.from({ length: count }, (_, index) => idOf(kind, round, index));
  await Promise.all(
    ids.map((id) => send(`escrow-${id}`, ReleaseFunds({ milestone: 1 }), person(`buyer-${id}`))),
  );
  const rate = (count / (performance.now() - begin)) * 1000;
  const times: number[] = [];
  for (let index = 0; index < WITHDRAWALS; index += 1) {
    const owner = payeeOf(kind, round, index);
    const money = { currency: 'USD', amount: '100' };
    const payment = RequestWithdrawal({ money, rail: 'sandbox', destination: 'iban' });
    await engine.settle();
    const asked = performance.now();
    await send(`account-${owner}`, payment, person(owner));
    times.push(performance.now() - asked);
  }
  return { rate, withdrawalMs: median(times) };
};

const measured = shared(async (run) => {
  const count = sized(run, 50, 1_000);
  const path = freshFile(run, 'releases');
  const rounds = run.rounds + 1; // the first one does not count
  await fillWithLocked(path, rounds * count * 2, Date.now() - 1_000, (nth) => {
    const kind: Kind = nth % 2 === 0 ? 'one' : 'many';
    const place = Math.floor((nth - 1) / 2);
    const [round, index] = [Math.floor(place / count), place % count];
    const id = idOf(kind, round, index);
    return { id, terms: plainTerms(`buyer-${id}`, payeeOf(kind, round, index)) };
  });
  const market = await openMarket(path);
  await market.engine.settle();
  const next = (kind: Kind) => {
    let round = -1;
    return () => released(market, kind, (round += 1), count);
  };
  try {
    const taken = await inTurns(run.rounds, { one: next('one'), many: next('many') });
    return { ...taken, count };
  } finally {
    await market.engine.close();
  }
});

const of = (rounds: readonly Round[], what: keyof Round) => rounds.map((round) => round[what]);

/** Credits append nothing to the payee's account, so a payee of many is as fast as many payees. */
export const releaseRows: readonly Row[] = [
  {
    name: '1,000 concurrent releases to one payee',
    unit: '/s',
    target: atLeast(0.9),
    baseline: 'the same to 1,000 payees',
    measure: async (run) => {
      const { one, many, count } = await measured(run);
      return compared(of(one, 'rate'), of(many, 'rate'), `${count} each, every one accepted`);
    },
  },
  {
    name: "that payee's RequestWithdrawal",
    unit: 'ms',
    target: atMost(1.1),
    baseline: 'one of a payee of a single release',
    measure: async (run) => {
      const { one, many } = await measured(run);
      const note = `median of ${WITHDRAWALS} per round on a quiet engine`;
      return compared(of(one, 'withdrawalMs'), of(many, 'withdrawalMs'), note);
    },
  },
];
