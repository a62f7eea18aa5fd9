import { E } from '../../src/engine/fp.ts';
import { canonicalJson } from '../../src/engine/json.ts';
import { COMMAND_BYTES } from '../../src/engine/run/request.ts';
import type { StreamName } from '../../src/engine/store.ts';
import { ada, engines } from '../support/engines.ts';

const start = engines();

/** What a command is refused for; nothing is written by it. */
const refusalOf = async (
  data: unknown,
  { type = 'AddNote', stream = 'ticket-1', commandId = 'c', actor = ada } = {},
) => {
  const engine = await start();
  const answer = await engine.sendTE(stream, { type, data }, { actor, commandId })();
  expect(await engine.history(stream as StreamName)).toEqual([]);
  return E.isRight(answer) && answer.right.outcome === 'refused' ? answer.right.refusal : answer;
};

const size = (note: string) => canonicalJson({ type: 'AddNote', data: { note } }).length;

describe('the form of a command', () => {
  const cycle: Record<string, unknown> = { note: 'n' };
  cycle['self'] = { within: [cycle] };
  const holed: unknown[] = [1];
  holed[2] = 2;
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);

  test.each([
    ['undefined', undefined, '', 'nothing'],
    ['a field that is undefined', { note: undefined }, 'note', 'nothing'],
    ['a function', { note: () => 1 }, 'note', 'a function'],
    ['a cycle', cycle, 'self.within[0]', 'something that is no JSON'],
    ['a big integer', { note: [{ n: 1n }] }, 'note[0].n', 'the big integer 1'],
    ['NaN', { note: [1, Number.NaN] }, 'note[1]', 'NaN'],
    ['a lone surrogate', { note: 'a\ud800' }, 'note', '"a\\ud800"'],
    ['a hole in a list', { note: holed }, 'note[1]', 'nothing'],
    ['a date', { note: new Date(0) }, 'note', '"1970-01-01T00:00:00.000Z"'],
    ['a map', { note: new Map() }, 'note', '{}'],
    ['a symbol', { note: Symbol('x') }, 'note', 'a symbol'],
  ])('engine N5: %s is malformed, with its path', async (_, data, path, found) => {
    expect(await refusalOf(data)).toMatchObject({ type: 'Malformed', path, found });
  });

  test('engine N5: what is nested too deep or has a key that is no text is malformed', async () => {
    expect(await refusalOf({ note: deep(2_000) })).toMatchObject({
      type: 'Malformed',
      expected: 'at most 100 levels of nesting',
    });
    expect(await refusalOf({ note: { '\ud800': 1 } })).toMatchObject({
      type: 'Malformed',
      path: 'note',
      expected: 'keys without lone surrogates',
    });
  });

  test('engine N5: a payload of another form is malformed, an unknown type tells those known', async () => {
    expect(await refusalOf({ note: 1 })).toEqual({
      type: 'Malformed',
      path: 'note',
      expected: 'a note',
      found: '1',
    });
    const types = 'one of OpenTicket, AddNote, CloseTicket, ExpireTicket, LinkTicket';
    expect(await refusalOf({}, { type: 'EatTicket' })).toEqual({
      type: 'Malformed',
      path: 'command',
      expected: types,
      found: '"EatTicket"',
    });
  });

  test('engine N5: over 256 KiB is too large, before anything else is said of it', async () => {
    const fits = 'x'.repeat(COMMAND_BYTES - size(''));
    const limit = COMMAND_BYTES;
    expect(await refusalOf({ note: fits })).toMatchObject({ type: 'StatusForbids' });
    expect(await refusalOf({ note: `${fits}x` })).toEqual({
      type: 'TooLarge',
      size: limit + 1,
      limit,
    });
    expect(await refusalOf({ note: `${fits.slice(1)}é` })).toMatchObject({ size: limit + 1 });
    expect(await refusalOf({ wrong: `${fits}x` }, { type: 'EatTicket' })).toMatchObject({
      type: 'TooLarge',
    });
  });

  test('engine N26: names that are no names are malformed', async () => {
    const path = async (odd: object) => {
      const refusal = await refusalOf({ note: 'n' }, odd);
      return 'path' in refusal ? refusal.path : refusal;
    };
    expect(await path({ commandId: '' })).toBe('id');
    expect(await path({ commandId: 'x'.repeat(257) })).toBe('id');
    expect(await path({ stream: 'ticket-' })).toBe('stream');
    expect(await path({ stream: 'ticket' })).toBe('stream');
    expect(await path({ stream: 'invoice-1' })).toBe('stream');
    expect(await path({ stream: 'instance-main2' })).toBe('stream');
    expect(await path({ stream: `ticket-${'x'.repeat(250)}` })).toBe('stream');
    expect(await path({ actor: { id: '', roles: [] } })).toBe('actor');
    expect(await path({ actor: { id: 'a\nb', roles: [] } })).toBe('actor');
    expect(await path({ actor: { id: 'x'.repeat(129), roles: [] } })).toBe('actor');
    expect(await path({ actor: { id: 'a', roles: [1] } })).toBe('actor.roles');
  });

  test('engine N47: nobody comes as the engine itself', async () => {
    const roles = ['system'];
    for (const actor of [
      { id: 'system', roles: [] },
      { id: 'clock', roles: [] },
      { id: 'eve', roles },
    ]) {
      expect(await refusalOf({ note: 'n' }, { actor })).toEqual({
        type: 'NotPermitted',
        actor: actor.id,
      });
    }
  });

  test('engine N3: what a caller does to a payload after sending it changes nothing', async () => {
    const engine = await start();
    const data = { title: 'as sent', answerBy: 9 };
    const sent = engine.sendTE('ticket-1', { type: 'OpenTicket', data }, { actor: ada })();
    data.title = 'changed';
    expect(await sent).toMatchObject({ right: { events: [{ data: { title: 'as sent' } }] } });
  });
});
