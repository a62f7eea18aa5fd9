import { cli, contents, said, shell, start, temporary, written } from '../support/cli.ts';
import { deals } from '../support/command-lines.ts';

const place = temporary();
const lines = deals(22);
const fileOf = (name: string) => written(place(`${name}.jsonl`), lines);
const flags = (data: string) => ['--at', '--instance', 's', '--data', place(data)];

describe('a run that is asked to stop', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s ends after a whole line, says so, and a further run goes on to the same end',
    async (signal) => {
      const file = fileOf(signal);
      const { child, printed, ended } = start(['run', file, '--json', ...flags(signal)]);
      await printed(7);
      child.kill(signal);
      const stopped = await ended;
      const outcomes = said(stopped);
      const summary = outcomes.at(-1);
      expect([stopped.code, stopped.signal]).toEqual([1, null]);
      expect(outcomes.length).toBeLessThan(lines.length);
      expect(summary).toMatchObject({ lines: outcomes.length - 1, failed: 0, malformed: 0 });
      expect(stopped.stderr).toBe(
        `chancery: stopped after line ${outcomes.length - 1} of ${file}; run it again to go on\n`,
      );
      const [rest, whole] = await Promise.all([
        cli('run', file, '--json', ...flags(signal)),
        cli('run', file, '--json', ...flags(`${signal}-whole`)),
      ]);
      expect([rest.code, whole.code]).toEqual([0, 0]);
      const repeated = said(whole).filter(({ outcome }) => outcome === 'repeated').length;
      expect(said(rest).at(-1)).toMatchObject({
        lines: lines.length,
        repeated: outcomes.length - 1 + repeated,
      });
      expect(contents(place(signal))).toEqual(contents(place(`${signal}-whole`)));
    },
  );
});

describe('an output that nobody reads to its end', () => {
  test('ends a run quietly after a whole line, and a further run goes on', async () => {
    const file = fileOf('head');
    const script = 'chancery run "$1" --json --at --data "$2" | head -1; echo "${PIPESTATUS[0]}"';
    const { lines: seen, stderr } = await shell(script, file, place('head'));
    expect(stderr).toBe('');
    expect(seen).toHaveLength(2);
    expect(seen[1]).toBe('1');
    const rest = said(await cli('run', file, '--json', '--at', '--data', place('head')));
    expect(rest.at(-1)).toMatchObject({ lines: lines.length, failed: 0, malformed: 0 });
  });

  test('ends a look quietly', async () => {
    await cli('run', fileOf('look'), ...flags('look'));
    const script = 'chancery rows postings --json --data "$1" | head -1; echo "${PIPESTATUS[0]}"';
    const { lines: seen, stderr } = await shell(script, place('look'));
    expect([seen.length, seen[1], stderr]).toEqual([2, '0', '']);
  });

  test('because its disk is full is an error in one line', async () => {
    await cli('run', fileOf('full'), ...flags('full'));
    const script = 'chancery streams --data "$1" > /dev/full; echo "$?"';
    const { lines: seen, stderr } = await shell(script, place('full'));
    expect(seen).toEqual(['1']);
    expect(stderr).toMatch(/^chancery: cannot write the output: ENOSPC[^\n]*\n$/);
  });
});
