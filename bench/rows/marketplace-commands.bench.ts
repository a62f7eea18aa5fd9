import { freshFile } from '../harness/files.ts';
import { median, quantile } from '../harness/rounds.ts';
import { atMost, below, shared, sized, type Row } from '../harness/row.ts';
import { ENDINGS, playDeal, timedSteps } from '../subjects/deals.ts';
import { openMarket } from '../subjects/market.ts';
import { openDesk } from '../subjects/ticket-desk.ts';

type Times = {
  readonly byCommand: ReadonlyMap<string, readonly number[]>;
  readonly plain: readonly number[];
};

/** How many plain commands go between two deals, for the comparison. */
const PLAIN_BETWEEN = 20;
/** Recording a deposit is no command of an escrow or an account. */
const UNCOUNTED = 'RecordDeposit';

const measured = shared(async (run): Promise<Times> => {
  const market = await openMarket(freshFile(run, 'market'));
  const desk = await openDesk(freshFile(run, 'desk'));
  const byCommand = new Map<string, number[]>();
  const plain: number[] = [];
  const deals = sized(run, 5, 80);
  let warm = false;
  const step = timedSteps(market, (command, ms) => {
    if (!warm || command === UNCOUNTED) return;
    byCommand.set(command, [...(byCommand.get(command) ?? []), ms]);
  });
  const plainOnes = async (): Promise<void> => {
    for (let index = 0; index < PLAIN_BETWEEN; index += 1) {
      await desk.engine.settle();
      const begin = performance.now();
      await desk.open();
      if (warm) plain.push(performance.now() - begin);
    }
  };
  for (let deal = 0; deal < deals + ENDINGS.length; deal += 1) {
    warm = deal >= ENDINGS.length;
    await playDeal(step, `d${deal}`, ENDINGS[deal % ENDINGS.length] ?? 'release');
    await plainOnes();
  }
  await market.engine.close();
  await desk.engine.close();
  return { byCommand, plain };
});

const inOrder = ({ byCommand }: Times) =>
  [...byCommand]
    .map(([command, times]) => ({ command, ms: median(times) }))
    .toSorted((a, b) => b.ms - a.ms);

/** Each command of an escrow and an account, one at a time on a quiet engine of the whole marketplace. */
export const commandRows: readonly Row[] = [
  {
    name: 'slowest escrow or account command, durable, median',
    unit: 'ms',
    target: atMost(1.5),
    baseline: "the engine's plain durable command",
    measure: async (run) => {
      const times = await measured(run);
      const ordered = inOrder(times);
      const [slowest] = ordered;
      const list = ordered.map(({ command, ms }) => `${command} ${ms.toFixed(3)}`).join(', ');
      return { value: slowest?.ms ?? NaN, baseline: median(times.plain), note: `medians: ${list}` };
    },
  },
  {
    name: 'escrow and account commands, durable, p99',
    unit: 'ms',
    target: below(50, 'ms'),
    baseline: '',
    measure: async (run) => {
      const all = [...(await measured(run)).byCommand.values()].flat();
      return {
        value: quantile(all, 0.99),
        note: `${all.length} commands, the slowest ${Math.max(...all).toFixed(1)} ms`,
      };
    },
  },
];
