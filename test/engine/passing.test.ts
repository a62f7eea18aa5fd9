import { passing } from '../../src/engine/run/passing.ts';

/** Positions that were stored, and what stores them. */
const noted = () => {
  const stored: string[] = [];
  return { stored, unstored: passing((position) => stored.push(position)) };
};

const pass = (unstored: ReturnType<typeof passing>, from: number, to: number): void => {
  for (let position = from; position <= to; position += 1) unstored.passed(`${position}`);
};

describe('engine N13: positions of pages that hold nothing of interest', () => {
  test('engine N13: are stored once in a while, however many pass', () => {
    const { stored, unstored } = noted();
    pass(unstored, 1, 49);
    expect(stored).toEqual([]);
    pass(unstored, 50, 120);
    expect(stored).toEqual(['50', '100']);
  });

  test('engine N13: are stored at the end, once, and never behind what was stored with rows', () => {
    const { stored, unstored } = noted();
    pass(unstored, 1, 3);
    unstored.flush();
    unstored.flush();
    expect(stored).toEqual(['3']);
    pass(unstored, 4, 5);
    unstored.overtaken();
    unstored.flush();
    expect(stored).toEqual(['3']);
  });
});
