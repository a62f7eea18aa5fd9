import { ConstantBackoff, handleAll, retry } from 'cockatiel';
import { policy } from '../../src/adapters/resilience/policy.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { traces, type Rule, type Scripted } from '../support/breaker-peers.ts';
import { bare, classify, transient } from '../support/policy-world.ts';

const START = 1_000_000;
const HOUR_MS = 3_600_000;

beforeEach(() => void jest.useFakeTimers({ now: START }));
afterEach(() => void jest.useRealTimers());

const times = (n: number, ...call: Scripted): readonly Scripted[] =>
  Array.from({ length: n }, () => call);
const failThenAnswer = (n: number): readonly Scripted[] =>
  Array.from(
    { length: n },
    () =>
      [
        [0, 'fail'],
        [0, 'ok'],
      ] as const,
  ).flat();

type Traces = Awaited<ReturnType<typeof traces>>;
type Row = readonly [what: string, rule: Rule, script: readonly Scripted[], came: Traces];

const tripped = times(5, 0, 'fail');
const trippedByShare = times(20, 0, 'fail');
const alike = (trace: string): Traces => ({ ours: trace, cockatiel: trace });
const allAlike = (trace: string): Traces => ({ ...alike(trace), opossum: trace });

/** Where all decide alike. */
const same: readonly Row[] = [
  [
    'the fifth failure in a row opens, for 60 s, and a trial that is answered closes',
    'fiveInARow',
    [...times(6, 0, 'fail'), [59_999, 'ok'], [60_000, 'ok'], [60_000, 'ok']],
    alike('f5 xxoo'),
  ],
  [
    'an answer begins the row anew',
    'fiveInARow',
    [...times(4, 0, 'fail'), [0, 'ok'], ...times(4, 0, 'fail'), [0, 'ok']],
    alike('f4 of4 o'),
  ],
  [
    "callers' mistakes are no failures in the row",
    'fiveInARow',
    [...times(4, 0, 'fail'), [0, 'mistake'], [0, 'ok']],
    alike('f5 o'),
  ],
  [
    'more than half of twenty calls open',
    'halfOfTwenty',
    [...failThenAnswer(9), ...times(3, 0, 'fail'), [0, 'ok']],
    allAlike('fofofofofofofofofoffxx'),
  ],
];

/** Where they do not; docs/resilience.md gives the reasons under the same words. */
const different: readonly Row[] = [
  [
    'failures an hour old are in the row',
    'fiveInARow',
    [...times(4, 0, 'fail'), [HOUR_MS, 'fail'], [HOUR_MS, 'ok']],
    { ours: 'f5 o', cockatiel: 'f5 x' },
  ],
  [
    'outcomes an hour old are in the share',
    'halfOfTwenty',
    [...failThenAnswer(9), [HOUR_MS, 'fail'], [HOUR_MS, 'fail'], [HOUR_MS, 'ok']],
    {
      ours: 'fofofofofofofofofoffo',
      cockatiel: 'fofofofofofofofofoffx',
      opossum: 'fofofofofofofofofoffo',
    },
  ],
  [
    'exactly half opens',
    'halfOfTwenty',
    [...failThenAnswer(9), [0, 'ok'], [0, 'fail'], [0, 'ok']],
    {
      ours: 'fofofofofofofofofoofx',
      cockatiel: 'fofofofofofofofofoofo',
      opossum: 'fofofofofofofofofoofo',
    },
  ],
  [
    "callers' mistakes dilute the share",
    'halfOfTwenty',
    [...times(9, 0, 'fail'), ...times(100, 0, 'mistake'), ...times(11, 0, 'fail'), [0, 'ok']],
    { ours: 'f120 x', cockatiel: 'f120 x', opossum: 'f120 o' },
  ],
  [
    "a caller's mistake closes a circuit on trial",
    'halfOfTwenty',
    [...trippedByShare, [60_000, 'mistake'], [60_000, 'fail'], [60_000, 'ok']],
    { ours: 'f22 x', cockatiel: 'f22 o', opossum: 'f22 o' },
  ],
  [
    'a second call waits for the trial',
    'fiveInARow',
    [...tripped, [60_000, 'ok', 100], [60_050, 'ok'], [60_200, 'ok']],
    { ours: 'f5 oxo', cockatiel: 'f5 ooo' },
  ],
  [
    'a trial that hangs keeps everyone out for ever',
    'halfOfTwenty',
    [...trippedByShare, [60_000, 'ok', Infinity], [80_000, 'ok'], [HOUR_MS, 'ok']],
    { ours: 'f20 -xo', cockatiel: 'f20 ---', opossum: 'f20 -xx' },
  ],
  [
    'a failure from before it opened counts after it closed',
    'fiveInARow',
    [...times(4, 0, 'fail', 61_000), ...tripped, [60_000, 'ok'], [61_001, 'fail'], [61_002, 'ok']],
    { ours: 'f9 ofo', cockatiel: 'f9 ofx' },
  ],
  [
    'an answer from before it opened closes it while its trial fails',
    'halfOfTwenty',
    [[0, 'ok', 60_500], ...trippedByShare, [60_400, 'fail', 200], [60_550, 'ok'], [60_700, 'ok']],
    { ours: 'of21 xx', cockatiel: 'of21 xx', opossum: 'of19 xfoo' },
  ],
  [
    'a failed trial leaves the next pause as it is',
    'fiveInARow',
    [...tripped, [60_000, 'fail'], [120_000, 'ok'], [180_000, 'ok']],
    { ours: 'f6 xo', cockatiel: 'f6 oo' },
  ],
];

describe('breakers, on the same calls at the same times', () => {
  it.each(same)('alike: %s', async (_, rule, script, came) => {
    expect(await traces(rule, script)).toEqual(came);
  });

  it.each(different)('different: %s', async (_, rule, script, came) => {
    expect(await traces(rule, script)).toEqual(came);
  });

  it('different: a clock that is set back keeps it open', async () => {
    const script: readonly Scripted[] = [...tripped, [61_000, 'ok']];
    const day = 24 * HOUR_MS;
    expect(await traces('fiveInARow', script, day)).toEqual({ ours: 'f5 o', cockatiel: 'f5 x' });
  });
});

describe('retries', () => {
  const aborted = async (
    run: (signal: AbortSignal, work: () => Promise<never>) => Promise<unknown>,
  ) => {
    const caller = new AbortController();
    const begun = performance.now();
    let [calls, settledAfter] = [0, NaN];
    const fail = () => {
      calls += 1;
      return Promise.reject(transient);
    };
    const settled = () => void (settledAfter = performance.now() - begun);
    void run(caller.signal, fail).then(settled, settled);
    await jest.advanceTimersByTimeAsync(1_000);
    caller.abort();
    await jest.advanceTimersByTimeAsync(HOUR_MS);
    return { calls, settledAfter };
  };

  it('resilience P4, different: an aborted pause sleeps on and calls again', async () => {
    const guarded = policy({
      name: 'peer',
      classify,
      ...bare,
      retry: { baseMs: 60_000, maxMs: 60_000 },
      clock: systemClock(),
      random: () => 0.5,
    });
    const theirs = retry(handleAll, { maxAttempts: 2, backoff: new ConstantBackoff(30_000) });
    const ours = await aborted((signal, work) =>
      guarded.run({ repeat: 'idempotent', signal }, work)(),
    );
    const cockatiel = await aborted((signal, work) => theirs.execute(work, signal));
    expect(ours).toEqual({ calls: 1, settledAfter: 1_000 });
    expect(cockatiel).toEqual({ calls: 2, settledAfter: 30_000 });
  });
});
