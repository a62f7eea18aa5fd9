const DAY_MS = 86_400_000;
type Range = readonly [least: number, most: number];

const ranges: Readonly<Record<string, Range>> = {
  totalMs: [1, DAY_MS],
  attemptMs: [1, DAY_MS],
  'retry.attempts': [1, 10_000],
  'retry.baseMs': [1, DAY_MS],
  'retry.maxMs': [1, DAY_MS],
  'retry.retryAfterMs': [0, DAY_MS],
  'retry.budgetPpm': [0, 1_000_000],
  'retry.budgetFloorPerSecond': [0, 10_000],
  'breaker.failuresInRow': [1, 1_000],
  'breaker.failurePpm': [1, 1_000_000],
  'breaker.minCalls': [1, 1_000_000],
  'breaker.windowMs': [10, DAY_MS],
  'breaker.openMs': [1, DAY_MS],
  'breaker.maxOpenMs': [1, DAY_MS],
  'breaker.permits': [1, 100],
  'breaker.successesToClose': [1, 1_000],
  'breaker.reclaimMs': [1, DAY_MS],
  'breaker.slowMs': [1, DAY_MS],
  'bulkhead.atOnce': [1, 10_000],
  'bulkhead.queue': [0, 10_000],
  'call.totalMs': [1, DAY_MS],
  'pin.forMs': [1, DAY_MS],
  'degradation.maxAgeMs': [0, 366 * DAY_MS],
  'degradation.keys': [1, 1_000_000],
  'degradation.downAfterMs': [0, DAY_MS],
  'degradation.upAfterMs': [0, DAY_MS],
  'degradation.dwellMs': [0, DAY_MS],
};

const parts = new Set(['retry', 'breaker', 'bulkhead', 'degradation']);
const mayBeOff = new Set([
  'totalMs',
  'attemptMs',
  'retry',
  'breaker',
  'bulkhead',
  'breaker.slowMs',
]);

/** A setting that cannot be, where it stands, and what may stand there. */
export type SettingProblem = {
  readonly path: string;
  readonly expected: string;
  readonly found: string;
};

/** Settings that no policy can be made of. Nothing is clamped. */
export class PolicyMisconfigured extends Error {
  override readonly name = 'PolicyMisconfigured';
  readonly problems: readonly SettingProblem[];
  constructor(policy: string, problems: readonly SettingProblem[]) {
    const lines = problems.map(
      (one) => `${one.path}: expected ${one.expected}, found ${one.found}`,
    );
    super(`policy ${policy}: ${lines.join('; ')}`);
    this.problems = problems;
  }
}

const isWithin = (value: unknown, [least, most]: Range): boolean =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most;

const expectedAt = (path: string): string => {
  if (parts.has(path)) return "settings, or 'off'";
  const range = Object.hasOwn(ranges, path) ? ranges[path] : undefined;
  if (range === undefined) return 'no such setting';
  return `a whole number from ${range[0]} to ${range[1]}${mayBeOff.has(path) ? ", or 'off'" : ''}`;
};

const problemOf = (path: string, value: unknown): readonly SettingProblem[] => {
  if (value === 'off' && mayBeOff.has(path)) return [];
  const range = Object.hasOwn(ranges, path) ? ranges[path] : undefined;
  if (range !== undefined && isWithin(value, range)) return [];
  const found = typeof value === 'object' && value !== null ? 'an object' : String(value);
  return [{ path, expected: expectedAt(path), found }];
};

/** All that is wrong with numbers, by their paths. */
const problemsOf = (settings: object, prefix = ''): readonly SettingProblem[] =>
  Object.entries(settings).flatMap(([name, value]: [string, unknown]) => {
    const path = `${prefix}${name}`;
    if (value === undefined && prefix === '') return [];
    const isPart = parts.has(path) && typeof value === 'object' && value !== null;
    return isPart ? problemsOf(value, `${path}.`) : problemOf(path, value);
  });

/** Throws `PolicyMisconfigured` unless all of the numbers can be. */
export const demand = (policy: string, numbers: object): void => {
  const problems = problemsOf(numbers);
  if (problems.length > 0) throw new PolicyMisconfigured(policy, problems);
};
