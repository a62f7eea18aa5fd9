import {
  cli,
  cliWith,
  said,
  shell,
  tampered,
  temporary,
  written,
  type Ended,
  type Said,
} from '../support/cli.ts';
import { deposit, freeze, hold, of, open, unfreeze } from '../support/command-lines.ts';

const place = temporary();
const jsonOf = (...args: readonly string[]): Promise<Ended> => cli('run', '--json', ...args);
const virtually = (file: string, data: string): Promise<Ended> =>
  jsonOf(file, '--at', '--instance', 'spec', '--data', data);
const NOTHING_SENT = { reactions: 0, deadlines: 0, effects: 0 };

/** What `--json` says of a line in full, but for ids that derive from its bytes. */
const anId: unknown = expect.stringMatching(/^[a-z2-7]{26}$/);

/** What a second run says of a line. */
const repeatOf = (line: Said): Said =>
  ['malformed', 'repeated'].includes(String(line['outcome']))
    ? line
    : { ...line, outcome: 'repeated', first: line['outcome'] };

describe('a run with --json', () => {
  let ran: Ended;
  let lines: readonly Said[];
  let again: Ended;
  const data = place('all');

  beforeAll(async () => {
    const file = written(place('all.jsonl'), [
      freeze('ada', 1_000),
      freeze('ada', 2_000),
      { ...unfreeze('ada', 3_000), actor: 'ada' },
      { ...freeze('ada', 4_000), data: { reason: 7 } },
      { ...unfreeze('ada', 5_000), id: 'thaw-1' },
      { ...unfreeze('ada', 5_000), id: 'thaw-1' },
      { ...freeze('ada', 5_000), id: 'thaw-1' },
      freeze('bob', 4_500),
      { stream: 'account-bob', command: 'Freeze', data: {}, actor: 'bob', at: 6_000 },
    ]);
    ran = await virtually(file, data);
    lines = said(ran);
    again = await virtually(file, data);
  });

  const frozen = { type: 'AccountFrozen', data: { reason: 'lost key' } };

  test('says of an accepted command its events, revision and position', () => {
    expect(lines[0]).toEqual({
      line: 1,
      id: anId,
      stream: 'account-ada',
      command: 'FreezeAccount',
      outcome: 'accepted',
      events: [frozen],
      revision: 0,
      position: '2',
    });
  });

  test('says of a granted command what time alone had caused', () => {
    expect(lines[1]).toEqual({
      line: 2,
      id: anId,
      stream: 'account-ada',
      command: 'FreezeAccount',
      outcome: 'granted',
      lapsed: [],
    });
  });

  test('says of a refused command which rule says no, and its facts', () => {
    expect(lines[2]).toEqual({
      line: 3,
      id: anId,
      stream: 'account-ada',
      command: 'UnfreezeAccount',
      outcome: 'refused',
      refusal: { type: 'NotPermitted', facts: { actor: 'ada' } },
    });
  });

  test('says of a malformed line the path, what was expected and what was found', () => {
    expect(lines[3]).toEqual({
      line: 4,
      id: anId,
      stream: 'account-ada',
      command: 'FreezeAccount',
      outcome: 'malformed',
      path: 'reason',
      expected: 'a reason (1 to 500 characters)',
      found: '7',
    });
    expect(lines[8]).toMatchObject({ outcome: 'malformed', path: 'command', found: '"Freeze"' });
  });

  test('engine N2: says of a repeated command what was answered the first time', () => {
    expect(lines[5]).toEqual({ ...lines[4], line: 6, outcome: 'repeated', first: 'accepted' });
    expect(lines[4]).toMatchObject({ id: 'thaw-1', outcome: 'accepted', revision: 1 });
  });

  test('engine N3: refuses an id that stood for another payload', () => {
    const refusal = { type: 'CommandIdReused', facts: { commandId: 'thaw-1' } };
    expect(lines[6]).toMatchObject({ outcome: 'refused', refusal });
  });

  test('engine C1: says by how much an earlier instant was raised', () => {
    expect(lines[7]).toMatchObject({ line: 8, outcome: 'accepted', skewMs: 500 });
  });

  test('engine C4: ends with the summary: lines = commands + malformed', () => {
    expect(lines).toHaveLength(10);
    expect(lines[9]).toEqual({
      lines: 9,
      commands: 7,
      accepted: 3,
      granted: 1,
      repeated: 1,
      refused: 2,
      failed: 0,
      malformed: 2,
      sent: NOTHING_SENT,
    });
  });

  test('engine C4: a second run repeats every command, keeps malformed lines so, and sends nothing', () => {
    const repeats = said(again);
    expect(repeats.slice(0, -1)).toEqual(lines.slice(0, -1).map(repeatOf));
    expect(repeats.at(-1)).toMatchObject({
      commands: 7,
      repeated: 7,
      malformed: 2,
      sent: NOTHING_SENT,
    });
  });

  test('ends with 1 where a line was not understood, and with nothing on standard error', () => {
    expect([ran.code, again.code, ran.stderr]).toEqual([1, 1, '']);
  });
});

const notPermitted = (actor: string) => ({ type: 'NotPermitted', facts: { actor } });

describe('a run', () => {
  test('ends with 0 where every line was understood, refused or not', async () => {
    const file = written(place('understood.jsonl'), [
      freeze('ada'),
      unfreeze('bob'),
      unfreeze('cy'),
    ]);
    const { code, lines, stderr } = await cli('run', file, '--data', place('understood'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(lines).toEqual([
      '     1  accepted   account-ada FreezeAccount  AccountFrozen',
      '     2  granted    account-bob UnfreezeAccount',
      '     3  granted    account-cy UnfreezeAccount',
      '3 lines, 3 commands: 1 accepted, 2 granted, 0 repeated, 0 refused, 0 failed, 0 malformed',
      'sent by the engine: 0 by reactions, 0 by deadlines, 0 by effects',
    ]);
  });

  test('counts what the engine sends by itself: reactions, deadlines, effects', async () => {
    const file = written(place('sent.jsonl'), [
      deposit('P1', 'bea', 12_000, 1_000),
      open('E1', 2_000),
      of('E1', 'AcceptTerms', 'sol', 3_000, { version: 1 }),
      hold('E1', 'bea', 12_000, 4_000),
      of('E1', 'MarkDelivered', 'sol', 5_000, { milestone: 1 }),
      freeze('zoe', 5_000 + 3 * 86_400_000),
    ]);
    const ran = said(await virtually(file, place('sent')));
    expect(ran.at(-1)).toMatchObject({ sent: { reactions: 2, deadlines: 1, effects: 0 } });
  });

  test('fails a line whose stream is damaged, goes on with the others, and ends with 1', async () => {
    const data = place('damaged');
    await jsonOf(written(place('before.jsonl'), [freeze('ada'), freeze('bob')]), '--data', data);
    tampered(data, (db) =>
      db.exec(`UPDATE events SET data = '{"reason":7}' WHERE stream = 'account-ada'`),
    );
    const after = written(place('after.jsonl'), [unfreeze('ada'), unfreeze('bob')]);
    const ran = await jsonOf(after, '--data', data);
    const [damaged, sound, summary] = said(ran);
    expect(damaged).toEqual({
      line: 1,
      id: anId,
      stream: 'account-ada',
      command: 'UnfreezeAccount',
      outcome: 'failed',
      failure: {
        type: 'UndecodableEvent',
        reason: expect.stringContaining('account-ada') as unknown,
      },
    });
    expect(sound).toMatchObject({ line: 2, outcome: 'accepted' });
    expect(summary).toMatchObject({ lines: 2, commands: 2, failed: 1, accepted: 1 });
    expect(ran.code).toBe(1);
  });

  test('reads standard input where no file is named, or -, and a pipe', async () => {
    const line = `${JSON.stringify(freeze('ada'))}\n`;
    const file = written(place('piped.jsonl'), [freeze('ada')]);
    const data = place('input');
    const [unnamed] = said(await cliWith(line, 'run', '--json', '--data', data));
    const [dash] = said(await cliWith(line, 'run', '-', '--json', '--data', data));
    const piped = 'chancery run <(cat "$1") --json --data "$2"';
    const [pipe] = said(await shell(piped, file, data));
    expect(unnamed).toMatchObject({ outcome: 'accepted' });
    expect([dash, pipe]).toEqual([
      { ...unnamed, outcome: 'repeated', first: 'accepted' },
      { ...unnamed, outcome: 'repeated', first: 'accepted' },
    ]);
  });

  test('engine N28: equal lines of one file are commands of their own, and the next file repeats them', async () => {
    const data = place('ordinals');
    const line = { ...deposit('P1', 'ada', 5), actor: 'nobody' };
    const twice = written(place('twice.jsonl'), [freeze('ada'), freeze('ada'), line, line]);
    const ran = said(await jsonOf(twice, '--instance', 'n', '--data', data));
    const ids = ran.slice(0, 4).map(({ id }) => id);
    expect(new Set(ids).size).toBe(4);
    const elsewhere = said(await jsonOf(twice, '--instance', 'n', '--data', place('elsewhere')));
    expect(elsewhere.slice(0, 4).map(({ id }) => id)).toEqual(ids);
    const other = written(place('other.jsonl'), [unfreeze('cy'), freeze('ada')]);
    expect(said(await jsonOf(other, '--data', data))[1]).toMatchObject({
      id: ids[0],
      outcome: 'repeated',
      first: 'accepted',
    });
  });

  test('engine N47: takes every role from its operator but system', async () => {
    const file = written(place('roles.jsonl'), [
      { ...freeze('ada'), actor: { id: 'me', roles: ['treasurer', 'rail', 'arbiter'] } },
      { ...freeze('bob'), actor: { id: 'me', roles: ['system', 'treasurer'] } },
      { ...freeze('bob'), actor: { id: 'system', roles: ['treasurer'] } },
      { ...freeze('bob'), actor: { id: 'clock', roles: ['treasurer'] } },
    ]);
    const ran = said(await jsonOf(file, '--data', place('roles')));
    expect(ran[0]).toMatchObject({ outcome: 'accepted' });
    expect(ran.slice(1, 4).map(({ refusal }) => refusal)).toEqual([
      notPermitted('me'),
      notPermitted('system'),
      notPermitted('clock'),
    ]);
  });
});
