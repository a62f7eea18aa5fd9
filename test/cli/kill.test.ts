import { cli, contents, said, start, temporary, written, type Said } from '../support/cli.ts';
import { chance, deals } from '../support/command-lines.ts';

const place = temporary();
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const KILLS = 10;

/** What a line was answered the first time, whoever asks. */
const first = ({ outcome, first: before, ...rest }: Said): Said => ({
  ...rest,
  outcome: before ?? outcome,
});

/** Lets a process run on for a while that is counted, not timed. */
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((done) => setImmediate(done));
};

describe('a run that is killed and started again', () => {
  test('engine C3: ends as an undisturbed one, to the byte, wherever kill -9 strikes', async () => {
    process.stdout.write(`kill.test: SEED=${seed}\n`);
    const next = chance(seed);
    const lines = deals(22);
    const file = written(place('deals.jsonl'), lines);
    const args = (data: string) => [
      'run',
      file,
      '--at',
      '--json',
      '--instance',
      'k',
      '--data',
      place(data),
    ];
    const whole = await cli(...args('whole'));
    const answers = said(whole).slice(0, -1).map(first);
    expect(answers).toHaveLength(lines.length);

    const struck: number[] = [];
    for (let tries = 0; struck.length < KILLS && tries < 2 * KILLS; tries += 1) {
      const kill = struck.length;
      const { child, printed, ended } = start(args('killed'));
      await printed(Math.floor((lines.length * 0.95 * (kill + next())) / KILLS));
      await turns(Math.floor(next() * 300));
      child.kill('SIGKILL');
      const { lines: seen, signal, code } = await ended;
      // Where this process was held up, that one may have come to its end before: whole, and then it is struck once more.
      const isStruck = signal === 'SIGKILL';
      const wholly = { signal: null, code: 0, lines: whole.lines.length };
      const end = isStruck ? { signal, code: null, lines: seen.length } : wholly;
      expect({ signal, code, lines: seen.length }).toEqual(end);
      if (isStruck) struck.push(seen.length);
      const told = seen.flatMap((line) => (line.endsWith('}') ? [line] : []));
      for (const [index, line] of told.slice(0, answers.length).entries()) {
        expect(first(JSON.parse(line) as Said)).toEqual(answers[index]);
      }
    }
    process.stdout.write(`kill.test: killed after lines ${struck.join(', ')}\n`);
    expect(struck).toHaveLength(KILLS);

    const last = said(await cli(...args('killed')));
    expect(last.slice(0, -1).map(first)).toEqual(answers);
    expect(contents(place('killed'))).toEqual(contents(place('whole')));
  });
});
