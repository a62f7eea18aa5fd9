import type { Clock, Instant } from '../../clock.ts';
import type { RowStore } from '../../rows.ts';
import type { Position } from '../../store.ts';
import { orFailed } from '../consumer.ts';
import type { OutboxRunner } from './outbox-runner.ts';
import { outboxConsumer, works, type Work } from './outbox-table.ts';

/** How an effect is: how far its events were taken in, and what it has to do. */
export type EffectStatus = {
  readonly effect: string;
  readonly position: Position | undefined;
  /** Works that have not gone out, or are reported on. */
  readonly waiting: number;
  /** Works that may have gone out, of which nobody has said what became of them. */
  readonly unknown: number;
  /** Works that could not be done; an operator has them tried again, or drops them. */
  readonly failed: number;
  /** The instant of the event that has asked for the oldest of them. */
  readonly oldest: Instant | undefined;
  /** Why the log or the store could not be read or written the last time; it is tried again. */
  readonly failure?: string;
};

type Counts = { waiting: number; unknown: number; failed: number; oldest: Instant | undefined };

const KIND = {
  waiting: 'waiting',
  prepared: 'waiting',
  submitted: 'unknown',
  unknown: 'unknown',
  reporting: 'waiting',
  failed: 'failed',
} as const satisfies Readonly<Record<Work['stage']['state'], string>>;

const nothing = (): Counts => ({ waiting: 0, unknown: 0, failed: 0, oldest: undefined });

const PAGE = 500;

/** Works of every effect that the engine has, and of those of which rows are left; however many, others get their turn in between. */
export const outboxStatus = async (
  rows: RowStore,
  runners: readonly OutboxRunner[],
  { breathe }: Pick<Clock, 'breathe'>,
): Promise<readonly EffectStatus[]> => {
  const counts = new Map(runners.map(({ effect }) => [effect.name, nothing()]));
  let after: string | undefined;
  for (;;) {
    const page = works(rows, PAGE, after);
    for (const { row } of page) {
      const of = counts.get(row.effect) ?? nothing();
      counts.set(row.effect, of);
      of[KIND[row.stage.state]] += 1;
      of.oldest = Math.min(of.oldest ?? row.since, row.since);
    }
    after = page.at(-1)?.key;
    if (page.length < PAGE) break;
    await breathe();
  }
  return [...counts].map(([effect, of]) => {
    const runner = runners.find((each) => each.effect.name === effect);
    const stored = orFailed(rows.checkpoint(outboxConsumer(effect)))?.position;
    const failure = runner?.failure();
    const position = runner?.position() ?? stored;
    return { effect, position, ...of, ...(failure === undefined ? {} : { failure }) };
  });
};
