import { cli, cliWith, said, temporary, type Said } from '../support/cli.ts';
import { deposit, freeze, open, unfreeze } from '../support/command-lines.ts';

const place = temporary();

/** Runs lines as they stand, in a store of their own. */
const runOf = async (name: string, input: string | Buffer, ...flags: readonly string[]) => {
  const ran = await cliWith(input, 'run', '--json', '--data', place(name), ...flags);
  return { ...ran, said: said(ran) };
};

const json = (value: unknown): string => JSON.stringify(value);
const ada = freeze('ada');
const paid = (money: unknown): string => {
  const line = deposit('P', 'ada', 1);
  return json({ ...line, data: { ...line.data, money } });
};
const money = (amount: unknown): string => paid({ currency: 'USD', amount });
const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const data = (payload: string): string => json(ada).replace('"lost key"', payload);
const { at: _, ...terms } = open('E', 0);

/** Lines that are malformed, by what is wrong with them: the line, the path that is named. */
const malformed: readonly (readonly [string, string, string])[] = [
  ['a stream of an unknown category', json({ ...ada, stream: 'acount-ada' }), 'stream'],
  ['a stream without an id', json({ ...ada, stream: 'account-' }), 'stream'],
  ['a stream without a category', json({ ...ada, stream: 'account' }), 'stream'],
  ['a stream with a control character', json({ ...ada, stream: 'account-a\u0007' }), 'stream'],
  ['a stream like a property of every object', json({ ...ada, stream: '__proto__-a' }), 'stream'],
  ['a category like a method of every object', json({ ...ada, stream: 'toString-a' }), 'stream'],
  ['an unknown command', json({ ...ada, command: 'Freeze' }), 'command'],
  ['a command like a method of every object', json({ ...ada, command: 'constructor' }), 'command'],
  ['a command of another category', json({ ...ada, command: 'OpenEscrow' }), 'command'],
  ['a missing field', json({ ...ada, actor: undefined }), 'actor'],
  ['a field too many', json({ ...ada, please: true }), 'please'],
  ['a missing field of the payload', json({ ...ada, data: {} }), 'reason'],
  ['a field too many in the payload', json({ ...ada, data: { ...ada.data, why: 1 } }), 'why'],
  ['a payload that is a list', json({ ...ada, data: [] }), 'data'],
  ['a stream of another type', json({ ...ada, stream: 7 }), 'stream'],
  ['a command of another type', json({ ...ada, command: null }), 'command'],
  ['an empty id', json({ ...ada, id: '' }), 'id'],
  ['an id of 257 bytes', json({ ...ada, id: 'x'.repeat(257) }), 'id'],
  ['an actor of 129 bytes', json({ ...ada, actor: 'é'.repeat(64) + 'x' }), 'actor'],
  ['an actor without roles', json({ ...ada, actor: { id: 'tess' } }), 'actor.roles'],
  [
    'an actor with a field too many',
    json({ ...ada, actor: { id: 'a', roles: [], x: 1 } }),
    'actor.x',
  ],
  ['a role of another type', json({ ...ada, actor: { id: 'a', roles: [7] } }), 'actor.roles[0]'],
  ['an amount as a number', money(5), 'money.amount'],
  ['an amount as a float', money(0.1), 'money.amount'],
  ['an amount beyond 2^53 as a number', money(2 ** 53), 'money.amount'],
  ['an amount with a fraction', money('1.50'), 'money.amount'],
  ['an amount with an exponent', money('1e3'), 'money.amount'],
  ['a negative amount', money('-5'), 'money.amount'],
  ['an amount with a sign', money('+5'), 'money.amount'],
  ['an amount with a leading zero', money('05'), 'money.amount'],
  ['an empty amount', money(''), 'money.amount'],
  ['an amount of zero', money('0'), 'money.amount'],
  ['an amount of 2^128', money((1n << 128n).toString()), 'money.amount'],
  ['a currency that is no code', paid({ currency: 'usd', amount: '5' }), 'money.currency'],
  ['a field too many in money', paid({ currency: 'USD', amount: '5', x: 1 }), 'money.x'],
  ['terms without milestones', json({ ...terms, data: { terms: { buyer: 'b' } } }), 'terms.seller'],
  ['__proto__ in the line', json(ada).replace('{', '{"__proto__":{"at":5},'), '__proto__'],
  ['__proto__ in the payload', data('"x","__proto__":{"reason":"x"}'), '__proto__'],
  ['__proto__ as the payload', json(ada).replace('"reason"', '"__proto__"'), 'reason'],
  ['a lone surrogate in a text', data(String.raw`"\ud800"`), 'reason'],
  ['a lone surrogate in a key', data(String.raw`"x","\udc00":1`), ''],
  ['a lone surrogate in a stream', json(ada).replace('-ada', String.raw`-\ud83d`), 'stream'],
  ['a lone surrogate in an id', json({ ...ada, id: '\ud800' }), 'id'],
  ['a lone surrogate in an actor', json({ ...ada, actor: '\udfff' }), 'actor'],
  ['a number beyond all numbers', data('1e400'), 'reason'],
  ['an instant beyond all numbers', json(ada).replace('{', '{"at":1e400,'), 'at'],
  ['100,000 levels outside the payload', json(ada).replace('{', `{"x":${deep(100_000)},`), 'x'],
  ['a list', '[1,2]', ''],
  ['null', 'null', ''],
  ['a text', '"good morning"', ''],
  ['words', 'good morning', ''],
  ['two objects', `${json(ada)}${json(ada)}`, ''],
  ['an object cut short', json(ada).slice(0, 40), ''],
];

describe('a line that is no command', () => {
  let lines: readonly Said[];
  let [code, stderr]: readonly [number | null, string] = [null, ''];

  beforeAll(async () => {
    const input = [json(freeze('first')), ...malformed.map(([, line]) => line), json(ada)].join(
      '\n',
    );
    const ran = await runOf('malformed', input);
    [lines, code, stderr] = [ran.said, ran.code, ran.stderr];
  });

  test.each(malformed.map(([what, , path], index) => [what, index, path] as const))(
    'engine N5: %s is malformed, and its path is named',
    (_what, index, path) => {
      expect(lines[index + 1]).toMatchObject({
        line: index + 2,
        outcome: 'malformed',
        path,
        expected: expect.stringMatching(/./) as unknown,
        found: expect.stringMatching(/./) as unknown,
      });
    },
  );

  test('keeps nobody else from being run, and the program from no orderly end', async () => {
    const count = malformed.length;
    expect([lines[0], lines[count + 1]]).toMatchObject([
      { outcome: 'accepted' },
      { outcome: 'accepted' },
    ]);
    expect(lines[count + 2]).toMatchObject({ lines: count + 2, commands: 2, malformed: count });
    expect([code, stderr]).toEqual([1, '']);
    const { lines: streams } = await cli('streams', 'account', '--data', place('malformed'));
    expect(streams).toEqual(['account-ada  0', 'account-first  0']);
  });
});

describe('a line', () => {
  test('of 100,000 levels is malformed where it becomes too deep', async () => {
    const {
      said: [line],
      code,
      stderr,
    } = await runOf('deep', data(deep(100_000)));
    expect(line).toMatchObject({ outcome: 'malformed', expected: 'at most 100 levels of nesting' });
    expect(line?.['path']).toMatch(/^reason\[0\]\[0\]/);
    expect([code, stderr]).toEqual([1, '']);
  });

  test('marketplace: in a currency that is not configured is refused', async () => {
    const {
      said: [line],
    } = await runOf('currency', paid({ currency: 'XYZ', amount: '5' }));
    const refusal = { type: 'UnknownCurrency', facts: { currency: 'XYZ' } };
    expect(line).toMatchObject({ outcome: 'refused', refusal });
  });

  test('engine N5: of more than 256 KiB is refused', async () => {
    const {
      said: [line],
    } = await runOf('large', data(json('x'.repeat(300_000))));
    expect(line).toMatchObject({ outcome: 'refused', refusal: { type: 'TooLarge' } });
  });

  test('moves no terminal, whatever its texts hold', async () => {
    const evil = 'account-\u001b[2J\u009b1A\n     9  accepted';
    const { lines, code } = await cliWith(
      json({ ...ada, stream: evil }),
      'run',
      '--data',
      place('evil'),
    );
    expect(lines).toHaveLength(3);
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
    expect(code).toBe(1);
  });
});

describe('engine C5: a line that cannot be read', () => {
  const good = `${json(ada)}\n`;

  test('because it is 5 MB long is skipped to the next newline', async () => {
    const input = `${good}{"x":"${'y'.repeat(5_000_000)}"}\n${json(unfreeze('ada'))}\n`;
    const {
      said: [first, long, last],
      code,
    } = await runOf('long', input);
    expect([first, last]).toMatchObject([
      { outcome: 'accepted' },
      { line: 3, outcome: 'accepted' },
    ]);
    expect(long).toEqual({
      line: 2,
      outcome: 'malformed',
      path: '',
      expected: 'a line of at most 1048576 bytes',
      found: '5000008 bytes',
    });
    expect(code).toBe(1);
  });

  test('because it is no UTF-8 is malformed', async () => {
    const input = Buffer.concat([
      Buffer.from(good),
      Buffer.from(good.replace('lost', 'l\u0001st').replace('\\u0001', '\u0001'), 'latin1').map(
        (byte) => (byte === 1 ? 0xff : byte),
      ),
      Buffer.from(json(unfreeze('ada'))),
    ]);
    const {
      said: [first, broken, last],
    } = await runOf('utf8', input);
    expect([first, last]).toMatchObject([{ outcome: 'accepted' }, { outcome: 'accepted' }]);
    expect(broken).toMatchObject({ line: 2, outcome: 'malformed', path: '', expected: 'UTF-8' });
  });

  test('because it is cut short is malformed, and may be whole without a newline', async () => {
    const cut = await runOf('cut', `${good}${json(unfreeze('ada')).slice(0, -9)}`);
    expect(cut.said[1]).toMatchObject({ line: 2, outcome: 'malformed', path: '' });
    const whole = await runOf('cut', `${good}${json(unfreeze('ada'))}`);
    expect(whole.said.slice(0, 2)).toMatchObject([
      { outcome: 'repeated' },
      { outcome: 'accepted' },
    ]);
  });

  test('is none where there is nothing in it', async () => {
    const {
      said: [first, second, summary],
      code,
    } = await runOf('blank', `\n\n${good}  \r\n${json(unfreeze('ada'))}\r\n\n`);
    expect([first, second]).toMatchObject([
      { line: 3, outcome: 'accepted' },
      { line: 5, outcome: 'accepted' },
    ]);
    expect(summary).toMatchObject({ lines: 2, malformed: 0 });
    expect(code).toBe(0);
  });
});
