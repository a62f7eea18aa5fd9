/** How many runs a property gets: `usual`, times CHANCERY_RUNS (a number, by default 1) for a longer search. */
export const runs = (usual: number): number =>
  Math.max(1, Math.round(usual * Number(process.env['CHANCERY_RUNS'] ?? '1')));

/** The time a test of many runs may take, in milliseconds. */
export const patience = (usualMs: number): number =>
  usualMs * Math.max(1, Number(process.env['CHANCERY_RUNS'] ?? '1'));

/** A seed from CHANCERY_SEED, as a failure has printed it; without one every run is another search. */
export const search = (usual: number) => {
  const seed = process.env['CHANCERY_SEED'];
  return { numRuns: runs(usual), ...(seed === undefined ? {} : { seed: Number(seed) }) };
};

/** Runs a check; if it fails, the error ends with what had been asked, a line per command, ready for `chancery run --at`. */
export const withStory = <T>(story: () => readonly string[], check: () => T): T => {
  try {
    return check();
  } catch (cause) {
    throw retold(story(), cause);
  }
};

/** An error that tells what had been asked before it. */
export const retold = (story: readonly string[], cause: unknown): Error => {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`${reason}\n\nasked, in this order:\n${story.join('\n')}\n`, { cause });
};

/**
 * A check of long runs whose failure is made smaller for a limited time only (in milliseconds of real time): then the smallest one
 * found so far is told, before the test runs out of time.
 */
export const shrunkWithin = <T>(
  limitMs: number,
  check: (value: T) => Promise<void>,
): ((value: T) => Promise<void>) => {
  let failedAt: number | undefined;
  return async (value) => {
    if (failedAt !== undefined && Date.now() - failedAt > limitMs) return;
    try {
      await check(value);
    } catch (cause) {
      failedAt ??= Date.now();
      throw cause;
    }
  };
};

/** Numbers that all follow from one seed, which a failing test shows. */
export const seeds = (): { readonly seed: number; readonly next: () => number } => {
  const seed = Number(process.env['CHANCERY_SEED'] ?? Date.now() % 1_000_000_007);
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) & 0x7fffffff;
    return state;
  };
  return { seed, next };
};
