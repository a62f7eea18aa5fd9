import { rmSync, writeFileSync } from 'node:fs';
import { cli, said, temporary, written, type Ended, type Said } from '../support/cli.ts';
import {
  deposit,
  freeze,
  of,
  open,
  unfreeze,
  withdraw,
  type CommandLine,
} from '../support/command-lines.ts';

const place = temporary();
let files = 0;
const run = async (
  data: string,
  lines: readonly CommandLine[],
  ...flags: readonly string[]
): Promise<readonly Said[]> => {
  files += 1;
  const file = written(place(`lines-${files}.jsonl`), lines);
  return said(await cli('run', file, '--at', '--json', '--data', place(data), ...flags));
};
const look = async (data: string, ...args: readonly string[]): Promise<readonly Said[]> =>
  said(await cli(...args, '--json', '--data', place(data)));

/** When and in whose name the events of a stream stand. */
const instants = async (data: string, stream: string): Promise<readonly (readonly unknown[])[]> =>
  (await look(data, 'history', stream)).map(({ type, metadata }) => {
    const { at, actor } = metadata as { readonly at: number; readonly actor: string };
    return [type, at, actor];
  });

/** An offer opened at 1,000 lapses a minute later. */
const LAPSES = 61_000;
const opened = ['EscrowOpened', 1_000, 'bea'];
const lapsed = ['EscrowCancelled', LAPSES, 'clock'];

describe('engine C1: a run under virtual time', () => {
  test('lets a deadline fire between two lines, at its own instant', async () => {
    const [, later, summary] = await run('between', [open('E', 1_000), freeze('ada', 100_000)]);
    expect(await instants('between', 'escrow-E')).toEqual([opened, lapsed]);
    expect(later).toMatchObject({ outcome: 'accepted', position: '4' });
    expect(summary).toMatchObject({ sent: { deadlines: 1 } });
  });

  test('lets a deadline fire before a line of its very instant, and not before one a millisecond earlier', async () => {
    const accept = (at: number) => of('E', 'AcceptTerms', 'sol', at, { version: 1 });
    const [early, exact] = await Promise.all([
      run('early', [open('E', 1_000), accept(LAPSES - 1)]),
      run('exact', [open('E', 1_000), accept(LAPSES)]),
    ]);
    expect(early[1]).toMatchObject({ outcome: 'accepted' });
    expect(exact[1]).toMatchObject({ outcome: 'refused', refusal: { type: 'StatusForbids' } });
    expect(exact[2]).toMatchObject({ sent: { deadlines: 1 } });
  });

  test('ends the clock at the last line, or at --until, and goes on from there', async () => {
    await run('end', [open('E', 1_000)]);
    expect(await instants('end', 'escrow-E')).toEqual([opened]);
    const [status] = await look('end', 'status');
    expect(status).toMatchObject({ clock: 'virtual', deadlines: { nearest: LAPSES } });
    await run('end', [open('E', 1_000)], '--until', String(LAPSES - 1));
    expect(await instants('end', 'escrow-E')).toEqual([opened]);
    const [, summary] = await run('end', [open('E', 1_000)], '--until', '1970-01-01T00:02:00Z');
    expect(summary).toMatchObject({ repeated: 1, sent: { deadlines: 1 } });
    expect(await instants('end', 'escrow-E')).toEqual([opened, lapsed]);
    const [late] = await run('end', [freeze('ada', 119_000)]);
    expect(late).toMatchObject({ outcome: 'accepted', skewMs: 1_000 });
    expect(await instants('end', 'account-ada')).toEqual([['AccountFrozen', 120_000, 'tess']]);
  });

  test('raises an earlier instant to the clock, also of the next file', async () => {
    const [, raised] = await run('skew', [freeze('ada', 9_000), unfreeze('ada', 8_000)]);
    const [next] = await run('skew', [freeze('ada', 5_000)]);
    expect([raised, next]).toMatchObject([{ skewMs: 1_000 }, { skewMs: 4_000 }]);
    const at = (await instants('skew', 'account-ada')).map(([, instant]) => instant);
    expect(at).toEqual([9_000, 9_000, 9_000]);
  });

  test('takes the pauses of an effect that fails as timers, until it stands as failed and can be tried again', async () => {
    // 200 ms, then twice as long each time: 25.4 s for eight attempts.
    const works = async (data: string, until: number): Promise<readonly Said[]> => {
      await run(data, [deposit('P', 'ada', 500, 1_000)]);
      writeFileSync(place(data, 'sandbox-rail.db'), 'this is no bank '.repeat(100));
      await run(data, [withdraw('ada', 300, 10_000), freeze('bob', until)]);
      return look(data, 'effects');
    };
    const [[before], [failed]] = await Promise.all([
      works('patient', 35_399),
      works('pauses', 35_400),
    ]);
    const work = { effect: 'payWithdrawals:sandbox', key: 'ada!1', since: 10_000 };
    expect(before).toMatchObject({ ...work, state: 'waiting', attempts: 7, nextAt: 35_400 });
    expect(failed).toMatchObject({ ...work, state: 'failed', attempts: 8, nextAt: null });
    const id = String(failed?.['id']);
    expect(await look('pauses', 'status')).toMatchObject([{ outbox: [{ failed: 1 }] }]);
    const retry = () => cli('effects', '--retry', id, '--json', '--data', place('pauses'));
    const vain = await retry();
    expect([said(vain), vain.code]).toEqual([[{ id, retried: false }], 1]);
    rmSync(place('pauses', 'sandbox-rail.db'));
    const done = await retry();
    expect([said(done), done.code]).toEqual([[{ id, retried: true }], 0]);
    const types = (await instants('pauses', 'account-ada')).map(([type]) => type);
    expect(types).toEqual(['WithdrawalRequested', 'WithdrawalPaid']);
    expect(await look('pauses', 'effects')).toEqual([]);
    const drop = await cli('effects', '--drop', id, '--data', place('pauses'));
    expect([drop.code, drop.stderr]).toEqual([
      1,
      `chancery: no effect has a work ${id}; chancery effects lists those there are\n`,
    ]);
  });

  test('wants an instant of every line, and without --at of none', async () => {
    const [without] = await run('form', [freeze('ada')]);
    expect(without).toMatchObject({ outcome: 'malformed', path: 'at', found: 'nothing' });
    const file = written(place('with.jsonl'), [freeze('ada', 5)]);
    const [withIt] = said(await cli('run', file, '--json', '--data', place('wall')));
    expect(withIt).toMatchObject({ outcome: 'malformed', path: 'at', found: '5' });
  });
});

describe('engine C2: a store lives by one clock', () => {
  const refused = ({ code, stderr, lines }: Ended) => ({ code, stderr, lines });

  test('and a run by the other is refused with a remedy, either way round', async () => {
    const [plain, timed] = [
      written(place('plain.jsonl'), [freeze('ada')]),
      written(place('timed.jsonl'), [freeze('ada', 5)]),
    ];
    await Promise.all([
      cli('run', plain, '--data', place('by-wall')),
      cli('run', timed, '--at', '--data', place('by-virtual')),
    ]);
    const [virtual, wall] = await Promise.all([
      cli('run', timed, '--at', '--data', place('by-wall')),
      cli('run', plain, '--data', place('by-virtual')),
    ]);
    expect(refused(virtual)).toEqual({
      code: 3,
      lines: [],
      stderr: `chancery: WrongClock: ${place('by-wall', 'chancery.db')} lives by wall time, not by virtual time; run it without --at, or name another --data directory\n`,
    });
    expect(refused(wall)).toEqual({
      code: 3,
      lines: [],
      stderr: `chancery: WrongClock: ${place('by-virtual', 'chancery.db')} lives by virtual time, not by wall time; run it with --at, or name another --data directory\n`,
    });
  });
});
