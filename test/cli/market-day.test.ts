import { existsSync } from 'node:fs';
import { watch } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import {
  cli,
  cliWith,
  contents,
  said,
  start,
  temporary,
  testWhere,
  type Said,
} from '../support/cli.ts';

const place = temporary();
const examples = resolve(__dirname, '..', '..', 'examples');
const isThere = existsSync(join(examples, 'market-day.jsonl'));
const day = testWhere(isThere, 'NO TEST OF THE MARKET DAY: examples/market-day.jsonl is missing');
const args = (data: string) => ['market-day', '--json', '--data', place(data)];
const KILLS = 10;

const counts: Said = Object.fromEntries(
  ['lines', 'commands', 'accepted', 'granted', 'repeated', 'refused', 'failed', 'malformed'].map(
    (name) => [name, expect.any(Number) as unknown],
  ),
);
const tablesOf = ({ escrowsByStatus, balances, trialBalance }: Said) => ({
  escrowsByStatus,
  balances,
  trialBalance,
});
const isSorted = (names: readonly string[]): boolean =>
  names.every(
    (name, index) =>
      index === 0 || Buffer.compare(Buffer.from(names[index - 1] ?? ''), Buffer.from(name)) < 0,
  );

/** The last position of a store's log, asked as often as one likes. */
const watching = (data: string) => {
  const db = new Database(place(data, 'chancery.db'), { readonly: true });
  const last = db.prepare<[], { last: number }>('SELECT max(position) AS last FROM events');
  return { last: () => last.get()?.last ?? 0, close: () => db.close() };
};

const lastIn = (data: string): number => {
  const { last, close } = watching(data);
  const found = last();
  close();
  return found;
};

/** Resolves when a store's log, which another process writes, has come to a position. */
const reached = async (data: string, position: number, ended: Promise<unknown>): Promise<void> => {
  const stop = new AbortController();
  void ended.then(() => stop.abort());
  const { last, close } = watching(data);
  try {
    if (last() >= position) return;
    for await (const _ of watch(place(data), { signal: stop.signal })) {
      if (last() >= position) return;
    }
  } finally {
    stop.abort();
    close();
  }
};

describe('chancery market-day', () => {
  let result: Said = {};
  let total = 0;

  day('ends as its expected outcomes say, in one line of JSON', async () => {
    const { code, lines, stderr } = await cli(...args('whole'));
    expect([code, lines.length, stderr]).toEqual([0, 1, '']);
    result = said({ code, lines, stderr, signal: null })[0] ?? {};
    total = lastIn('whole');
    expect(result).toEqual({
      ...counts,
      failed: 0,
      sent: {
        reactions: expect.any(Number) as unknown,
        deadlines: expect.any(Number) as unknown,
        effects: expect.any(Number) as unknown,
      },
      escrowsByStatus: expect.any(Object) as unknown,
      balances: expect.any(Object) as unknown,
      trialBalance: expect.any(Object) as unknown,
      replayIdentical: true,
      seconds: expect.any(Number) as unknown,
    });
    const { escrowsByStatus, balances, trialBalance } = result as {
      readonly escrowsByStatus: Readonly<Record<string, number>>;
      readonly balances: Readonly<Record<string, Readonly<Record<string, string>>>>;
      readonly trialBalance: Readonly<Record<string, string>>;
    };
    expect(Object.keys(escrowsByStatus)).toEqual([
      'Agreed',
      'AwaitingRelease',
      'Cancelled',
      'Disputed',
      'Expired',
      'Locked',
      'Proposed',
      'Refunded',
      'Released',
      'Unopened',
    ]);
    expect(isSorted(Object.keys(balances))).toBe(true);
    for (const sums of Object.values(balances)) {
      expect(isSorted(Object.keys(sums))).toBe(true);
      for (const amount of Object.values(sums)) expect(amount).toMatch(/^-?[1-9]\d*$/);
    }
    expect(new Set(Object.values(trialBalance))).toEqual(new Set(['0']));
  });

  day(
    'engine C4: started again, repeats every command, sends nothing and prints equal tables',
    async () => {
      const { code, ...again } = await cli(...args('whole'));
      const [repeated = {}] = said({ code, ...again });
      expect(code).toBe(0);
      expect(repeated).toMatchObject({
        lines: result['lines'],
        commands: result['commands'],
        repeated: result['commands'],
        malformed: result['malformed'],
        sent: { reactions: 0, deadlines: 0, effects: 0 },
        replayIdentical: true,
      });
      expect(tablesOf(repeated)).toEqual(tablesOf(result));
      expect(lastIn('whole')).toBe(total);
    },
  );

  day(
    'engine C3: killed at ten places and started again each time, ends with the same store to the byte',
    async () => {
      // A run of no line makes the store that is watched.
      await cliWith('', 'run', '--at', '--instance', 'market-day', '--data', place('killed'));
      for (let kill = 1; kill <= KILLS; kill += 1) {
        const { child, ended } = start(args('killed'));
        await reached('killed', Math.floor((total * kill) / (KILLS + 1)), ended);
        child.kill('SIGKILL');
        expect((await ended).signal).toBe('SIGKILL');
      }
      const [last = {}] = said(await cli(...args('killed')));
      expect(last).toMatchObject({ lines: result['lines'], failed: 0, replayIdentical: true });
      expect(tablesOf(last)).toEqual(tablesOf(result));
      expect(contents(place('killed'))).toEqual(contents(place('whole')));
    },
  );
});
