import { chanceOf, type Chance } from './chance.ts';
import type { Draft } from './generate-common.ts';
import { escrowDraft } from './generate-escrow.ts';
import { ledgerDraft } from './generate-ledger.ts';
import { FEES } from './generate-terms.ts';
import { vastDeal } from './generate-vast.ts';
import { DAY, HOUR, MINUTE, type Escrow, type Fee } from './model.ts';
import { Oracle, type Prediction } from './oracle.ts';
import type { World } from './world.ts';

/** A line of a file, as an object; a broken one is text alone. */
type Line = Draft & { readonly at: number; readonly id?: string };

export type Predicted = Prediction & { readonly text: string };

const START = 1_700_000_000_000;

/** Every so many files one begins with the largest deal there can be. */
const EVERY_VAST = 5;

const next = (escrows: readonly Escrow[], count: number): readonly number[] =>
  escrows
    .map(({ deadline }) => deadline!)
    .toSorted((a, b) => a - b)
    .slice(0, count);

/** Mostly a little later; often right at a deadline, or one millisecond beside it; sometimes earlier. */
const instantFrom = (chance: Chance, world: World): number => {
  const { clock } = world;
  if (clock === 0) return START;
  const live = [...world.escrows.values()].filter(({ deadline }) => deadline !== undefined);
  const rich = live.filter(({ holdId }) => holdId !== '');
  const early = rich
    .filter(({ status, releasableAt }) => status !== 'Disputed' && releasableAt >= clock)
    .map(({ releasableAt }) => releasableAt)
    .toSorted((a, b) => a - b);
  const near = [...next(rich, 2), ...next(live, 1), ...early.slice(0, 1)];
  return chance.weighted<() => number>([
    [70, () => clock + chance.int(0, 100)],
    [10, () => clock],
    [1, () => clock + MINUTE],
    [1, () => clock + chance.pick([HOUR, DAY])],
    [near.length * 2, () => chance.pick(near) + chance.pick([-1, 0, 0, 1])],
    [4, () => Math.max(clock - chance.int(1, HOUR), 0)],
  ])();
};

/** Breaks a line in one place. */
const broken = (chance: Chance, line: Line): string => {
  const { data } = line;
  const keys = Object.keys(data);
  const key = keys.length > 0 ? chance.pick(keys) : 'none';
  const value = chance.pick([null, 7, -1, 1.5, 'x', [], {}, '', true, '\ud800', '\u0007']);
  const { [key]: _, ...fewer } = data;
  const spoilt = chance.weighted<() => unknown>([
    [4, () => ({ ...line, data: { ...data, [key]: value } })],
    [2, () => ({ ...line, data: fewer })],
    [1, () => ({ ...line, data: { ...data, surplus: 1 } })],
    [1, () => ({ ...line, data: chance.pick([null, [], 'x', 7]) })],
    [1, () => ({ ...line, stream: chance.pick(['nodash', 'other-x', 'escrow-', '', 7]) })],
    [1, () => ({ ...line, command: chance.pick(['Nothing', 'toString', '', 'PlaceHold']) })],
    [1, () => ({ ...line, at: chance.pick([-1, 1.5, '1', null, 1e21]) })],
    [1, () => ({ ...line, extra: true })],
    [1, () => ({ ...line, id: chance.pick(['', 7, 'i'.repeat(257), 'a\u0001']) })],
    [
      2,
      () => ({
        ...line,
        actor: chance.pick<unknown>([
          'system',
          'clock',
          '',
          7,
          'n'.repeat(129),
          { id: 'ann', roles: ['system'] },
          { id: 'ann' },
          { id: 'ann', roles: 'rail' },
        ]),
      }),
    ],
  ])();
  const text = JSON.stringify(spoilt);
  return chance.weighted<string>([
    [12, text],
    [1, text.slice(0, -3)],
    [1, '[]'],
    [1, text.replace('"data":{', '"data":{"__proto__":{},')],
  ]);
};

/** An earlier line again, as it was or with another payload under the same id. */
const repeated = (chance: Chance, earlier: readonly Line[], at: number): Line => {
  const line = chance.pick(earlier);
  if (chance.percent(70)) return chance.percent(50) ? { ...line, at } : line;
  const other = chance.pick(earlier);
  return { ...other, stream: line.stream, actor: line.actor, id: line.id!, at };
};

const lineText = (chance: Chance, world: World, earlier: Line[], number: number): string => {
  const at = instantFrom(chance, world);
  if (earlier.length > 0 && chance.percent(6)) {
    return JSON.stringify(repeated(chance, earlier, at));
  }
  const draft: Draft = chance.percent(68) ? escrowDraft(chance, world) : ledgerDraft(chance, world);
  const line = { ...draft, at, ...(chance.percent(40) ? { id: `c${number}` } : {}) };
  if (chance.percent(6)) return broken(chance, line);
  if ('id' in line) earlier.push(line);
  return JSON.stringify(line);
};

/** A random command file, with what the oracle answers to each of its lines under the fee that the seed names. */
export const predictedFile = (instance: string, seed: number, count: number): Predicting => {
  const chance = chanceOf(seed);
  const fee = FEES[seed % FEES.length]!;
  const oracle = new Oracle(instance, fee);
  const earlier: Line[] = [];
  const lines: Predicted[] = [];
  const play = (text: string): void => void lines.push({ text, ...oracle.play(text) });
  if (seed % EVERY_VAST === 0) {
    for (const draft of vastDeal(chance)) play(JSON.stringify({ ...draft, at: START }));
  }
  while (lines.length < count) play(lineText(chance, oracle.world, earlier, lines.length + 1));
  return { lines, oracle, fee };
};

export type Predicting = {
  readonly lines: readonly Predicted[];
  readonly oracle: Oracle;
  readonly fee: Fee;
};
